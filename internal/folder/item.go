package folder

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
)

// Kind is what an item is.
type Kind string

// The kinds.
const (
	Function Kind = "function"
	Webhook  Kind = "webhook"
	Schedule Kind = "schedule"
)

// Key identifies an item: a function and a schedule by name, a webhook by its
// method and path.
type Key struct {
	Kind Kind
	Name string
}

func (k Key) String() string { return string(k.Kind) + " " + k.Name }

// Compare orders functions before webhooks before schedules, and each by name.
func (k Key) Compare(other Key) int {
	order := map[Kind]int{Function: 0, Webhook: 1, Schedule: 2}
	if d := order[k.Kind] - order[other.Kind]; d != 0 {
		return d
	}
	switch {
	case k.Name < other.Name:
		return -1
	case k.Name > other.Name:
		return 1
	}
	return 0
}

// Members are those of an item that its author sets, as decoded JSON with
// json.Number for numbers. One that is absent has its default.
type Members map[string]any

// Items are those of a folder or of a server.
type Items map[Key]Members

// KeyOf is the key of an item.
func KeyOf(kind Kind, m Members) Key {
	if kind == Webhook {
		method, ok := m["http_method"].(string)
		if !ok {
			method = "POST"
		}
		return Key{kind, method + " " + m.text("path")}
	}
	return Key{kind, m.text("name")}
}

func (m Members) text(name string) string {
	text, _ := m[name].(string)
	return text
}

// FunctionOf is the name of the function that an item is, or is bound to.
func FunctionOf(key Key, m Members) string {
	if key.Kind == Function {
		return key.Name
	}
	return m.text("function_name")
}

// form is how a member is written in NAME.toml.
type form int

const (
	plain  form = iota // text, number, truth value or list of texts
	inline             // an object of few members: an inline table
	text               // any JSON: its text
)

// member is a member of an item, in the order in which it is written.
type member struct {
	name     string
	form     form
	standard any // the default; nil: null
	derived  bool
	always   bool // written also when it is the default, which depends on the server
}

// tables lists the members that stand in NAME.toml.
var tables = map[Kind][]member{
	Function: {
		{name: "kind", standard: "function"},
		{name: "description"},
		{name: "tags", standard: []any{}},
		{name: "requirements", standard: []any{}},
		{name: "timeout_seconds"},
		{name: "max_concurrency"},
		{name: "is_active", standard: true},
		{name: "retry", form: inline},
		{name: "notify", form: inline},
		{name: "input_schema", form: text, derived: true},
		{name: "output_schema", form: text, derived: true},
	},
	Webhook: {
		{name: "path"},
		{name: "http_method", standard: "POST"},
		{name: "description"},
		{name: "requires_auth", always: true},
		{name: "input_mode", standard: "auto"},
		{name: "response_mode", standard: "envelope"},
		{name: "is_active", standard: true},
		{name: "signature", form: inline},
		{name: "default_values", form: text},
	},
	Schedule: {
		{name: "name"},
		{name: "cron_expression"},
		{name: "timezone", standard: "UTC"},
		{name: "description"},
		{name: "is_active", standard: true},
		{name: "overlap", standard: "allow"},
		{name: "catch_up", standard: "none"},
		{name: "max_instances", standard: json.Number("3")},
		{name: "retry", form: inline},
		{name: "input_data", form: text, standard: map[string]any{}},
	},
}

// identifying are the members that NAME.toml does not repeat.
var identifying = map[Kind][]string{Function: {"name", "code"}, Webhook: {"function_name"}, Schedule: {"function_name"}}

// FromServer takes the members that an author sets from an item as the API shows
// it.
func FromServer(kind Kind, shown map[string]any) (Key, Members) {
	derived, _ := shown["derived_schemas"].([]any)
	m := Members{}
	for _, name := range identifying[kind] {
		m[name] = shown[name]
	}
	for _, field := range tables[kind] {
		value, there := shown[field.name]
		if !there || field.derived && (contains(derived, field.name) || shown["kind"] == "module") {
			continue
		}
		m[field.name] = value
	}
	return KeyOf(kind, m), m
}

func contains(list []any, value string) bool {
	for _, item := range list {
		if item == value {
			return true
		}
	}
	return false
}

// whole is m with the defaults of the members that are absent. Members whose
// default depends on the server or on the code stay absent.
func whole(kind Kind, m Members) Members {
	all := maps.Clone(m)
	for _, field := range tables[kind] {
		if _, there := all[field.name]; !there && !field.derived && !field.always {
			all[field.name] = field.standard
		}
	}
	return all
}

// Same reports whether two states of an item are the same.
func Same(kind Kind, a, b Members) bool {
	return a != nil && b != nil && reflect.DeepEqual(whole(kind, a), whole(kind, b))
}

// decode reads JSON with exact numbers.
func decode(text []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errTrailing
	}
	return value, nil
}

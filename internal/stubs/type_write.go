package stubs

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// types writes the Python types that JSON Schemas stand for. What a schema says beyond
// types of Python is left out: a type that refuses a good value would be in the way.
type types struct {
	classes strings.Builder // definitions of TypedDicts
	taken   map[string]bool // their names
}

// side is where values are: what a caller passes may be of more types than what it gets.
type side struct{ list, mapping, record string }

var (
	passed = side{list: "Sequence", mapping: "Mapping", record: "TypedDict"}
	// got is with members that the schema does not name.
	got = side{list: "list", mapping: "dict", record: "TypedDict, extra_items=Any"}
)

// schemaTypes are the types of one schema.
type schemaTypes struct {
	*types
	side  side
	name  string            // of the whole
	root  map[string]any    // the schema
	names map[string]string // $defs → the name of its class; "#" for the whole
}

const anything = "Any"

// of returns the type of the values of a schema, whose objects are named after name.
func (t *types) of(at side, name string, text json.RawMessage) string {
	var schema any
	if len(text) == 0 || json.Unmarshal(text, &schema) != nil {
		return anything
	}
	root, _ := schema.(map[string]any)
	s := &schemaTypes{types: t, side: at, name: name, root: root, names: map[string]string{}}
	return s.of(name, schema)
}

func (s *schemaTypes) of(name string, schema any) string {
	m, ok := schema.(map[string]any)
	if !ok {
		return anything // true, false or none
	}
	if ref, ok := m["$ref"].(string); ok {
		return s.reference(ref)
	}
	if values, ok := m["enum"].([]any); ok {
		return literal(values)
	}
	if value, ok := m["const"]; ok {
		return literal([]any{value})
	}
	for _, word := range []string{"anyOf", "oneOf"} {
		if all, ok := m[word].([]any); ok {
			return s.union(name, all)
		}
	}
	switch kind := m["type"].(type) {
	case string:
		return s.plain(name, kind, m)
	case []any:
		var parts []string
		for _, one := range kind {
			text, _ := one.(string)
			parts = append(parts, s.plain(name, text, m))
		}
		return join(parts)
	}
	if _, ok := m["properties"].(map[string]any); ok {
		return s.plain(name, "object", m)
	}
	return anything
}

func (s *schemaTypes) plain(name, kind string, m map[string]any) string {
	switch kind {
	case "string":
		return "str"
	case "integer":
		return "int"
	case "number":
		return "float"
	case "boolean":
		return "bool"
	case "null":
		return "None"
	case "array":
		return s.side.list + "[" + s.items(name, m) + "]"
	case "object":
		return s.object(name, m)
	}
	return anything
}

func (s *schemaTypes) items(name string, m map[string]any) string {
	first, ok := m["prefixItems"].([]any)
	if !ok {
		return s.of(name+"Item", m["items"])
	}
	all := slices.Clone(first)
	if rest, there := m["items"]; there && rest != false {
		all = append(all, rest)
	}
	return s.union(name+"Item", all)
}

func (s *schemaTypes) union(name string, all []any) string {
	var parts []string
	for i, one := range all {
		of := name
		if i > 0 {
			of = fmt.Sprintf("%s%d", name, i+1)
		}
		parts = append(parts, s.of(of, one))
	}
	return join(parts)
}

// join makes the union of types.
func join(parts []string) string {
	var all []string
	for _, part := range parts {
		for one := range strings.SplitSeq(part, " | ") {
			switch {
			case strings.Contains(part, "["): // its members may have unions in them
				one = part
			case one == anything:
				return anything
			}
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	if len(all) == 0 {
		return anything
	}
	return strings.Join(all, " | ")
}

// reference is the type of another part of the schema, which may contain itself.
func (s *schemaTypes) reference(ref string) string {
	if known, ok := s.names[ref]; ok {
		return known
	}
	target, name := any(s.root), s.name
	if ref != "#" {
		key, ok := strings.CutPrefix(ref, "#/$defs/")
		if !ok {
			return anything
		}
		defs, _ := s.root["$defs"].(map[string]any)
		target, name = defs[key], s.name+camel(key)
	}
	m, _ := target.(map[string]any)
	if !isRecord(m) {
		s.names[ref] = anything // until it is known: only a record can contain itself by name
		s.names[ref] = s.of(name, target)
		return s.names[ref]
	}
	return s.record(ref, name, m)
}

// isRecord reports whether a schema is that of an object with known members.
func isRecord(m map[string]any) bool {
	properties, _ := m["properties"].(map[string]any)
	kind, given := m["type"]
	return len(properties) > 0 && (!given || kind == "object")
}

func (s *schemaTypes) object(name string, m map[string]any) string {
	if properties, _ := m["properties"].(map[string]any); len(properties) > 0 {
		ref := ""
		if name == s.name {
			ref = "#"
		}
		return s.record(ref, name, m)
	}
	if values, there := m["additionalProperties"]; there {
		return s.side.mapping + "[str, " + s.of(name+"Value", values) + "]"
	}
	return s.side.mapping + "[str, Any]"
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// keywords can't be members of a class.
var keywords = strings.Fields("False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield")

// record defines a TypedDict, and returns its name.
func (s *schemaTypes) record(ref, name string, m map[string]any) string {
	for n := 2; s.taken[name]; n++ {
		name = fmt.Sprintf("%s%d", strings.TrimRight(name, "0123456789"), n)
	}
	s.taken[name] = true
	if ref != "" {
		s.names[ref] = name
	}
	properties, _ := m["properties"].(map[string]any)
	required, _ := m["required"].([]any)
	plain := true
	var fields []string
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		of := s.of(name+camel(key), properties[key])
		if !slices.Contains(required, any(key)) {
			of = "NotRequired[" + of + "]"
		}
		plain = plain && identifier.MatchString(key) && !slices.Contains(keywords, key) && !strings.HasPrefix(key, "__")
		fields = append(fields, key, of)
	}
	var b strings.Builder
	bases := s.side.record
	if m["additionalProperties"] == false {
		bases = passed.record
	}
	if plain {
		fmt.Fprintf(&b, "class %s(%s):\n", name, bases)
		if text, _ := m["description"].(string); text != "" {
			fmt.Fprintf(&b, "    %s\n\n", docstring(text))
		}
		for i := 0; i < len(fields); i += 2 {
			fmt.Fprintf(&b, "    %s: %s\n", fields[i], fields[i+1])
		}
	} else {
		fmt.Fprintf(&b, "%s = TypedDict(\n    %q,\n    {\n", name, name)
		for i := 0; i < len(fields); i += 2 {
			fmt.Fprintf(&b, "        %s: %s,\n", quoted(fields[i]), fields[i+1])
		}
		b.WriteString("    },\n" + strings.TrimPrefix(strings.Replace(bases, "TypedDict, ", "    ", 1), passed.record))
		b.WriteString(map[bool]string{true: "", false: ",\n"}[bases == passed.record] + ")\n")
	}
	s.classes.WriteString(b.String() + "\n")
	return name
}

// literal is the type of these values.
func literal(values []any) string {
	var parts []string
	for _, value := range values {
		switch v := value.(type) {
		case nil:
			parts = append(parts, "None")
		case bool:
			parts = append(parts, map[bool]string{true: "True", false: "False"}[v])
		case string:
			parts = append(parts, quoted(v))
		case float64:
			if v != float64(int64(v)) {
				return "float"
			}
			parts = append(parts, fmt.Sprint(int64(v)))
		default:
			return anything
		}
	}
	if len(parts) == 0 {
		return anything
	}
	return "Literal[" + strings.Join(parts, ", ") + "]"
}

// quoted is a text as Python writes it. JSON's escapes are Python's too.
func quoted(text string) string {
	written, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(written)
}

// docstring is a text as a docstring on one line.
func docstring(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), `"""`, `\"\"\"`)
	if strings.HasSuffix(text, `"`) {
		text = strings.TrimSuffix(text, `"`) + `\"`
	}
	return `"""` + text + `"""`
}

// camel is a name as that of a class: fetch_document is FetchDocument.
func camel(name string) string {
	var b strings.Builder
	up := true
	for _, r := range name {
		switch {
		case r == '_' || r > 127 || (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9'):
			up = true
		case up:
			b.WriteString(strings.ToUpper(string(r)))
			up = false
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

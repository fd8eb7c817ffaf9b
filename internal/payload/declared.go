package payload

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Declared has the types that the input schema of a function declares for a value,
// to convert fields of forms and queries, which are text and have no lists. A nil
// *Declared declares no type: text stays text. It is immutable and safe for
// concurrent use.
type Declared struct {
	kinds      kinds
	first      []*Declared // of the first items, which have their own schemas
	items      *Declared   // of the others
	properties map[string]*Declared
	others     *Declared // of other properties
}

type kinds uint8

const (
	isText kinds = 1 << iota
	isInteger
	isNumber
	isBoolean
	isArray
	isOther
)

// Property has the types of a member.
func (d *Declared) Property(name []byte) *Declared {
	if d == nil {
		return nil
	}
	if own, found := d.properties[string(name)]; found {
		return own
	}
	return d.others
}

// isList reports whether a single value must become a list; not where the schema
// also accepts text.
func (d *Declared) isList() bool { return d != nil && d.kinds&(isArray|isText) == isArray }

// item has the types of the item at a position.
func (d *Declared) item(position int) *Declared {
	switch {
	case d == nil:
		return nil
	case position < len(d.first):
		return d.first[position]
	default:
		return d.items
	}
}

// maxDeclared is how many subschemas are read, and properties merged; beyond, text
// stays text.
const maxDeclared = 50_000

// DeclaredBy parses the text of a valid schema; empty text declares no type.
func DeclaredBy(schema json.RawMessage) *Declared {
	if len(bytes.TrimSpace(schema)) == 0 {
		return nil
	}
	r := schemaReader{references: map[string]*Declared{}}
	if json.Unmarshal(schema, &r.document) != nil {
		return nil
	}
	return r.read(r.document)
}

type schemaReader struct {
	document   any
	references map[string]*Declared // found so far, parsed or in progress
	count      int
}

func (r *schemaReader) read(schema any) *Declared {
	s, ok := schema.(map[string]any)
	if r.count++; !ok || r.count > maxDeclared {
		return nil
	}
	d := &Declared{kinds: kindsOf(s)}
	d.first, d.items = r.readAll(s["prefixItems"]), r.read(s["items"])
	if older := r.readAll(s["items"]); older != nil { // in drafts before 2020-12
		d.first, d.items = older, r.read(s["additionalItems"])
	}
	if members, ok := s["properties"].(map[string]any); ok {
		d.properties = make(map[string]*Declared, len(members))
		for name, member := range members {
			d.properties[name] = r.read(member)
		}
	}
	d.others = r.read(s["additionalProperties"])
	if reference, ok := s["$ref"].(string); ok {
		r.narrow(d, r.follow(reference))
	}
	for _, part := range listOf(s["allOf"]) {
		r.narrow(d, r.read(part))
	}
	for _, keyword := range []string{"anyOf", "oneOf"} {
		if branches := listOf(s[keyword]); len(branches) > 0 {
			r.narrow(d, r.either(branches))
		}
	}
	return d
}

func (r *schemaReader) readAll(schemas any) (all []*Declared) {
	for _, schema := range listOf(schemas) {
		all = append(all, r.read(schema))
	}
	return all
}

// follow resolves a reference within the document.
func (r *schemaReader) follow(reference string) *Declared {
	if known, found := r.references[reference]; found {
		return known
	}
	target := r.document
	pointer, ok := strings.CutPrefix(reference, "#")
	if !ok {
		return nil
	}
	pointer = string(unescaped([]byte(pointer), false))
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if pointer == "" {
			break
		}
		object, _ := target.(map[string]any)
		if target = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]; target == nil {
			return nil
		}
	}
	// A recursive reference gets the part that is parsed by then.
	d := &Declared{}
	r.references[reference] = d
	if read := r.read(target); read != nil {
		*d = *read
	}
	return d
}

// narrow adds the types of another schema that also applies.
func (r *schemaReader) narrow(d, also *Declared) {
	if also == nil {
		return
	}
	if d.kinds == 0 {
		d.kinds = also.kinds
	}
	r.adopt(d, also)
}

// adopt adds the types of parts for which d declares none.
func (r *schemaReader) adopt(d, other *Declared) {
	if d.items == nil && d.first == nil {
		d.first, d.items = other.first, other.items
	}
	if d.others == nil {
		d.others = other.others
	}
	switch {
	case len(other.properties) == 0:
		return
	case len(d.properties) == 0:
		d.properties = other.properties // shared: read only
		return
	}
	if r.count += len(d.properties) + len(other.properties); r.count > maxDeclared {
		return
	}
	merged := make(map[string]*Declared, len(d.properties)+len(other.properties))
	for name, member := range other.properties {
		merged[name] = member
	}
	for name, member := range d.properties {
		merged[name] = member
	}
	d.properties = merged
}

// either has the types of one of several schemas. A schema without a type leaves
// text as text.
func (r *schemaReader) either(branches []any) *Declared {
	d := &Declared{}
	open := false
	for _, branch := range branches {
		one := r.read(branch)
		if one == nil {
			one = &Declared{}
		}
		open = open || one.kinds == 0
		d.kinds |= one.kinds
		r.adopt(d, one)
	}
	if open {
		d.kinds = 0
	}
	return d
}

func listOf(value any) []any {
	list, _ := value.([]any)
	return list
}

// kindsOf has the types that a schema names, or those of its listed values; 0: no
// type.
func kindsOf(schema map[string]any) (of kinds) {
	switch named := schema["type"].(type) {
	case string:
		return kindNamed(named)
	case []any:
		for _, name := range named {
			text, _ := name.(string)
			of |= kindNamed(text)
		}
		return of
	}
	if value, found := schema["const"]; found {
		return kindOfValue(value)
	}
	for _, value := range listOf(schema["enum"]) {
		of |= kindOfValue(value)
	}
	return of
}

func kindNamed(name string) kinds {
	switch name {
	case "string":
		return isText
	case "integer":
		return isInteger
	case "number":
		return isNumber
	case "boolean":
		return isBoolean
	case "array":
		return isArray
	default:
		return isOther
	}
}

func kindOfValue(value any) kinds {
	switch value.(type) {
	case string:
		return isText
	case float64:
		return isNumber
	case bool:
		return isBoolean
	default:
		return isOther
	}
}

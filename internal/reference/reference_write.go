package reference

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// methods are in the order in which they are shown.
var methods = []string{"get", "post", "put", "patch", "delete", "head", "options"}

const intro = `# The HTTP API

This page is made from the server's OpenAPI document (%s). A running server has the same at ` + "`/openapi.json`" + `, to try out at
` + "`/docs`" + ` and to read at ` + "`/redoc`" + `.

%s

Each operation shows its parameters, the members of its body, and the statuses of its responses; those of errors have a
[Problem](#problem).
`

// Write writes the reference. command is the one that makes the page anew.
func Write(w io.Writer, openAPI []byte, command string) error {
	var d document
	if err := json.Unmarshal(openAPI, &d); err != nil {
		return fmt.Errorf("read the OpenAPI document: %w", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, intro, "`"+command+"`", d.Info.Description)
	for _, tag := range d.Tags {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", tag.Name, tag.Description)
		for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
			for _, method := range methods {
				o := d.Paths[path][method]
				if o != nil && slices.Contains(o.Tags, tag.Name) && !repeats(path, method) {
					d.operation(&b, method, path, o)
				}
			}
		}
	}
	b.WriteString("\n## Objects\n")
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		d.object(&b, name, d.Components.Schemas[name])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// repeats reports whether an operation is the same as that of POST: a webhook takes all methods.
func repeats(path, method string) bool {
	return strings.HasSuffix(path, "/h/{path}") && method != "post"
}

func (d *document) operation(b *strings.Builder, method, path string, o *operation) {
	name := strings.ToUpper(method)
	if strings.HasSuffix(path, "/h/{path}") {
		name = "ANY"
	}
	fmt.Fprintf(b, "\n### `%s %s`\n\n%s.", name, path, strings.TrimRight(o.Summary, "."))
	if o.Description != "" {
		b.WriteString(" " + o.Description)
	}
	if o.isPublic() {
		b.WriteString(" No token is needed.")
	}
	b.WriteString("\n")
	d.parameters(b, o)
	d.body(b, o)
	d.responses(b, o)
}

func (d *document) parameters(b *strings.Builder, o *operation) {
	first := true
	for _, p := range o.Parameters {
		if p.Ref != "" {
			continue // X-Subtenant-ID, which all of them take
		}
		if first {
			b.WriteString("\n| parameter | in | type | |\n| --- | --- | --- | --- |\n")
			first = false
		}
		fmt.Fprintf(b, "| `%s`%s | %s | %s | %s |\n", p.Name, mark(p.Required), p.In, typeOf(p.Schema), cell(p.Description, p.Schema))
	}
}

func (d *document) body(b *strings.Builder, o *operation) {
	if o.RequestBody == nil {
		return
	}
	for _, kind := range slices.Sorted(maps.Keys(o.RequestBody.Content)) {
		s := o.RequestBody.Content[kind].Schema
		if s == nil {
			continue
		}
		if s.Ref != "" {
			fmt.Fprintf(b, "\nBody: %s.\n", typeOf(s))
			continue
		}
		d.members(b, "body member", s)
	}
}

// members writes the table of an object's members.
func (d *document) members(b *strings.Builder, title string, s *schema) {
	if len(s.Properties) == 0 {
		return
	}
	fmt.Fprintf(b, "\n| %s | type | |\n| --- | --- | --- |\n", title)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		fmt.Fprintf(b, "| `%s`%s | %s | %s |\n", name, mark(slices.Contains(s.Required, name)), typeOf(p), cell(p.Description, p))
	}
}

func (d *document) responses(b *strings.Builder, o *operation) {
	var said []string
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		r := o.Responses[status]
		text := "`" + status + "`"
		if r.Ref != "" {
			if name := last(r.Ref); d.Components.Responses[name] != nil {
				r = d.Components.Responses[name]
			}
		}
		shape := shapeOf(r)
		switch {
		case strings.HasPrefix(status, "2") && shape != "":
			text += " " + shape
		case strings.HasPrefix(status, "2"):
			text += " " + oneLine(r.Description)
		}
		said = append(said, strings.TrimSpace(text))
	}
	if len(said) > 0 {
		fmt.Fprintf(b, "\nResponses: %s.\n", strings.Join(said, ", "))
	}
}

// shapeOf is the type of a response's JSON.
func shapeOf(r *response) string {
	for kind, m := range r.Content {
		if strings.Contains(kind, "json") && m.Schema != nil && (m.Schema.Ref != "" || m.Schema.Items != nil && m.Schema.Items.Ref != "") {
			return typeOf(m.Schema)
		}
	}
	return ""
}

func (d *document) object(b *strings.Builder, name string, s *schema) {
	if len(s.Properties) == 0 && s.Description == "" {
		return
	}
	fmt.Fprintf(b, "\n### %s\n", name)
	if s.Description != "" {
		fmt.Fprintf(b, "\n%s\n", s.Description)
	}
	d.members(b, "member", s)
}

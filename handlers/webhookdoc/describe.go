package webhookdoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"maestro/handlers/webhook"
	"maestro/internal/model"
	"maestro/internal/schema"
)

// describer collects the paths and schemas of webhooks.
type describer struct {
	tenant  string
	paths   map[string]map[string]any // path → method → operation
	schemas map[string]any            // by name
	names   map[string]string         // path without the names of its parameters → path
	ids     map[string]bool           // every $id in use
}

func newDescriber(tenant string) *describer {
	return &describer{
		tenant: tenant, paths: map[string]map[string]any{}, schemas: map[string]any{}, names: map[string]string{}, ids: map[string]bool{},
	}
}

// add describes a webhook, with the mode of its input.
func (d *describer) add(w *model.Webhook, f *model.Function, mode model.InputMode) {
	path := d.path(w.Path)
	if d.paths[path] == nil {
		d.paths[path] = map[string]any{}
	}
	input, output := d.schema(f, "input", f.InputSchema), d.schema(f, "output", f.OutputSchema)
	var parameters []any
	for segment := range strings.SplitSeq(path, "/") {
		if name, ok := webhook.Parameter(segment); ok {
			parameters = append(parameters, parameter(name, "path", true, map[string]any{"type": "string"}))
		}
	}
	methods := methodsOf(w)
	for _, method := range methods {
		if d.paths[path][strings.ToLower(method)] != nil && len(methods) > 1 {
			continue // the exact method takes precedence over ANY
		}
		all := append([]any{}, parameters...)
		operation := map[string]any{
			"operationId": strings.ToLower(method) + "-" + w.ID.String(),
			"summary":     f.Name,
			"tags":        []string{f.Name},
			"security":    []any{map[string]any{}},
			"responses":   responsesOf(w, output),
		}
		if w.RequiresAuth {
			operation["security"] = []any{map[string]any{"bearer": []any{}}}
		}
		if description := firstText(w.Description, f.Description); description != "" {
			operation["description"] = description
		}
		inQuery := method == http.MethodGet || method == http.MethodDelete
		switch {
		case inQuery && mode == model.InputBody:
			all = append(all, d.queryParameters(f, input)...)
		case inQuery || method == http.MethodHead || method == http.MethodOptions:
		case mode == model.InputBody:
			operation["requestBody"] = requestBodyOf(input)
		default:
			operation["requestBody"] = requestBodyOf(d.member(f, input, "body"))
		}
		if len(all) > 0 {
			operation["parameters"] = all
		}
		d.paths[path][strings.ToLower(method)] = operation
	}
}

// path is the path in the document. Paths that differ only in the names of their
// parameters become one, with the names of the first.
func (d *describer) path(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if _, ok := webhook.Parameter(segment); ok {
			segments[i] = "{}"
		}
	}
	shape := strings.Join(segments, "/")
	if d.names[shape] == "" {
		d.names[shape] = webhook.Prefix + path
	}
	return d.names[shape]
}

// schema adds a schema of a function to the document, once, and returns a
// reference to it; a schema that accepts every value is {}. Each has an $id, so
// that its references resolve within it and not within the document.
func (d *describer) schema(f *model.Function, role string, raw json.RawMessage) map[string]any {
	if len(raw) == 0 {
		return map[string]any{}
	}
	name := f.Name + "." + role
	if d.schemas[name] == nil {
		d.schemas[name] = d.identified(raw, fmt.Sprintf("urn:maestro:%s:%s:%d:%s", d.tenant, f.Name, f.Version, role))
	}
	return map[string]any{"$ref": "#/components/schemas/" + name}
}

// identified is the schema with an $id: the author's, unless another schema uses
// it already.
func (d *describer) identified(raw json.RawMessage, id string) any {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil || members == nil { // true or false
		if bytes.Equal(bytes.TrimSpace(raw), []byte("false")) {
			return map[string]any{"$id": id, "not": map[string]any{}}
		}
		return map[string]any{"$id": id}
	}
	var own string
	if json.Unmarshal(members["$id"], &own) == nil && strings.Contains(own, ":") && !d.ids[own] {
		d.ids[own] = true
		return members
	}
	d.ids[id] = true
	members["$id"], _ = json.Marshal(id) // text can always be encoded
	return members
}

// member is the schema of one property of the input of a function; {} when the
// schema does not have it.
func (d *describer) member(f *model.Function, input map[string]any, name string) map[string]any {
	for _, property := range schema.Shape(f.InputSchema).Properties {
		if property == name && input["$ref"] != nil {
			return map[string]any{"$ref": d.idOf(f) + "#/properties/" + escaped(name)}
		}
	}
	return map[string]any{}
}

// idOf is the $id of the input schema of a function in the document.
func (d *describer) idOf(f *model.Function) string {
	members, _ := d.schemas[f.Name+".input"].(map[string]json.RawMessage)
	var id string
	_ = json.Unmarshal(members["$id"], &id) // set by identified
	return id
}

// queryParameters are the parameters of a call whose input is its query.
func (d *describer) queryParameters(f *model.Function, input map[string]any) []any {
	var top struct{ Required []string }
	_ = json.Unmarshal(f.InputSchema, &top) // it compiles
	var parameters []any
	for _, name := range schema.Shape(f.InputSchema).Properties {
		required := false
		for _, needed := range top.Required {
			required = required || needed == name
		}
		parameters = append(parameters, parameter(name, "query", required, d.member(f, input, name)))
	}
	return parameters
}

func parameter(name, in string, required bool, schema map[string]any) map[string]any {
	return map[string]any{"name": name, "in": in, "required": required, "schema": schema}
}

func requestBodyOf(schema map[string]any) map[string]any {
	return map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": schema}}}
}

// responsesOf are the responses of a webhook: by its response_mode, or a problem.
func responsesOf(w *model.Webhook, output map[string]any) map[string]any {
	responses := map[string]any{"default": map[string]any{
		"description": "A failure, as RFC 9457 has it",
		"content": map[string]any{"application/problem+json": map[string]any{"schema": map[string]any{
			"type": "object", "required": []string{"type", "title", "status", "code", "request_id"},
			"properties": map[string]any{
				"type": textSchema, "title": textSchema, "status": map[string]any{"type": "integer"}, "detail": textSchema, "code": textSchema,
				"request_id": textSchema, "execution_id": textSchema,
			},
		}}},
	}}
	if w.ResponseMode == model.ResponseRaw {
		responses["200"] = map[string]any{
			"description": "The return value of the function, which may also choose another status and media type",
			"content":     map[string]any{"application/json": map[string]any{"schema": output}},
		}
		return responses
	}
	responses["200"] = map[string]any{
		"description": "The result in its envelope",
		"content": map[string]any{"application/json": map[string]any{"schema": map[string]any{
			"type": "object", "required": []string{"success", "execution_id", "result"},
			"properties": map[string]any{
				"success": map[string]any{"const": true}, "execution_id": map[string]any{"type": "string", "format": "uuid"}, "result": output,
			},
		}}},
	}
	return responses
}

var textSchema = map[string]any{"type": "string"}

// escaped is a name in a JSON pointer in the fragment of a URI.
func escaped(name string) string {
	name = schema.EscapePointer(name)
	var out strings.Builder
	for i := range len(name) {
		b := name[i]
		switch {
		case b|0x20 >= 'a' && b|0x20 <= 'z', b >= '0' && b <= '9', strings.IndexByte("-_.~", b) >= 0:
			out.WriteByte(b)
		default:
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}

func firstText(texts ...*string) string {
	for _, text := range texts {
		if text != nil && *text != "" {
			return *text
		}
	}
	return ""
}

package handlers

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
)

// jsonFormat reads and writes the bodies of the REST part.
var jsonFormat = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}

// newAPI begins the OpenAPI document, before the first route.
func (s *Server) newAPI() {
	namer := func(t reflect.Type, hint string) string { return schemaName(huma.DefaultSchemaNamer(t, hint)) }
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Maestro", Version: s.opts.Version},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", namer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "As `maestro token` prints it, or as Census issues it."},
				},
			},
			Security: []map[string][]string{{"bearer": {}}},
		},
		Formats:       map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat: "application/json",
	}
	s.api = humafiber.NewWithGroup(s.app, headToo{s.app}, config)
	s.api.UseMiddleware(s.refuseUnknownInput)
}

// unmarshal reads JSON for Huma: once into an any, which it validates, and
// once into the handler's type. It is JSON: checkBody saw to that. An integer
// beyond a double passes the first reading: what may hold one is handed on as
// it came.
func unmarshal(data []byte, into any) error {
	loose, ok := into.(*any)
	if !ok {
		return json.Unmarshal(data, into)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	*loose = withFloats(value)
	return nil
}

// withFloats turns the numbers of a decoded value into those that Huma knows.
func withFloats(value any) any {
	switch value := value.(type) {
	case json.Number:
		f, _ := value.Float64() // out of range: an infinity, which no bound of ours accepts
		return f
	case map[string]any:
		for name, member := range value {
			value[name] = withFloats(member)
		}
	case []any:
		for i, item := range value {
			value[i] = withFloats(item)
		}
	}
	return value
}

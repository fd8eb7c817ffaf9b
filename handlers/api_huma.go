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

// unmarshal decodes JSON for Huma: once into an any, which Huma validates, and
// once into the handler's type. checkBody has checked the syntax. An integer
// beyond a double passes the first decoding; members that may hold one are
// json.RawMessage in the second.
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

// withFloats converts the numbers of a decoded value to the type that Huma expects.
func withFloats(value any) any {
	switch value := value.(type) {
	case json.Number:
		f, _ := value.Float64() // out of range: an infinity, which is beyond every bound
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

package handlers

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// anyone is the security of what needs no token.
var anyone = []map[string][]string{{}}

// plain registers a route that Huma does not serve, and describes it in the
// OpenAPI document. Without a method it is a GET, and HEAD is answered too.
func (s *Server) plain(operation huma.Operation, handler fiber.Handler) {
	if operation.Method == "" {
		operation.Method = http.MethodGet
	}
	path := strings.NewReplacer("{", ":", "}", "").Replace(operation.Path)
	headToo{s.app}.Add(operation.Method, path, func(c *fiber.Ctx) error {
		if err := checkInput(c, &operation); err != nil {
			return err
		}
		return handler(c)
	})
	s.api.OpenAPI().AddOperation(&operation)
}

// answers describes a 200 of one media type; schema may be nil for text.
func answers(description, media string, schema *huma.Schema) map[string]*huma.Response {
	if schema == nil {
		schema = &huma.Schema{Type: huma.TypeString}
	}
	return map[string]*huma.Response{"200": {
		Description: description, Content: map[string]*huma.MediaType{media: {Schema: schema}},
	}}
}

// schemaOf is the schema of a type of ours, by reference.
func schemaOf[T any](s *Server) *huma.Schema {
	return s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}

// pathParameter describes a part of a path; the example may be left empty.
func pathParameter(name, description, example string) *huma.Param {
	least := 1
	p := &huma.Param{Name: name, In: "path", Required: true, Description: description, Schema: &huma.Schema{Type: huma.TypeString, MinLength: &least}}
	if example != "" {
		p.Example = example
	}
	return p
}

package handlers

import (
	"encoding/json"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/web"
)

// addOperations registers what is not about a subtenant and needs no token.
func (s *Server) addOperations() {
	tags := []string{"Operations"}
	s.addHealth(tags)
	s.plain(huma.Operation{
		OperationID: "openapi", Path: "/openapi.json", Tags: tags, Security: anyone, Summary: "This document",
		Responses: answers("OpenAPI 3.1", fiber.MIMEApplicationJSON, &huma.Schema{Type: huma.TypeObject}),
	}, s.openAPI())
	s.plain(huma.Operation{
		OperationID: "metrics", Path: "/metrics", Tags: tags, Security: anyone, Summary: "Not built yet", Responses: map[string]*huma.Response{},
	}, notBuiltYet)
}

func jsonContent(schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{fiber.MIMEApplicationJSON: {Schema: schema}}
}

// openAPI serves the document; it is written once, at the first request.
func (s *Server) openAPI() fiber.Handler {
	document := sync.OnceValues(func() (web.File, error) {
		text, err := json.Marshal(s.api.OpenAPI())
		return web.NewFile(text, fiber.MIMEApplicationJSON), err
	})
	return func(c *fiber.Ctx) error {
		file, err := document()
		if err != nil {
			return err
		}
		return sendFile(c, file)
	}
}

func notBuiltYet(*fiber.Ctx) error {
	return model.NewError(model.CodeNotImplemented, "This is not built yet.")
}

package handlers

import (
	"encoding/json"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/web"
)

func openAPIOp() huma.Operation {
	return huma.Operation{
		OperationID: "openapi", Summary: "This document",
		Responses: answers("OpenAPI 3.1", fiber.MIMEApplicationJSON, &huma.Schema{Type: huma.TypeObject}),
	}
}

// openAPI serves the document, which is encoded once, at the first request.
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

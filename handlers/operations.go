package handlers

import (
	"encoding/json"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/web"
)

func openAPIOp() huma.Operation {
	return huma.Operation{
		OperationID: "openapi", Summary: "This document",
		Responses: answers("OpenAPI 3.1", fiber.MIMEApplicationJSON, &huma.Schema{Type: huma.TypeObject}),
	}
}

func metricsOp() huma.Operation {
	return huma.Operation{OperationID: "metrics", Summary: "Not built yet", Responses: map[string]*huma.Response{}}
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

func notBuiltYet(*fiber.Ctx) error {
	return model.NewError(model.CodeNotImplemented, "This operation is not implemented yet.")
}

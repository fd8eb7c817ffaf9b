package handlers

import (
	"errors"
	"io/fs"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
)

// addExampleDocuments serves the texts that the examples work on, so that they
// run over real HTTP without a network. Nothing about them is secret.
func (s *Server) addExampleDocuments() {
	if s.opts.Documents == nil {
		return
	}
	s.plain(huma.Operation{
		OperationID: "example-document", Path: "/examples/documents/{name}", Tags: []string{"Operations"}, Security: anyone,
		Summary: "A text that the example functions work on", Responses: answers("The text", "text/plain", nil),
		Parameters: []*huma.Param{pathParameter("name", "The name of a file", "invoice-1001.txt")},
	}, func(c *fiber.Ctx) error {
		name := c.Params("name")
		text, err := fs.ReadFile(s.opts.Documents, name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			return model.NewError(model.CodeNotFound, "There is no example document of that name.")
		}
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
		return c.Send(text)
	})
}

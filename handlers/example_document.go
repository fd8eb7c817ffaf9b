package handlers

import (
	"errors"
	"io/fs"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
)

func exampleDocumentOp() huma.Operation {
	return huma.Operation{
		OperationID: "example-document", Summary: "A text that the example functions work on", Responses: answers("The text", "text/plain", nil),
		Parameters: []*huma.Param{pathParameter("name", "The name of a file", "invoice-1001.txt")},
	}
}

// exampleDocument serves the texts that the examples work on, so that they run
// over real HTTP without a network. Nothing about them is secret.
func (s *Server) exampleDocument(c *fiber.Ctx) error {
	text, err := fs.ReadFile(s.opts.Documents, c.Params("name"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return model.NewError(model.CodeNotFound, "There is no example document of that name.")
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	return c.Send(text)
}

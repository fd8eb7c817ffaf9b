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

// exampleDocument serves the documents that the example functions fetch, so
// that they use real HTTP without a network. The documents are public.
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

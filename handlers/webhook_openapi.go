package handlers

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/handlers/webhookdoc"
)

const mediaYAML = "application/yaml"

func webhooksOp(id, media string) huma.Operation {
	return huma.Operation{
		OperationID: id, Summary: "The subtenant's webhooks as an OpenAPI document",
		Description: "Active webhooks whose function is there, with the schemas of the functions.",
		Responses:   answers("OpenAPI 3.1", media, &huma.Schema{Type: huma.TypeObject}),
	}
}

func (s *Server) webhooksInJSON(c *fiber.Ctx) error {
	return s.webhooksDocument(c, fiber.MIMEApplicationJSON, func(d webhookdoc.Document) ([]byte, error) { return json.Marshal(d) })
}

func (s *Server) webhooksInYAML(c *fiber.Ctx) error {
	return s.webhooksDocument(c, mediaYAML, webhookdoc.Document.YAML)
}

// webhooksDocument makes the document that write writes.
func (s *Server) webhooksDocument(c *fiber.Ctx, media string, write func(webhookdoc.Document) ([]byte, error)) error {
	document, err := webhookdoc.Describe(c.UserContext(), s.opts.DB, s.callOf(c).tenant, s.baseURL(c), s.opts.Version)
	if err != nil {
		return err
	}
	text, err := write(document)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, media)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(text)
}

package handlers

import (
	"mime"
	"strings"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/internal/payload"
)

// isJSON reports whether a Content-Type says JSON.
func isJSON(contentType string) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	return media == fiber.MIMEApplicationJSON || strings.HasSuffix(media, "+json")
}

// checkBody refuses a body that is not JSON before Huma reads it: its own
// words about that have no place in them.
func (s *Server) checkBody(c *fiber.Ctx) error {
	body := c.Request().Body()
	contentType := string(c.Request().Header.ContentType())
	if len(body) == 0 {
		return c.Next()
	}
	if contentType != "" && !isJSON(contentType) {
		return model.NewError(model.CodeUnsupportedMediaType, "Send the body as application/json.")
	}
	if err := payload.CheckJSON(body, model.CodeInvalid); err != nil {
		return err
	}
	return c.Next()
}

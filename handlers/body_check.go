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

// checkBody refuses a body that is not JSON before anything of ours or Huma reads
// it: Huma's own words about that have no place in them. It is looked at
// once.
func checkBody(c *fiber.Ctx, call *call) error {
	body := c.Request().Body()
	if call.isJSON || len(body) == 0 {
		return nil
	}
	if contentType := string(c.Request().Header.ContentType()); contentType != "" && !isJSON(contentType) {
		return model.NewError(model.CodeUnsupportedMediaType, "Send the body as application/json.")
	}
	if err := payload.CheckJSON(body, model.CodeInvalid); err != nil {
		return err
	}
	call.isJSON = true
	return nil
}

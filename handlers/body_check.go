package handlers

import (
	"mime"
	"strings"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/internal/payload"
)

// isJSON reports whether a Content-Type is JSON.
func isJSON(contentType string) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	return media == fiber.MIMEApplicationJSON || strings.HasSuffix(media, "+json")
}

// checkBody refuses a body that is not JSON before Huma parses it, whose errors
// do not say where the fault is. A body is checked once.
func checkBody(c *fiber.Ctx, call *call) error {
	body := c.Request().Body()
	if call.isJSON || len(body) == 0 {
		return nil
	}
	if contentType := string(c.Request().Header.ContentType()); contentType != "" && !isJSON(contentType) {
		return model.NewError(model.CodeUnsupportedMediaType, "The body is not JSON by its Content-Type. Send it as application/json.")
	}
	if err := payload.CheckJSON(body, model.CodeInvalid); err != nil {
		return err
	}
	call.isJSON = true
	return nil
}

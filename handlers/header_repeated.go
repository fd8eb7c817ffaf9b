package handlers

import (
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
)

// deciding are the headers that decide who asks, for whom, and whether it is a
// repeat: of two, this server and a proxy in front could each believe another.
var deciding = []string{fiber.HeaderAuthorization, headerSubtenantID, headerIdempotencyKey}

// refuseRepeated refuses a request that has one of those twice.
func refuseRepeated(c *fiber.Ctx) error {
	for _, name := range deciding {
		if len(c.Request().Header.PeekAll(name)) > 1 {
			return model.NewError(model.CodeBadRequest, "The header %s is there more than once; send it once. Nothing ran.", name)
		}
	}
	return nil
}

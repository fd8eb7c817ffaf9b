package handlers

import (
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
)

// decisive are the headers that decide who asks, for whom, and whether again.
// Servers and proxies differ in which of several they take.
var decisive = []string{fiber.HeaderAuthorization, headerSubtenantID, headerIdempotencyKey}

// refuseRepeated refuses a request that carries one of them more than once.
func refuseRepeated(c *fiber.Ctx) error {
	header := &c.Request().Header
	for _, name := range decisive {
		if len(header.PeekAll(name)) > 1 {
			return model.NewError(model.CodeBadRequest, "Nothing ran: the header %s came more than once. Send it once.", name)
		}
	}
	return nil
}

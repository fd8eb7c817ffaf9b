package handlers

import (
	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/internal/idempotency"
	"maestro/internal/model"
)

// decisive are the headers that decide who asks, for whom, and whether again.
// Servers and proxies differ in which of several they take.
var decisive = []string{fiber.HeaderAuthorization, header.SubtenantID, header.IdempotencyKey}

// refuseRepeated refuses a request that carries one of them more than once, or a
// key that is empty: its sender takes the request for one that runs once.
func refuseRepeated(c *fiber.Ctx) error {
	request := &c.Request().Header
	for _, name := range decisive {
		switch values := request.PeekAll(name); {
		case len(values) > 1:
			return model.NewError(model.CodeBadRequest, "Nothing ran: the header %s came more than once. Send it once.", name)
		case name == header.IdempotencyKey && len(values) == 1 && len(values[0]) == 0:
			return idempotency.RefuseHeader()
		}
	}
	return nil
}

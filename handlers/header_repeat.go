package handlers

import (
	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/internal/idempotency"
	"maestro/internal/model"
)

// decisive are the headers that decide about the caller, the subtenant and the
// repetition. Servers and proxies differ in which of several values they use.
var decisive = []string{fiber.HeaderAuthorization, header.SubtenantID, header.IdempotencyKey}

// refuseRepeated refuses a request with a repeated decisive header, or with an
// empty key, whose sender relies on the request running once.
func refuseRepeated(c *fiber.Ctx) error {
	request := &c.Request().Header
	for _, name := range decisive {
		switch values := request.PeekAll(name); {
		case len(values) > 1:
			return model.NewError(model.CodeBadRequest, "The header %s is repeated. Nothing ran. Send it once.", name)
		case name == header.IdempotencyKey && len(values) == 1 && len(values[0]) == 0:
			return idempotency.RefuseHeader()
		}
	}
	return nil
}

package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
)

// caller is who calls a webhook, as far as that is known.
type caller struct {
	token   string
	refused error  // why the token is not valid; nil with a valid one and with none
	tenant  string // whose webhooks are searched first; empty for none
	unclear error  // why a valid token did not lead to a subtenant
}

// identify reads the token of a webhook's call. A token that is not valid is
// no fault yet: third parties send credentials of their own.
func (s *Server) identify(c *fiber.Ctx, call *call) caller {
	who := caller{token: bearerToken(c)}
	if who.token == "" {
		return who
	}
	if call.principal, who.refused = s.opts.Auth.Authenticate(s.opts.Context, who.token); who.refused != nil {
		call.principal = nil
		return who
	}
	who.tenant, who.unclear = call.principal.Choose(string(c.Request().Header.Peek(headerSubtenantID)))
	return who
}

// findWebhook finds the webhook of a call, and settles whether the caller may
// call it. path is what follows the prefix.
func (s *Server) findWebhook(c *fiber.Ctx, call *call, who *caller, path []byte, m *match) error {
	table, err := s.router.current(s.opts.Context)
	if err != nil {
		return err
	}
	method := c.Method()
	var buffer [16][]byte
	segments := splitPath(buffer[:0], path)
	found := false
	if len(segments) > 0 && len(segments[0]) > 0 && segments[0][0] == '@' {
		tenant := string(segments[0][1:])
		segments = segments[1:]
		if own := table.tenants[tenant]; own != nil {
			routes := own.public
			if call.principal != nil && call.principal.Belongs(tenant) {
				routes = own.all
			}
			found = routes.find(segments, method, m)
		}
	} else {
		if own := table.tenants[who.tenant]; own != nil {
			found = own.all.find(segments, method, m)
		}
		found = found || table.public.find(segments, method, m)
	}
	switch {
	case found:
		return nil
	case len(m.allow) > 0:
		c.Set(fiber.HeaderAllow, strings.Join(m.allow, ", "))
		return fiber.ErrMethodNotAllowed
	case who.refused != nil: // also where no webhook is: a stranger learns nothing
		return who.refused
	case call.principal == nil:
		return model.NewError(model.CodeWebhookNotFound, "No public webhook answers here; a private one needs a token.")
	case who.unclear != nil:
		return who.unclear
	default:
		return model.NewError(model.CodeWebhookNotFound, "There is no webhook at this path.")
	}
}

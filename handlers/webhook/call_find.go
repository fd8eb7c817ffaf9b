package webhook

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/internal/auth"
	"maestro/internal/model"
)

// caller is the caller of a webhook, as far as it is known.
type caller struct {
	token     string
	principal *auth.Principal // of a valid token, or nil
	refused   error           // why the token is not valid; nil with a valid token, and without one
	tenant    string          // its webhooks are searched first; empty: public ones only
	unclear   error           // why a valid token selects no subtenant
}

// identify reads the token of a call. A token that is not valid is no error yet,
// because third parties send their own credentials.
func (h *Handler) identify(c *fiber.Ctx) caller {
	who := caller{token: auth.BearerToken(c.Request().Header.Peek(fiber.HeaderAuthorization))}
	if who.token == "" {
		return who
	}
	if who.principal, who.refused = h.Auth.Authenticate(h.Context, who.token); who.refused != nil {
		who.principal = nil
		return who
	}
	who.tenant, who.unclear = who.principal.Choose(string(c.Request().Header.Peek(header.SubtenantID)))
	return who
}

// find finds the webhook of a call, and checks whether the caller may call it.
// path is the path after Prefix.
func (h *Handler) find(c *fiber.Ctx, who *caller, path []byte, m *match) error {
	table, err := h.table.current(h.Context)
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
			if who.principal != nil && who.principal.Belongs(tenant) {
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
	case who.refused != nil: // also without a webhook, so that an unknown caller does not learn which exist
		return who.refused
	case who.principal == nil:
		return model.NewError(model.CodeWebhookNotFound, "There is no public webhook at this path. A private webhook requires a token.")
	case who.unclear != nil:
		return who.unclear
	default:
		return model.NewError(model.CodeWebhookNotFound, "There is no webhook at this path.")
	}
}

package handlers

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/internal/auth"
	"maestro/internal/model"
	"maestro/internal/payload"
)

// restTimeout limits the time of a request, except for running a function and
// installing packages.
const restTimeout = 30 * time.Second

// authenticate admits a request with a valid token, and determines its
// subtenant.
func (s *Server) authenticate(c *fiber.Ctx) error {
	call := s.callOf(c)
	if call.principal != nil {
		return c.Next() // an administrator, admitted by authenticateAdmin
	}
	return s.known(c, func(ctx context.Context, principal *auth.Principal) error {
		tenant, err := principal.Choose(string(c.Request().Header.Peek(header.SubtenantID)))
		if err != nil {
			return err
		}
		if err := s.tenants.ensure(ctx, principal, tenant); err != nil {
			return err
		}
		call.tenant, call.trusted = tenant, true
		return nil
	})
}

// authenticateAdmin admits a request with the token of an administrator, of any
// subtenant.
func (s *Server) authenticateAdmin(c *fiber.Ctx) error {
	return s.known(c, func(_ context.Context, principal *auth.Principal) error {
		if !principal.Admin {
			return model.NewError(model.CodeForbidden, "This operation requires the token of an administrator.")
		}
		return nil
	})
}

// visit admits a request to the operations about sessions: without a token, and with
// a valid one of any subtenant. Only a token in a header begins a session.
func (s *Server) visit(c *fiber.Ctx) error {
	request := &c.Request().Header
	if len(request.Peek(fiber.HeaderAuthorization)) == 0 &&
		(c.Method() == fiber.MethodPost || len(request.Cookie(payload.SessionCookie)) == 0 || len(request.Peek(header.Console)) == 0) {
		ctx, cancel := context.WithTimeout(s.opts.Context, s.opts.RequestTime)
		defer cancel()
		c.SetUserContext(ctx)
		return c.Next()
	}
	return s.known(c, func(_ context.Context, principal *auth.Principal) error {
		named := string(request.Peek(header.SubtenantID))
		if named == "" {
			return nil
		}
		_, err := principal.Choose(named)
		return err
	})
}

// known continues with a request whose token is valid, unless permit refuses
// it.
func (s *Server) known(c *fiber.Ctx, permit func(context.Context, *auth.Principal) error) error {
	call := s.callOf(c)
	held, err := s.tokenOf(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.opts.Context, s.opts.RequestTime)
	defer cancel()
	c.SetUserContext(ctx)

	principal, err := s.opts.Auth.Authenticate(ctx, held.Token)
	if err != nil {
		if !held.Until.IsZero() && model.CodeOf(err) == model.CodeUnauthorized {
			s.dropCookie(c)
		}
		return err
	}
	if err := permit(ctx, principal); err != nil {
		return err
	}
	call.principal, call.token, call.until = principal, held.Token, held.Until
	return c.Next()
}

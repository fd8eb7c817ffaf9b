package handlers

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/internal/auth"
	"maestro/internal/model"
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

// known continues with a request whose token is valid, unless permit refuses
// it.
func (s *Server) known(c *fiber.Ctx, permit func(context.Context, *auth.Principal) error) error {
	call := s.callOf(c)
	token := auth.BearerToken(c.Request().Header.Peek(fiber.HeaderAuthorization))
	if token == "" {
		return model.NewError(model.CodeUnauthorized, "The request has no token. Send one: Authorization: Bearer <token>.")
	}
	ctx, cancel := context.WithTimeout(s.opts.Context, s.opts.RequestTime)
	defer cancel()
	c.SetUserContext(ctx)

	principal, err := s.opts.Auth.Authenticate(ctx, token)
	if err != nil {
		return err
	}
	if err := permit(ctx, principal); err != nil {
		return err
	}
	call.principal, call.token = principal, token
	return c.Next()
}

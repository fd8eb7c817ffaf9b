package handlers

import (
	"bytes"
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
)

// restTimeout bounds what a request may do, running a function aside.
const restTimeout = 30 * time.Second

var bearer = []byte("bearer ")

// bearerToken returns the token of the Authorization header, or empty text.
// It is a copy.
func bearerToken(c *fiber.Ctx) string {
	value := c.Request().Header.Peek(fiber.HeaderAuthorization)
	if len(value) <= len(bearer) || !bytes.EqualFold(value[:len(bearer)], bearer) {
		return ""
	}
	return string(bytes.TrimSpace(value[len(bearer):]))
}

// authenticate lets a request pass that carries a valid token, and settles
// which subtenant it is about.
func (s *Server) authenticate(c *fiber.Ctx) error {
	call := s.callOf(c)
	token := bearerToken(c)
	if token == "" {
		return model.NewError(model.CodeUnauthorized, "Send a token: Authorization: Bearer <token>.")
	}
	ctx, cancel := context.WithTimeout(s.opts.Context, restTimeout)
	defer cancel()
	c.SetUserContext(ctx)

	principal, err := s.opts.Auth.Authenticate(ctx, token)
	if err != nil {
		return err
	}
	tenant, err := principal.Choose(string(c.Request().Header.Peek(headerSubtenantID)))
	if err != nil {
		return err
	}
	if err := s.tenants.ensure(ctx, principal, tenant); err != nil {
		return err
	}
	call.principal, call.tenant, call.trusted = principal, tenant, true
	return c.Next()
}

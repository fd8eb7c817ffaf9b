package handlers

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
	corsExposed = "X-Execution-ID, X-Request-ID, Location, Link, X-Next-Cursor, ETag, Retry-After, Idempotent-Replayed, X-Called-By"
	corsMaxAge  = "600" // seconds that a browser remembers a preflight
)

// cors lets pages of the origins that the operator named call the server. It
// never allows credentials: tokens travel in a header that the page itself
// sets, and a page that can't do that has no business here. Requests of other
// origins, their preflights too, are served as if there were no CORS: without
// our leave it is the browser that keeps the answer from the page, and an
// OPTIONS webhook may know better.
func (s *Server) cors(c *fiber.Ctx) error {
	origins := s.opts.CORSOrigins
	if len(origins) == 0 {
		return c.Next()
	}
	anyone := slices.Contains(origins, "*")
	if !anyone {
		c.Vary(fiber.HeaderOrigin)
	}
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" || !anyone && !slices.Contains(origins, strings.ToLower(origin)) {
		return c.Next()
	}
	if anyone {
		origin = "*"
	}
	c.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	if c.Method() != fiber.MethodOptions || c.Get(fiber.HeaderAccessControlRequestMethod) == "" {
		c.Set(fiber.HeaderAccessControlExposeHeaders, corsExposed)
		return c.Next()
	}
	c.Vary(fiber.HeaderAccessControlRequestMethod, fiber.HeaderAccessControlRequestHeaders)
	c.Set(fiber.HeaderAccessControlAllowMethods, corsMethods)
	// Whatever the page wants to send: webhooks' functions read headers that we
	// know nothing of.
	if wanted := c.Get(fiber.HeaderAccessControlRequestHeaders); wanted != "" {
		c.Set(fiber.HeaderAccessControlAllowHeaders, wanted)
	}
	c.Set(fiber.HeaderAccessControlMaxAge, corsMaxAge)
	return c.SendStatus(fiber.StatusNoContent)
}

package handlers

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
	corsExposed = "X-Execution-ID, X-Request-ID, Location, Link, X-Next-Cursor, ETag, Retry-After, Idempotent-Replayed, X-Called-By"
	corsMaxAge  = "600" // seconds that a browser caches a preflight
)

// cors allows pages of the configured origins to call the server. It never
// allows credentials: the page itself must set the header with the token.
// Requests of other origins, and their preflights, are served as if there were
// no CORS: the browser withholds the response from the page, and an OPTIONS
// webhook may implement CORS itself.
func (s *Server) cors(c *fiber.Ctx) error {
	origins := s.opts.CORSOrigins
	if len(origins) == 0 {
		return c.Next()
	}
	all := slices.Contains(origins, "*")
	if !all {
		c.Vary(fiber.HeaderOrigin)
	}
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" || !all && !slices.Contains(origins, strings.ToLower(origin)) {
		return c.Next()
	}
	if all {
		origin = "*"
	}
	c.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	if c.Method() != fiber.MethodOptions || c.Get(fiber.HeaderAccessControlRequestMethod) == "" {
		c.Set(fiber.HeaderAccessControlExposeHeaders, corsExposed)
		return c.Next()
	}
	c.Vary(fiber.HeaderAccessControlRequestMethod, fiber.HeaderAccessControlRequestHeaders)
	c.Set(fiber.HeaderAccessControlAllowMethods, corsMethods)
	// Every header that the page asks for: functions of webhooks may read any. The one
	// that makes a session count is not for other pages.
	if wanted := withoutConsole(c.Get(fiber.HeaderAccessControlRequestHeaders)); wanted != "" {
		c.Set(fiber.HeaderAccessControlAllowHeaders, wanted)
	}
	c.Set(fiber.HeaderAccessControlMaxAge, corsMaxAge)
	return c.SendStatus(fiber.StatusNoContent)
}

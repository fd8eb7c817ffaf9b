package handlers

import (
	"net"
	"strings"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/webhook"
	"maestro/internal/model"
	"maestro/web"
)

// refuseFunctions refuses what a stored function asks for on a connection of its
// own, except webhooks and documents: a token that it has found must not give it
// the API. It is a guard rail: a connection through a proxy, or of a child process, is
// not recognised.
func (s *Server) refuseFunctions(c *fiber.Ctx) error {
	if s.opts.FromFunction == nil || openToFunctions(c.Path()) {
		return c.Next()
	}
	remote, _ := c.Context().RemoteAddr().(*net.TCPAddr)
	local, _ := c.Context().LocalAddr().(*net.TCPAddr)
	if remote == nil || local == nil || !s.opts.FromFunction(remote.AddrPort(), local.AddrPort()) {
		return c.Next()
	}
	return model.NewError(model.CodeForbidden,
		"Refused by the rail 'own-api': on the server's own port, functions may call webhooks and read documents only. Call other functions by their names.")
}

func openToFunctions(path string) bool {
	switch path {
	case "/", "/docs", "/redoc", "/openapi.json":
		return true
	}
	return strings.HasPrefix(path, webhook.Prefix) || strings.HasPrefix(path, "/"+web.AssetsPath+"/") || strings.HasPrefix(path, "/examples/documents/")
}

package handlers

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/payload"
)

// URL is the requested URL, byte for byte, because senders sign it.
func (call *call) URL() string {
	c := call.c
	return call.server.baseURL(c) + payload.TargetText(target(c.Request().Header.RequestURI()))
}

// target is the path and query of a request target.
func target(uri []byte) []byte {
	_, rest := splitTarget(uri)
	return rest
}

// hostAsked is the requested host, in the spelling of the sender.
func hostAsked(c *fiber.Ctx) []byte {
	header := &c.Request().Header
	if host, _ := splitTarget(header.RequestURI()); host != nil {
		return host
	}
	return header.Host()
}

// splitTarget splits a request target. It contains a host when the client treats
// the server as a proxy; that host takes precedence over the header (RFC 9112,
// 3.2.2).
func splitTarget(uri []byte) (host, rest []byte) {
	for _, scheme := range []string{"http://", "https://"} {
		if len(uri) < len(scheme) || !bytes.EqualFold(uri[:len(scheme)], []byte(scheme)) {
			continue
		}
		if start := bytes.IndexAny(uri[len(scheme):], "/?"); start >= 0 {
			return uri[len(scheme) : len(scheme)+start], uri[len(scheme)+start:]
		}
	}
	return nil, uri
}

package handlers

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/payload"
)

// URL is what the sender asked for, byte for byte: senders sign it.
func (call *call) URL() string {
	c := call.c
	return call.server.baseURL(c) + payload.TargetText(target(c.Request().Header.RequestURI()))
}

// target is the path and the query of a request's target.
func target(uri []byte) []byte {
	_, rest := splitTarget(uri)
	return rest
}

// hostAsked is the host that the sender asked for, in the sender's spelling.
func hostAsked(c *fiber.Ctx) []byte {
	header := &c.Request().Header
	if host, _ := splitTarget(header.RequestURI()); host != nil {
		return host
	}
	return header.Host()
}

// splitTarget splits a request's target, which names its host as well where the
// client takes the server for a proxy; that host goes before the one of the header
// (RFC 9112, 3.2.2).
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

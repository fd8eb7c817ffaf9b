package handlers

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
)

// urlOf is what the sender asked for, byte for byte: senders sign it.
func (s *Server) urlOf(c *fiber.Ctx) string {
	return s.baseURL(c) + asText(target(c.Request().Header.RequestURI()))
}

// asText is a target, or a part of one. Bytes of it that no text can hold are
// written as escapes, which stand for the same, so that none is lost.
func asText(uri []byte) string {
	if utf8.Valid(uri) {
		return string(uri)
	}
	text := make([]byte, 0, len(uri)+16)
	for len(uri) > 0 {
		r, size := utf8.DecodeRune(uri)
		if r == utf8.RuneError && size == 1 {
			text = fmt.Appendf(text, "%%%02X", uri[0])
		} else {
			text = append(text, uri[:size]...)
		}
		uri = uri[size:]
	}
	return string(text)
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

package handlers

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
)

// origin is a request as its function may see it, by maestro.request(). It is
// read only when a function asks, and points into the connection's memory: it
// holds until the run is over, or was accepted.
type origin struct {
	server        *Server
	c             *fiber.Ctx
	body          []byte  // as it was sent
	authorization bool    // hand the Authorization header on
	signed        *signer // how it was signed; nil: it was not
}

var _ engine.Origin = (*origin)(nil)

// keepOrigin notes what the call came as. It stands before what changes the
// request, such as inflating its body.
func (call *call) keepOrigin(c *fiber.Ctx, authorization bool, signed *signer) *origin {
	call.origin = origin{server: call.server, c: c, body: c.Request().Body(), authorization: authorization, signed: signed}
	if len(c.Request().Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		call.origin.body = bytes.Clone(call.origin.body) // its memory is given back when it is inflated
	}
	return &call.origin
}

// HTTPRequest implements engine.Origin.
func (o *origin) HTTPRequest() (model.HTTPRequest, []string) {
	headers, secrets := appendHeaders(nil, eachHeader(nil, o.c.Request().Header.RawHeaders()), o.authorization, o.signed)
	return model.HTTPRequest{Method: o.c.Method(), URL: o.server.urlOf(o.c), Headers: headers, Body: o.body}, secrets
}

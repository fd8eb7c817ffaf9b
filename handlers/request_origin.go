package handlers

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/internal/payload"
)

// origin is the request that maestro.request() shows to a function. It is read
// only on demand and points into the memory of the connection: it is valid until
// the run has ended, or was accepted.
type origin struct {
	call          *call
	body          []byte           // as it was sent
	authorization bool             // pass the Authorization header to the function
	signed        []payload.Header // the names of those that carry the signature
}

var _ engine.Origin = (*origin)(nil)

// Origin implements webhook.Request.
func (call *call) Origin(authorization bool, signed []payload.Header) engine.Origin {
	call.origin = origin{call: call, body: call.c.Request().Body(), authorization: authorization, signed: signed}
	if len(call.c.Request().Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		call.origin.body = bytes.Clone(call.origin.body) // Inflate reuses its memory
	}
	return &call.origin
}

// HTTPRequest implements engine.Origin.
func (o *origin) HTTPRequest() (model.HTTPRequest, []string) {
	c := o.call.c
	headers, secrets := payload.AppendHeaders(nil, payload.ReadHeaders(nil, c.Request().Header.RawHeaders()), o.authorization, o.signed)
	return model.HTTPRequest{Method: c.Method(), URL: o.call.URL(), Headers: headers, Body: o.body}, secrets
}

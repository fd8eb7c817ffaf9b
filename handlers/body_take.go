package handlers

import (
	"bytes"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"maestro/internal/intake"
	"maestro/internal/model"
)

const (
	// prefetched is how much of a body fasthttp reads together with the headers,
	// before anything is known of the request. What follows is read by ReadBody.
	prefetched = 8 << 10
	// budgetWait is how long the body of an unknown caller waits for memory.
	budgetWait = 5 * time.Second
	// The memory of unknown callers' bodies, together.
	leastBudget  = 64 << 20
	budgetBodies = 8 // of the largest size
)

// unread reports whether a part of the body is still on its way.
func (s *Server) unread(request *fasthttp.Request) bool {
	if !request.IsBodyStream() {
		return false
	}
	length := request.Header.ContentLength()
	return length < 0 || length > min(prefetched, s.bodies.Limit)
}

// ReadBody reads the part of a body that is still on its way: once the caller
// is known, so that an unknown caller's costs no more than its share. From then
// on c.Request().Body() is the whole body, as it came.
func (call *call) ReadBody() error {
	c, s := call.c, call.server
	request := c.Request()
	if !s.unread(request) {
		return nil
	}
	body, err := s.bodies.Read(intake.Source{
		Stream: c.Context().RequestBodyStream(), Announced: request.Header.ContentLength(), Deadline: c.Context().Conn().SetReadDeadline,
	}, call.memory())
	if err != nil {
		return bodyRefusal(err)
	}
	request.SetBodyRaw(body)
	return nil
}

// memory is the call's share of the memory for unknown callers' bodies; nil
// when its caller is known.
func (call *call) memory() *intake.Share {
	if call.principal != nil {
		return nil
	}
	if call.share == nil {
		call.share = call.server.strangers.Share()
	}
	return call.share
}

func bodyRefusal(err error) error {
	switch {
	case errors.Is(err, intake.ErrTooLarge):
		return fiber.ErrRequestEntityTooLarge
	case errors.Is(err, intake.ErrTooSlow):
		return fiber.ErrRequestTimeout
	case errors.Is(err, intake.ErrFull):
		return model.NewError(model.CodeUnavailable, "Nothing ran: the server has no memory left at present for the bodies of unknown callers. Try again in a moment.")
	default: // the sender's way of cutting or closing it; the words may quote it
		return &model.Error{Code: model.CodeBadRequest, Detail: "Nothing ran: the body broke off, or is not readable as HTTP.", Cause: err}
	}
}

// readBody is the middleware by which the REST part gets its bodies, read and
// inflated; the caller is known by then.
func (s *Server) readBody(c *fiber.Ctx) error {
	call := s.callOf(c)
	if err := call.ReadBody(); err != nil {
		return err
	}
	if err := call.Inflate(); err != nil {
		return err
	}
	return c.Next()
}

var restPrefixes = [][]byte{[]byte(apiPrefix + "/"), []byte(schedulerPrefix + "/")}

// readsLater reports whether the body is read only when the caller is known.
// Elsewhere no operation has a use for one.
func readsLater(path []byte) bool {
	for _, prefix := range restPrefixes {
		if bytes.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

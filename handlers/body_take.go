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
	// before the request is known. ReadBody reads the rest.
	prefetched = 8 << 10
	// budgetWait is how long the body of a caller without a token waits for memory.
	budgetWait = 5 * time.Second
	// The memory for the bodies of all callers without a token.
	leastBudget  = 64 << 20
	budgetBodies = 8 // of the maximum size
)

// unread reports whether a part of the body has not been read.
func (s *Server) unread(request *fasthttp.Request) bool {
	if !request.IsBodyStream() {
		return false
	}
	length := request.Header.ContentLength()
	return length < 0 || length > min(prefetched, s.bodies.Limit)
}

// ReadBody reads the rest of a body. It is called once the caller is known, so
// that a caller without a token gets no more memory than its share. Afterwards
// c.Request().Body() is the whole body as it was sent.
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

// memory is the call's share of the memory for the bodies of callers without a
// token; nil for a caller with one.
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
		return model.NewError(model.CodeUnavailable, "The memory for the bodies of callers without a token is in use. Nothing ran. Try again in a moment.")
	default: // the text of the error may quote the body: it is logged, not shown
		return &model.Error{Code: model.CodeBadRequest, Detail: "The body ended early, or is not valid HTTP. Nothing ran.", Cause: err}
	}
}

// readBody is the middleware that reads and inflates the bodies of the REST
// API, after authentication.
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

// readsLater reports whether the body is read after authentication. Operations
// at other addresses take no body.
func readsLater(path []byte) bool {
	for _, prefix := range restPrefixes {
		if bytes.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

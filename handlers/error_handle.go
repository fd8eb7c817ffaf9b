package handlers

import (
	"errors"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
)

// handleError is Fiber's error handler: the one place where an error becomes
// an answer. It also gets what fails before any route is known, such as
// headers that are too large.
func (s *Server) handleError(c *fiber.Ctx, err error) error {
	call := s.callOf(c)
	return newEnvelope(call, call.edge(err)).write(c)
}

// edge turns any error into one that may be shown, and logs the ones that are
// our fault: here and nowhere else.
func (call *call) edge(err error) *model.Error {
	var coded *model.Error
	var fiberErr *fiber.Error
	switch {
	case errors.As(err, &coded):
	case errors.As(err, &fiberErr):
		coded = fromFiber(fiberErr)
	default:
		coded = &model.Error{Code: model.CodeInternal, Cause: err}
	}
	switch coded.Code {
	case model.CodeInternal:
		call.server.opts.Log.Error("internal error", call.LogFields(slog.Any("error", err))...)
	case model.CodeUnavailable:
		if coded.Cause != nil {
			call.server.opts.Log.Warn("unavailable", call.LogFields(slog.Any("error", err))...)
		}
	}
	return coded
}

func fromFiber(err *fiber.Error) *model.Error {
	switch err.Code {
	case fiber.StatusNotFound:
		return model.NewError(model.CodeNotFound, "There is nothing at this address.")
	case fiber.StatusMethodNotAllowed:
		return model.NewError(model.CodeMethodNotAllowed, "This address does not take that method; the Allow header lists those that it takes.")
	case fiber.StatusRequestEntityTooLarge:
		return model.NewError(model.CodeBodyTooLarge, "Nothing ran: the body is larger than the server takes (MAX_BODY_BYTES).")
	case fiber.StatusRequestHeaderFieldsTooLarge:
		return model.NewError(model.CodeHeadersTooLarge, "The headers take more than %d KiB; send fewer or shorter ones.", readBufferBytes>>10)
	case fiber.StatusRequestTimeout:
		return model.NewError(model.CodeRequestTimeout, "Nothing ran: the request did not arrive in time. Send it faster.")
	default: // fasthttp could not read the request; its words may quote it
		return &model.Error{Code: model.CodeBadRequest, Detail: "The request is not readable as HTTP.", Cause: err}
	}
}

package handlers

import (
	"errors"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/connection"
	"maestro/internal/model"
)

// handleError is Fiber's error handler, and the only place where an error becomes
// a response. Failures before the routing, such as headers that are too large,
// also arrive here.
func (s *Server) handleError(c *fiber.Ctx, err error) error {
	call := s.callOf(c)
	return newEnvelope(call, call.edge(err)).write(c)
}

// edge converts an error into one that may be shown. It is the only place that
// logs internal errors.
func (call *call) edge(err error) *model.Error {
	var coded *model.Error
	var fiberErr *fiber.Error
	switch {
	case errors.As(err, &coded):
	case errors.Is(err, connection.ErrBareLF):
		coded = model.NewError(model.CodeBadRequest, "The lines of the request's headers end in LF alone. Nothing ran. End each one in CR LF.")
	case errors.Is(err, connection.ErrTLS):
		coded = model.NewError(model.CodeBadRequest, "The client speaks TLS, but this port serves plain HTTP. Nothing ran. Use http:// in the address, or a proxy that ends TLS.")
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
		return model.NewError(model.CodeNotFound, "There is no route at this address. Check the path.")
	case fiber.StatusMethodNotAllowed:
		return model.NewError(model.CodeMethodNotAllowed, "This address does not support the method. Use one that the Allow header lists.")
	case fiber.StatusRequestEntityTooLarge:
		return model.NewError(model.CodeBodyTooLarge, "The body is larger than the server accepts (MAX_BODY_BYTES). Nothing ran. Send a smaller body.")
	case fiber.StatusRequestHeaderFieldsTooLarge:
		return model.NewError(model.CodeHeadersTooLarge, "The headers are larger than %d KiB. Send fewer or shorter ones.", readBufferBytes>>10)
	case fiber.StatusRequestTimeout:
		return model.NewError(model.CodeRequestTimeout, "The request did not arrive in time. Nothing ran. Send it faster.")
	default: // fasthttp could not parse the request; its error may quote it
		return &model.Error{Code: model.CodeBadRequest, Detail: "The request is not valid HTTP.", Cause: err}
	}
}

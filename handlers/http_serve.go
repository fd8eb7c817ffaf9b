package handlers

import (
	"context"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"maestro/handlers/connection"
	"maestro/internal/model"
)

const (
	// readBufferBytes bounds the request line and headers together: 431 above.
	readBufferBytes = 32 << 10
	writeTimeout    = 60 * time.Second // for a whole answer
	idleTimeout     = 120 * time.Second
)

// newHTTP makes the server below Fiber. It is not Fiber's own: bodies come as
// streams here, of which Fiber's adapter for Huma must not know.
func (s *Server) newHTTP() *fasthttp.Server {
	return &fasthttp.Server{
		Handler:                      s.enter(),
		ErrorHandler:                 s.refuseUnreadable,
		Logger:                       silent{},
		NoDefaultServerHeader:        true,
		MaxRequestBodySize:           s.opts.MaxBodyBytes,
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true, // a form is read by its function's webhook, within the limits of the body
		ReadBufferSize:               readBufferBytes,
		ReadTimeout:                  s.opts.HeadTime, // the rest of a body has its own pace
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		CloseOnShutdown:              true,
		HeaderReceived:               s.refuseEarly,
		ConnState:                    connection.NoteState,
	}
}

// silent drops what fasthttp says of connections that break.
type silent struct{}

func (silent) Printf(string, ...any) {}

// Serve answers requests that come through a listener until Shutdown, and
// closes it.
func (s *Server) Serve(l net.Listener) error {
	return s.http.Serve(s.connections.Listener(l))
}

// Drain makes each answer the last one of its connection, so that a balancer
// uses no old one any more. The server goes on serving.
func (s *Server) Drain() { s.closing.Store(true) }

// Shutdown takes no more connections, ends the answers that last, and returns
// when every other request has been answered, or when ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	s.endStreams()
	s.connections.Stop()
	return s.http.ShutdownWithContext(ctx)
}

// methodTooLarge stands in for the method of a request whose body is announced
// as larger than the limit. A sender that uses it gets what it asks for.
const methodTooLarge = "TOO-LARGE"

// refuseEarly sees a request's headers before its body is waited for. One that
// announces too much has no body from here on, so that it is answered at once.
func (s *Server) refuseEarly(header *fasthttp.RequestHeader) (none fasthttp.RequestConfig) {
	if header.ContentLength() > s.bodies.Limit {
		header.SetMethod(methodTooLarge)
		header.SetContentLength(0)
		header.Del(fasthttp.HeaderExpect)
		header.SetConnectionClose() // what follows is no request
	}
	return none
}

// enter is the outermost handler. Methods that Fiber does not know are refused
// here: its own answer to them can't be changed and is not our envelope.
func (s *Server) enter() fasthttp.RequestHandler {
	known := make(map[string]bool, len(methods))
	for _, method := range methods {
		known[method] = true
	}
	next := s.app.Handler()
	return func(ctx *fasthttp.RequestCtx) {
		switch {
		case known[string(ctx.Method())]:
			next(ctx)
		case string(ctx.Method()) == methodTooLarge:
			s.refuse(ctx, fiber.ErrRequestEntityTooLarge)
		default:
			s.refuse(ctx, model.NewError(model.CodeBadRequest, "The method of the request is not a method of HTTP."))
		}
		// The rest of an unread body must not be taken for the next request.
		if s.closing.Load() || s.unread(&ctx.Request) {
			ctx.Response.Header.SetConnectionClose()
		}
	}
}

// refuseUnreadable answers what fasthttp could not read as a request.
func (s *Server) refuseUnreadable(ctx *fasthttp.RequestCtx, err error) {
	start := time.Now()
	s.app.Server().ErrorHandler(ctx, err)
	c := s.app.AcquireCtx(ctx)
	defer s.app.ReleaseCtx(c)
	s.logAccess(c, s.callOf(c), start)
}

// refuse answers a request that Fiber never sees.
func (s *Server) refuse(ctx *fasthttp.RequestCtx, err error) {
	c := s.app.AcquireCtx(ctx)
	defer s.app.ReleaseCtx(c)
	_ = s.handleError(c, err) // of writing JSON into memory
	s.logAccess(c, s.callOf(c), ctx.Time())
}

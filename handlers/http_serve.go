package handlers

import (
	"context"
	"errors"
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
	writeTimeout    = 60 * time.Second // for a whole response
	idleTimeout     = 120 * time.Second
)

// newHTTP makes the server below Fiber. It is not Fiber's own, because bodies
// are streams here, which Fiber's adapter for Huma does not support.
func (s *Server) newHTTP() *fasthttp.Server {
	return &fasthttp.Server{
		Handler:                      s.enter(),
		ErrorHandler:                 s.refuseUnreadable,
		Logger:                       silent{},
		NoDefaultServerHeader:        true,
		MaxRequestBodySize:           s.opts.MaxBodyBytes,
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true, // package webhook reads forms, within the limits of bodies
		ReadBufferSize:               readBufferBytes,
		ReadTimeout:                  s.opts.HeadTime, // package intake times the rest of a body
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		CloseOnShutdown:              true,
		HeaderReceived:               s.refuseEarly,
		ConnState:                    connection.NoteState,
	}
}

// silent drops the messages of fasthttp about broken connections.
type silent struct{}

func (silent) Printf(string, ...any) {}

// Serve serves the requests of a listener until Shutdown, and closes it.
func (s *Server) Serve(l net.Listener) error {
	return s.http.Serve(s.connections.Listener(l))
}

// Connections is how many connections clients have open.
func (s *Server) Connections() int { return int(s.http.GetOpenConnectionsCount()) }

// Drain makes each response the last one of its connection, so that a load
// balancer opens new ones elsewhere. The server continues to serve.
func (s *Server) Drain() { s.closing.Store(true) }

// LastRequestTime is the time after the begin of Shutdown in which connections that
// were made before may bring a request.
const LastRequestTime = connection.LastFirstByteTime

// Shutdown accepts no more connections, ends the event streams, and returns
// when every other request has its response, or when ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	s.endStreams()
	s.connections.Stop()
	return s.http.ShutdownWithContext(ctx)
}

// methodTooLarge replaces the method of a request that announces a body larger
// than the limit. A sender that uses this method itself gets the same 413.
const methodTooLarge = "TOO-LARGE"

// refuseEarly checks the headers of a request before its body is read. It
// removes a body that is announced as too large, so that the 413 is immediate.
func (s *Server) refuseEarly(header *fasthttp.RequestHeader) (none fasthttp.RequestConfig) {
	if header.ContentLength() > s.bodies.Limit {
		header.SetMethod(methodTooLarge)
		header.SetContentLength(0)
		header.Del(fasthttp.HeaderExpect)
		header.SetConnectionClose() // the next bytes are not a request
	}
	return none
}

// enter is the outermost handler. It refuses methods that Fiber does not know,
// because Fiber's own response to them does not have the form of our errors.
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
			s.refuse(ctx, model.NewError(model.CodeBadRequest, "The method is not a known HTTP method."))
		}
		// The rest of an unread body must not be parsed as the next request.
		if s.closing.Load() || s.unread(&ctx.Request) {
			ctx.Response.Header.SetConnectionClose()
		}
	}
}

// refuseUnreadable responds to bytes that fasthttp could not parse as a request.
func (s *Server) refuseUnreadable(ctx *fasthttp.RequestCtx, err error) {
	start := time.Now()
	if errors.Is(err, connection.ErrBareLF) || errors.Is(err, connection.ErrTLS) {
		s.refuse(ctx, err) // Fiber keeps the texts of errors only
		return
	}
	s.app.Server().ErrorHandler(ctx, err)
	c := s.app.AcquireCtx(ctx)
	defer s.app.ReleaseCtx(c)
	s.settle(c, s.callOf(c), start)
}

// refuse responds to a request that never reaches Fiber.
func (s *Server) refuse(ctx *fasthttp.RequestCtx, err error) {
	c := s.app.AcquireCtx(ctx)
	defer s.app.ReleaseCtx(c)
	_ = s.handleError(c, err) // writing JSON into memory does not fail
	s.settle(c, s.callOf(c), ctx.Time())
}

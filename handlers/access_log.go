package handlers

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"
)

// observe is the outermost middleware: it gives the request its id, turns a
// panic into an error, and writes the access log. Paths are logged without
// their query, which may hold credentials.
func (s *Server) observe(c *fiber.Ctx) error {
	start := time.Now()
	call := s.callOf(c)
	if err := s.guarded(c); err != nil {
		// Answered here, not by Fiber, so that the log knows the status.
		if err := s.handleError(c, err); err != nil {
			return err
		}
	}
	ctx := c.Context()
	if !s.opts.Log.Enabled(ctx, slog.LevelInfo) {
		return nil
	}
	s.opts.Log.LogAttrs(ctx, slog.LevelInfo, "request",
		slog.String("method", c.Method()),
		slog.String("path", string(c.Request().URI().PathOriginal())),
		slog.Int("status", c.Response().StatusCode()),
		slog.Float64("duration_ms", float64(time.Since(start).Microseconds())/1000),
		slog.String("request_id", call.requestID),
		slog.String("tenant", call.tenant),
	)
	return nil
}

// guarded runs the rest of the request. A panic must not end the process.
func (s *Server) guarded(c *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			c.Response().ResetBody()
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return c.Next()
}

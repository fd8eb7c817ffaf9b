package handlers

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"
)

// observe is the outermost middleware: it assigns the request id, turns a panic
// into an error, counts it, and writes the access log. Paths are logged without their
// query, which may contain credentials.
func (s *Server) observe(c *fiber.Ctx) error {
	start := time.Now()
	call := s.callOf(c)
	defer func() { call.share.Release() }() // the share at the end; there is none yet
	if err := s.guarded(c, call); err != nil {
		// Handled here, not by Fiber, so that the log has the status.
		if err := s.handleError(c, err); err != nil {
			return err
		}
	}
	s.settle(c, call, start)
	return nil
}

// guarded runs the rest of the request, and recovers from a panic.
func (s *Server) guarded(c *fiber.Ctx, call *call) (err error) {
	defer func() {
		if r := recover(); r != nil {
			c.Response().ResetBody()
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	if err := refuseAmbiguous(c.Context()); err != nil {
		return err
	}
	if s.unread(c.Request()) && !readsLater(c.Request().URI().PathOriginal()) {
		if err := call.ReadBody(); err != nil {
			return err
		}
	}
	return c.Next()
}

package handlers

import (
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// observe is the outermost middleware: it gives the request its id, turns a
// panic into an error, and writes the access log. Paths are logged without
// their query, which may hold credentials.
func (s *Server) observe(c *fiber.Ctx) error {
	start := time.Now()
	call := s.callOf(c)
	defer call.share.Release()
	if err := s.guarded(c, call); err != nil {
		// Answered here, not by Fiber, so that the log knows the status.
		if err := s.handleError(c, err); err != nil {
			return err
		}
	}
	if s.opts.AccessLog != nil {
		s.logAccess(c, call, start)
	}
	return nil
}

// accessLine is where a line of the access log is put together; lines are
// short, and reused.
var accessLine = sync.Pool{New: func() any { return new([]byte) }}

// logAccess writes the line of one request, in the form of the other log
// lines. It is put together by hand: through slog it was 5 % of a webhook's
// time on the processor.
func (s *Server) logAccess(c *fiber.Ctx, call *call, start time.Time) {
	buffer := accessLine.Get().(*[]byte)
	line := append((*buffer)[:0], "time="...)
	line = start.AppendFormat(line, "2006-01-02T15:04:05.000Z07:00")
	line = append(line, " level=INFO msg=request method="...)
	line = append(line, c.Method()...)
	line = append(line, " path="...)
	path := c.Request().URI().PathOriginal()
	if veil := s.opts.Secrets.Mask(call.tenant); veil != nil {
		path = []byte(veil.Text(string(path)))
	}
	line = appendLogText(line, path)
	line = append(line, " status="...)
	line = strconv.AppendInt(line, int64(c.Response().StatusCode()), 10)
	line = append(line, " duration_ms="...)
	line = strconv.AppendFloat(line, float64(time.Since(start).Microseconds())/1000, 'f', -1, 64)
	line = append(line, " request_id="...)
	line = appendLogText(line, []byte(call.requestID))
	line = append(line, " tenant="...)
	line = appendLogText(line, []byte(call.tenant))
	line = append(line, '\n')
	_, _ = s.opts.AccessLog.Write(line) // there is nobody to tell
	*buffer = line
	accessLine.Put(buffer)
}

// appendLogText appends text as slog's text handler would: quoted where it
// holds anything that could be taken for the line's own structure.
func appendLogText(line, text []byte) []byte {
	for _, b := range text {
		if b <= ' ' || b == '"' || b == '=' || b > 0x7f {
			return strconv.AppendQuote(line, string(text))
		}
	}
	if len(text) == 0 {
		return append(line, '"', '"')
	}
	return append(line, text...)
}

// guarded runs the rest of the request. A panic must not end the process.
func (s *Server) guarded(c *fiber.Ctx, call *call) (err error) {
	defer func() {
		if r := recover(); r != nil {
			c.Response().ResetBody()
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	if s.unread(c.Request()) && !readsLater(c.Request().URI().PathOriginal()) {
		if err := s.takeBody(c, call); err != nil {
			return err
		}
	}
	return c.Next()
}

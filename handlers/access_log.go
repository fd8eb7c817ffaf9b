package handlers

import (
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/internal/payload"
)

// accessLine holds the buffers of access log lines, for reuse.
var accessLine = sync.Pool{New: func() any { return new([]byte) }}

// logAccess writes the line of one request, in the format of the other log
// lines. It does not use slog, which took 5 % of the processor time of a
// webhook.
func (s *Server) logAccess(c *fiber.Ctx, call *call, start time.Time, took time.Duration) {
	if s.opts.AccessLog == nil {
		return
	}
	buffer := accessLine.Get().(*[]byte)
	line := accessFields{line: (*buffer)[:0], json: s.opts.AccessLogJSON}
	line.begin(start)
	line.text("method", []byte(c.Method()))
	path := c.Request().URI().PathOriginal()
	if veil := s.opts.Secrets.Mask(call.tenant); veil != nil {
		path = []byte(veil.Text(string(path)))
	}
	line.text("path", path)
	line.number("status", int64(c.Response().StatusCode()))
	line.milliseconds("duration_ms", took)
	if !c.Response().IsBodyStream() { // its length is not known yet
		line.number("bytes", int64(len(c.Response().Body())))
	}
	line.address("client", s.clientAddress(c))
	line.text("request_id", []byte(call.requestID))
	line.text("tenant", []byte(call.tenant))
	if id := c.Response().Header.Peek(header.ExecutionID); len(id) > 0 {
		line.text("execution_id", id)
	}
	line.end()
	_, _ = s.opts.AccessLog.Write(line.line) // there is no other log to report a failure to
	*buffer = line.line
	accessLine.Put(buffer)
}

// accessFields builds a line in the format of slog's text or JSON handler.
type accessFields struct {
	line []byte
	json bool
}

func (f *accessFields) begin(at time.Time) {
	const layout = "2006-01-02T15:04:05.000Z07:00"
	if f.json {
		f.line = at.AppendFormat(append(f.line, `{"time":"`...), layout)
		f.line = append(f.line, `","level":"INFO","msg":"request"`...)
		return
	}
	f.line = at.AppendFormat(append(f.line, "time="...), layout)
	f.line = append(f.line, " level=INFO msg=request"...)
}

func (f *accessFields) end() {
	if f.json {
		f.line = append(f.line, '}')
	}
	f.line = append(f.line, '\n')
}

func (f *accessFields) key(name string) {
	if f.json {
		f.line = append(append(append(f.line, `,"`...), name...), `":`...)
		return
	}
	f.line = append(append(append(f.line, ' '), name...), '=')
}

func (f *accessFields) text(name string, value []byte) {
	f.key(name)
	if f.json {
		f.line = payload.AppendString(f.line, value)
	} else {
		f.line = appendLogText(f.line, value)
	}
}

func (f *accessFields) number(name string, value int64) {
	f.key(name)
	f.line = strconv.AppendInt(f.line, value, 10)
}

func (f *accessFields) milliseconds(name string, value time.Duration) {
	f.key(name)
	f.line = strconv.AppendFloat(f.line, float64(value.Microseconds())/1000, 'f', -1, 64)
}

func (f *accessFields) address(name string, value netip.Addr) {
	f.key(name)
	if f.json {
		f.line = append(value.AppendTo(append(f.line, '"')), '"')
	} else {
		f.line = value.AppendTo(f.line)
	}
}

// appendLogText appends text like slog's text handler: quoted when it contains
// a character that could be mistaken for the structure of the line.
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

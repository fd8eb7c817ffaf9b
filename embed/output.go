package embed

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"maestro/cpython"
	"maestro/internal/model"
)

const (
	// outputRate is how many bytes of lines one subtenant may write per second.
	outputRate = 1 << 20
	// outputLine is what a line counts in addition to its text.
	outputLine = 64
	// maxLogText is how much of one line is kept, as of a text that a
	// child process or print writes.
	maxLogText = 64 << 10
)

// outputMeter measures the output of one subtenant. Ordinary lines cost one
// addition: the clock is read only when a second's worth of bytes has come
// since it was read last.
type outputMeter struct {
	taken atomic.Int64 // bytes since began
	began atomic.Int64 // a clock
}

// admits reports whether a line of size bytes is within the rate.
func (m *outputMeter) admits(size int) bool {
	cost := int64(size + outputLine)
	if m.taken.Add(cost) <= outputRate {
		return true
	}
	at, began := now(), m.began.Load()
	if at.since(clock(began)) >= time.Second && m.began.CompareAndSwap(began, int64(at)) {
		m.taken.Store(cost)
		return true
	}
	return false
}

// omission counts the lines of a call that were left out and not reported yet.
type omission struct {
	lines, bytes atomic.Int64
}

func (o *omission) add(size int) {
	o.lines.Add(1)
	o.bytes.Add(int64(size))
}

// take returns the lines that were left out since it was taken last.
func (o *omission) take() model.Omission {
	if o.lines.Load() == 0 {
		return model.Omission{}
	}
	return model.Omission{Lines: o.lines.Swap(0), Bytes: o.bytes.Swap(0)}
}

// Log takes a line of output.
func (r callbacks) Log(from cpython.Caller, stream, level, text string, fields []byte) {
	c, step := r.of(from)
	if c == nil {
		r.logOutside(from, stream, level, text, fields)
		return
	}
	if !c.tenant.output.admits(min(len(text), maxLogText) + min(len(fields), maxLogText)) {
		c.omitted.add(len(text) + len(fields))
		return
	}
	if left := c.omitted.take(); left.Lines > 0 {
		c.Host.Log(0, left.Line())
	}
	c.Host.Log(step, logLine(stream, level, text, fields))
}

// logOutside takes a line that was written outside any call in progress.
func (r callbacks) logOutside(from cpython.Caller, stream, level, text string, fields []byte) {
	in := r.interpreter(from.Interp)
	if in == nil {
		return
	}
	tenant, meter := in.outputOf()
	if tenant != "" && meter.admits(min(len(text), maxLogText)+min(len(fields), maxLogText)) {
		in.host.opt.OnTenantLog(tenant, logLine(stream, level, text, fields))
	}
}

// logLine makes a line; of a text or fields that are too long, a part is left out.
func logLine(stream, level, text string, fields []byte) model.LogLine {
	if len(text) > maxLogText {
		text = strings.ToValidUTF8(text[:maxLogText], "") + fmt.Sprintf("… (%d bytes)", len(text))
	}
	if len(fields) > maxLogText {
		fields = fmt.Appendf(nil, `{"left_out":"%d bytes of fields"}`, len(fields))
	}
	return model.LogLine{Time: time.Now(), Stream: stream, Level: level, Text: text, Fields: fields}
}

// outputOf returns the subtenant that in serves, "" if none, and its meter.
func (in *interpreter) outputOf() (string, *outputMeter) {
	in.host.mu.Lock()
	defer in.host.mu.Unlock()
	if in.tenant == nil {
		return "", nil
	}
	return in.tenant.name, &in.tenant.output
}

package embed

import (
	"fmt"
	"strings"
	"time"

	"maestro/cpython"
	"maestro/internal/model"
	"maestro/internal/rate"
)

// maxLogText is how much of one line is kept, as of a text that a child process or
// print writes.
const maxLogText = 64 << 10

// Log takes a line of output.
func (r callbacks) Log(from cpython.Caller, stream, level, text string, fields []byte) {
	c, step := r.of(from)
	if c == nil {
		r.logOutside(from, stream, level, text, fields)
		return
	}
	if !c.tenant.output.Admits(min(len(text), maxLogText) + min(len(fields), maxLogText)) {
		c.omitted.Add(len(text) + len(fields))
		return
	}
	if left := c.omitted.Take(); left.Lines > 0 {
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
	if tenant != "" && meter.Admits(min(len(text), maxLogText)+min(len(fields), maxLogText)) {
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
func (in *interpreter) outputOf() (string, *rate.Meter) {
	in.host.mu.Lock()
	defer in.host.mu.Unlock()
	if in.tenant == nil {
		return "", nil
	}
	return in.tenant.name, &in.tenant.output
}

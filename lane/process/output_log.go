package process

import (
	"bytes"
	"log/slog"
	"sync"
	"time"
)

const (
	// longestLine is how much of a line of a process's output is kept.
	longestLine = 4 << 10
	// outputRate is how many bytes of it are logged in a second.
	outputRate = 64 << 10
)

// outputLog logs what the processes of a subtenant write to their standard error: the
// last words of a runtime, and libraries that write below Python. It is not to be
// trusted, so it does not go to the server's standard error as it is.
type outputLog struct {
	log *slog.Logger

	mu    sync.Mutex // guards what follows
	line  []byte     // that has not ended yet
	taken int        // bytes since began
	began time.Time
}

// Write implements io.Writer. It never fails.
func (o *outputLog) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part, after, ended := bytes.Cut(rest, []byte{'\n'})
		rest = after
		o.line = append(o.line, part[:min(len(part), longestLine-len(o.line))]...)
		if ended || len(o.line) == longestLine {
			o.put()
		}
	}
	return len(p), nil
}

// put logs the line, unless there are too many. mu is held.
func (o *outputLog) put() {
	if at := time.Now(); at.Sub(o.began) >= time.Second {
		o.began, o.taken = at, 0
	}
	if o.taken += len(o.line); o.taken <= outputRate && len(o.line) > 0 {
		o.log.Info("output of a process", slog.String("text", string(o.line)))
	}
	o.line = o.line[:0]
}

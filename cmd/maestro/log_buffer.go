package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	logFlushAfter = 100 * time.Millisecond
	logFlushBytes = 32 << 10
)

// logBuffer gathers log lines, so that a request's line in the access log does
// not cost it a system call. Lines are written a tenth of a second later at
// most; a warning or an error is written at once, with all before it.
type logBuffer struct {
	out io.Writer

	mu      sync.Mutex // guards what follows
	pending []byte
	timer   *time.Timer // set while lines wait
}

// Write keeps text for later.
func (b *logBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = append(b.pending, text...)
	switch {
	case len(b.pending) >= logFlushBytes:
		return len(text), b.flush()
	case b.timer == nil:
		b.timer = time.AfterFunc(logFlushAfter, b.Flush)
	}
	return len(text), nil
}

// Flush writes the pending lines.
func (b *logBuffer) Flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.flush() // the log is where errors would go
}

func (b *logBuffer) flush() error {
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	_, err := b.out.Write(b.pending)
	b.pending = b.pending[:0]
	return err
}

// urgent is a handler that flushes behind each warning and error.
type urgent struct {
	slog.Handler
	buffer *logBuffer
}

// Handle writes a record.
func (u urgent) Handle(ctx context.Context, record slog.Record) error {
	err := u.Handler.Handle(ctx, record)
	if record.Level >= slog.LevelWarn {
		u.buffer.Flush()
	}
	return err
}

// WithAttrs keeps the flushing.
func (u urgent) WithAttrs(attrs []slog.Attr) slog.Handler {
	return urgent{u.Handler.WithAttrs(attrs), u.buffer}
}

// WithGroup keeps the flushing.
func (u urgent) WithGroup(name string) slog.Handler {
	return urgent{u.Handler.WithGroup(name), u.buffer}
}

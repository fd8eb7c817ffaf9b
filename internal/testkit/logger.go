package testkit

import (
	"io"
	"log/slog"
	"sync"
	"testing"
)

// Logger writes to the test's output, until the test ends: a server that outlives
// its test on purpose may still log, which makes testing panic.
func Logger(t testing.TB) *slog.Logger {
	out := &testOutput{to: t.Output()}
	t.Cleanup(out.end)
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type testOutput struct {
	mu sync.Mutex // guards to
	to io.Writer  // io.Discard once the test has ended
}

// Write writes a line of the log.
func (o *testOutput) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to.Write(text)
}

func (o *testOutput) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.to = io.Discard
}

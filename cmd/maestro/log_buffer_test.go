package main

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestLogLinesAreGatheredAndWarningsAreNot(t *testing.T) {
	t.Parallel()
	var out lockedBuffer
	buffer := &logBuffer{out: &out}
	log := slog.New(urgent{slog.NewTextHandler(buffer, nil), buffer}).With("a", 1)
	log.Info("first")
	log.Warn("second")
	require.Contains(t, out.String(), "first", "a warning brings along what came before")
	require.Contains(t, out.String(), "second")
	log.Info("third")
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "third") }, 10*time.Second, time.Millisecond)
	log.Info(strings.Repeat("x", logFlushBytes))
	require.Contains(t, out.String(), "xxx", "much is written at once")
	log.Info("last")
	buffer.Flush()
	require.Contains(t, out.String(), "last")
}

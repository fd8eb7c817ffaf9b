package main

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// wall is the wall clock of the servers that a test gives its variable.
type wall struct {
	path string

	mu    sync.Mutex
	ahead time.Duration // guarded by mu
}

func newWall(t *testing.T) *wall {
	t.Helper()
	w := &wall{path: filepath.Join(testkit.DataDir(t), "clock")}
	require.NoError(t, w.set(0))
	return w
}

func (w *wall) variable() string { return clockVariable + "=" + w.path }

// set puts it so far ahead of the real one.
func (w *wall) set(ahead time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead = ahead
	if err := os.WriteFile(w.path+".new", []byte(ahead.String()), 0o644); err != nil {
		return err
	}
	return os.Rename(w.path+".new", w.path)
}

func (w *wall) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

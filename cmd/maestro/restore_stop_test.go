package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// TestRestoreThatIsStopped leaves no copy of the database or the key, and ends by the signal.
func TestRestoreThatIsStopped(t *testing.T) {
	t.Parallel()
	path, _ := backedUp(t)
	dir := testkit.DataDir(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd := command(t, dir, nil, "restore", "--try", path)
		require.NoError(t, cmd.Start())
		left := func(part string) []string {
			found, err := filepath.Glob(filepath.Join(dir, ".restore-*", part))
			require.NoError(t, err)
			return found
		}
		require.Eventually(t, func() bool { return len(left("secret_key")) == 1 }, time.Minute, time.Millisecond)
		require.NoError(t, cmd.Process.Signal(signal))
		var end *exec.ExitError
		require.True(t, errors.As(cmd.Wait(), &end))
		require.Equal(t, signal, end.Sys().(syscall.WaitStatus).Signal())
		require.Empty(t, left(""))
	}
}

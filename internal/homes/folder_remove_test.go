package homes

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"maestro/internal/testkit"
)

// A function can make folders within each other that no path names. Their removal needs few
// descriptors.
func TestRemovalOfDeepFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	homes, err := Open(dir, testkit.Logger(t))
	require.NoError(t, err)
	home, err := homes.Of("a")
	require.NoError(t, err)
	outside := t.TempDir() + "/file"
	require.NoError(t, os.WriteFile(outside, nil, 0o600))
	here, err := unix.Open(home.Folder, unix.O_PATH|unix.O_DIRECTORY, 0)
	require.NoError(t, err)
	for depth := range 3000 {
		require.NoError(t, unix.Mkdirat(here, "d", 0o700))
		require.NoError(t, unix.Symlinkat(filepath.Dir(outside), here, "link"))
		below, err := unix.Openat(here, "d", unix.O_PATH|unix.O_DIRECTORY, 0)
		require.NoError(t, err)
		require.NoError(t, unix.Close(here))
		here = below
		if depth%1000 == 0 {
			require.NoError(t, unix.Mkdirat(here, ".deep-1", 0o700)) // as the removal itself names them
		}
	}
	require.NoError(t, unix.Close(here))
	most := openAtMost(t, func() { homes.Remove("a") })
	require.NoDirExists(t, home.Folder)
	require.FileExists(t, outside, "no link is followed")
	require.Less(t, most, 3000)
}

// openAtMost is the highest number of descriptors of the process while f runs.
func openAtMost(t *testing.T, f func()) (most int) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	for {
		select {
		case <-done:
			return most
		default:
			entries, err := os.ReadDir("/proc/self/fd")
			require.NoError(t, err)
			most = max(most, len(entries))
		}
	}
}

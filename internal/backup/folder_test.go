package backup

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFolders: those of processes that were killed are removed, and no others.
func TestFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	used, err := NewFolder(dir, ".unpack-")
	require.NoError(t, err)
	info, err := os.Stat(used.Path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	left := filepath.Join(dir, ".unpack-left")
	killed := exec.Command("sh", "-c", `mkdir "$1" && echo key >"$1/key" && kill -KILL $$`, "sh", left)
	require.Error(t, killed.Run())
	young, other := filepath.Join(dir, ".unpack-young"), filepath.Join(dir, ".other")
	require.NoError(t, os.Mkdir(young, 0o700))
	require.NoError(t, os.Mkdir(other, 0o700))
	longAgo := time.Now().Add(-2 * leftAfter)
	for _, path := range []string{used.Path, left, other} {
		require.NoError(t, os.Chtimes(path, longAgo, longAgo))
	}

	next, err := NewFolder(dir, ".unpack-")
	require.NoError(t, err)
	require.NoDirExists(t, left)
	for _, path := range []string{used.Path, young, other, next.Path} {
		require.DirExists(t, path)
	}
	require.NoError(t, used.Remove())
	require.NoError(t, next.Remove())
	require.NoDirExists(t, used.Path)
	require.NoDirExists(t, next.Path)
}

// TestFilesAreNotReplaced, in either way to move them.
func TestFilesAreNotReplaced(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(from, to string) error{"place": place, "placePlainly": placePlainly} {
		from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
		require.NoError(t, os.WriteFile(from, []byte("new"), 0o600))
		require.NoError(t, os.WriteFile(to, []byte("old"), 0o600))
		require.ErrorIs(t, move(from, to), os.ErrExist, name)
		require.FileExists(t, from)
		require.NoError(t, os.Remove(to))
		require.NoError(t, move(from, to), name)
		text, err := os.ReadFile(to)
		require.NoError(t, err)
		require.Equal(t, "new", string(text))
		require.NoFileExists(t, from)
	}
}

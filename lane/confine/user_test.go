package confine_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/lane/confine"
)

func ownerOf(t *testing.T, path string) uint32 {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return info.Sys().(*syscall.Stat_t).Uid
}

// A folder's user lasts with it, is no other folder's, and gets the files that the server has
// made there.
func TestUsersOfFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, nil, 0o600))
	folder := func(name string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Join(path, "sub"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(path, "sub", "file"), nil, 0o600))
		return path
	}
	a, b := folder("a"), folder("b")
	require.NoError(t, os.Symlink(outside, filepath.Join(a, "link")))
	owners := confine.NewOwners(dir)
	first, err := owners.Own(a)
	require.NoError(t, err)
	if os.Geteuid() != 0 {
		require.Zero(t, first)
		return
	}
	second, err := owners.Own(b)
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	for _, path := range []string{a, filepath.Join(a, "sub"), filepath.Join(a, "sub", "file"), filepath.Join(a, "link")} {
		require.Equal(t, first, ownerOf(t, path), path)
	}
	require.Zero(t, ownerOf(t, outside), "links are not followed")
	require.NoError(t, os.WriteFile(filepath.Join(a, "late"), nil, 0o600))
	again, err := confine.NewOwners(dir).Own(a) // of the next server
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, first, ownerOf(t, filepath.Join(a, "late")))
	require.NoError(t, os.RemoveAll(b))
	third, err := owners.Own(folder("c"))
	require.NoError(t, err)
	require.NotContains(t, []uint32{first, second}, third, "a user is not given again at once")
}

package homes_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/homes"
)

func setup(t *testing.T) (all *homes.Homes, dir string) {
	dir = filepath.Join(t.TempDir(), "files")
	all, err := homes.Open(dir, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return all, dir
}

func TestHomesOfSubtenants(t *testing.T) {
	t.Parallel()
	all, dir := setup(t)
	a, err := all.Of("a")
	require.NoError(t, err)
	require.Equal(t, homes.Home{Folder: dir + "/a", Temporary: dir + "/a/tmp"}, a)
	require.DirExists(t, a.Temporary)
	again, err := all.Of("a")
	require.NoError(t, err)
	require.Equal(t, a, again)
	seen := map[string]bool{}
	for _, tenant := range []string{"../b", "b/c", strings.Repeat("x", 63), strings.Repeat("x", 64), "ä", "."} {
		home, err := all.Of(tenant)
		require.NoError(t, err)
		require.Equal(t, dir, filepath.Dir(home.Folder), tenant)
		require.LessOrEqual(t, len(filepath.Base(home.Folder)), 32)
		require.False(t, seen[home.Folder], tenant)
		seen[home.Folder] = true
	}
}

func TestOldTemporaryFilesOfAHome(t *testing.T) {
	t.Parallel()
	first, dir := setup(t)
	home, err := first.Of("a")
	require.NoError(t, err)
	old, young, kept := home.Temporary+"/old", home.Temporary+"/young", home.Folder+"/kept"
	for _, path := range []string{old, young, kept} {
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	before := time.Now().Add(-48 * time.Hour)
	require.NoError(t, os.Chtimes(old, before, before))
	require.NoError(t, os.Chtimes(kept, before, before))
	second, err := homes.Open(dir, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	_, err = second.Of("a")
	require.NoError(t, err)
	require.NoFileExists(t, old)
	require.FileExists(t, young)
	require.FileExists(t, kept)
}

func TestHomesOfDeletedSubtenants(t *testing.T) {
	t.Parallel()
	all, dir := setup(t)
	for _, tenant := range []string{"a", "b", "c"} {
		home, err := all.Of(tenant)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(home.Folder+"/file", nil, 0o600))
	}
	all.Remove("a")
	all.Remove("unknown")
	require.NoDirExists(t, dir+"/a")
	require.NoError(t, all.Sweep(func() ([]string, error) {
		_, err := all.Of("d") // one that is made meanwhile
		return []string{"a", "c"}, err
	}))
	require.DirExists(t, dir+"/d")
	require.NoDirExists(t, dir+"/b")
	require.FileExists(t, dir+"/c/file")
	home, err := all.Of("b") // one that is made again is ready again
	require.NoError(t, err)
	require.DirExists(t, home.Temporary)
}

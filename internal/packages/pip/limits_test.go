package pip_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/packages/pip"
	"maestro/internal/testkit/index"
)

// resolved is a package's entry in a lock.
func resolved(t *testing.T, r *pip.Runner, name string) model.LockedPackage {
	t.Helper()
	lock, err := r.Resolve(t.Context(), parse(t, name), nil, quiet)
	require.NoError(t, err)
	return *lock.Find(name)
}

// Packages that are too large are refused by their wheels' directories, before
// any of their files is written.
func TestTooMuchIsNotUnpacked(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range 900 {
		many[fmt.Sprintf("many/f%d.txt", i)] = ""
	}
	ix := index.New(t,
		index.Wheel{Name: "bomb", Version: "1", Files: map[string]string{"bomb.bin": strings.Repeat("\x00", 30<<20)}}, // 30 KB as a wheel
		index.Wheel{Name: "many", Version: "1", Files: many},
		index.Wheel{Name: "deep", Version: "1", Files: map[string]string{strings.Repeat("d/", 900) + "deep.py": ""}},
		index.Wheel{Name: "some", Version: "1", Files: map[string]string{"some/a.py": "", "some/b.py": ""}},
	)
	r := runner(t, ix.URL())
	const bytes, files = 20 << 20, 800
	lock, err := r.Resolve(t.Context(), parse(t, "bomb", "many", "deep", "some"), nil, quiet)
	require.NoError(t, err)
	for _, name := range []string{"bomb", "many", "deep"} {
		folder := t.TempDir()
		var refused *pip.Error
		err := r.Unpack(t.Context(), map[string]model.LockedPackage{folder: *lock.Find(name)}, bytes, files, quiet)
		require.ErrorAs(t, err, &refused, name)
		require.Contains(t, refused.Text, "exceed the limits of 20 MB and 800 files", name)
		left, err := os.ReadDir(folder)
		require.NoError(t, err)
		require.Empty(t, left, name)
	}
	folder := t.TempDir()
	require.NoError(t, r.Unpack(t.Context(), map[string]model.LockedPackage{folder: *lock.Find("some")}, bytes, files, quiet))
	require.FileExists(t, filepath.Join(folder, "some", "a.py"))
}

// A child that wants more memory than it may have gets an error, and the machine
// keeps the rest.
func TestMemoryOfChildren(t *testing.T) {
	t.Parallel()
	ix := index.New(t,
		index.Wheel{Name: "talks", Version: "1", Description: strings.Repeat("It is a fine package.\n", 4<<20)},
		index.Wheel{Name: "grows", Version: "1", Files: map[string]string{"grows.py": strings.Repeat("a = 1\n", 2<<20), "small.py": "A = 1\n"}},
	)
	r := runner(t, ix.URL(), func(o *pip.Options) { o.MaxMemory = 160 << 20 })
	_, err := r.Resolve(t.Context(), parse(t, "talks"), nil, quiet)
	var refused *pip.Error
	require.ErrorAs(t, err, &refused)
	require.Contains(t, refused.Text, "memory limit of 160 MB")
	folder := t.TempDir()
	require.NoError(t, r.Unpack(t.Context(), map[string]model.LockedPackage{folder: resolved(t, r, "grows")}, mostBytes, mostFiles, quiet))
	compiled, err := filepath.Glob(filepath.Join(folder, "__pycache__", "*.pyc"))
	require.NoError(t, err)
	require.Len(t, compiled, 1, "the large one is not compiled, which is its own matter")
	require.Contains(t, compiled[0], "small")
}

package kit

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExaminationOfACompleteHome(t *testing.T) {
	t.Parallel()
	home, _ := shared()
	version, err := Examine(t.Context(), home)
	require.NoError(t, err)
	require.Equal(t, Version, version)
	link := filepath.Join(t.TempDir(), "python")
	require.NoError(t, os.Symlink(home, link))
	version, err = Examine(t.Context(), link)
	require.NoError(t, err)
	require.Equal(t, Version, version)
}

func TestExaminationOfAnInterpreterThatDoesNotRun(t *testing.T) {
	t.Parallel()
	home := copyOfHome(t)
	program := filepath.Join(home, "bin", "python3")
	require.NoError(t, os.Remove(program))
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\necho \"libc.so.6: version GLIBC_9.9 not found\" >&2\nexit 1\n"), 0o755))
	_, err := Examine(t.Context(), home)
	require.ErrorContains(t, err, "bin/python3 does not run: exit status 1: libc.so.6: version GLIBC_9.9 not found")
}

func TestExaminationOfAHomeThatBelongsToAnother(t *testing.T) {
	t.Parallel()
	home := copyOfHome(t)
	program := filepath.Join(home, "bin", "python3")
	other, _ := shared()
	require.NoError(t, os.Remove(program))
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\nexec "+other+"/bin/python3 \"$@\"\n"), 0o755))
	_, err := Examine(t.Context(), home)
	require.ErrorContains(t, err, "takes its library from "+other)
}

func TestFaultsOfAnExaminedPython(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	fine := examined{Version: "3.14.9", Major: 3, Minor: 14, Level: "final", GIL: true, Prefix: home}
	require.NoError(t, fine.fault(home))
	for want, change := range map[string]func(*examined){
		"is Python 3.15.0, and this server needs a 3.14": func(e *examined) { e.Minor, e.Version = 15, "3.15.0" },
		"a pre-release":                     func(e *examined) { e.Level = "candidate" },
		"free-threaded":                     func(e *examined) { e.GIL = false },
		"a debug build":                     func(e *examined) { e.Debug = true },
		"takes its library from /elsewhere": func(e *examined) { e.Prefix = "/elsewhere" },
		"has no working module _ssl":        func(e *examined) { e.Missing = []string{"module _ssl (no libssl)"} },
	} {
		bad := fine
		change(&bad)
		require.ErrorContains(t, bad.fault(home), want)
	}
}

func TestByteCodeOfAHomeWithoutIt(t *testing.T) {
	t.Parallel()
	home := copyOfHome(t)
	cache := filepath.Join(home, "lib", "python3.14", "__pycache__")
	require.NoError(t, os.RemoveAll(cache))
	var lines []string
	require.NoError(t, Compile(t.Context(), home, func(line string) { lines = append(lines, line) }))
	require.FileExists(t, filepath.Join(cache, "os.cpython-314.pyc"))
	require.NoError(t, Compile(t.Context(), home, func(line string) { lines = append(lines, line) }))
	require.Len(t, lines, 1, "it is compiled once")
}

func TestPipOfAHomeThatHasNone(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	path, err := Pip(t.Context(), data, t.TempDir())
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(path, "pip", "__main__.py"))
	again, err := Pip(t.Context(), data, t.TempDir())
	require.NoError(t, err)
	require.Equal(t, path, again)
	home, _ := shared()
	path, err = Pip(t.Context(), data, home)
	require.NoError(t, err)
	require.Equal(t, PipPath(home), path)
}

// copyOfHome is a copy of the kit that a test may change.
func copyOfHome(t *testing.T) string {
	t.Helper()
	home, _ := shared()
	to := filepath.Join(t.TempDir(), "home")
	require.NoError(t, os.CopyFS(to, os.DirFS(home)))
	return to
}

package stubs

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/cpython/kit"
	"maestro/internal/folder"
	"maestro/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden stubs")

func write(t *testing.T, dir string) Written {
	t.Helper()
	f, err := folder.Read(dir)
	require.NoError(t, err)
	w, err := Write(t.Context(), f, kit.Executable(testkit.KitHome(t)), "class Maestro: ...\n")
	require.NoError(t, err)
	return w
}

func TestStubsOfAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/functions")))
	w := write(t, dir)
	require.Equal(t, 13, w.Functions)
	require.Equal(t, []folder.Fault{{File: "unfinished.py", Message: "'(' was never closed (<stubs>, line 1)"}}, w.Faults)
	require.Len(t, w.Files, 4)
	require.True(t, Exist(dir))
	require.Empty(t, write(t, dir).Files, "an editor sees no change")
	for _, name := range []string{builtinsFile, siblingsFile} {
		got, err := os.ReadFile(filepath.Join(dir, Folder, name))
		require.NoError(t, err)
		golden := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(golden, got, 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
}

// Python itself reads the stubs.
func TestStubsAreValidPython(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/functions")))
	require.NoError(t, os.CopyFS(dir, os.DirFS("../../examples/functions")))
	w := write(t, dir)
	for _, file := range w.Files {
		cmd := exec.Command(kit.Executable(testkit.KitHome(t)), "-I", "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", filepath.Join(dir, file))
		var errs bytes.Buffer
		cmd.Stderr = &errs
		require.NoError(t, cmd.Run(), errs.String())
	}
}

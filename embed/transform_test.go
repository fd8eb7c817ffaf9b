package embed

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

var everyFile = flag.Bool("every-file", false,
	"compare the transform with the compiler in all files of Python's library, not in a sample of them")

// TestTransform runs the table of scoping cases, and what else is Python's to
// test about transform.py.
func TestTransform(t *testing.T) {
	t.Parallel()
	runPython(t, "testdata/transform/test_transform.py")
}

// TestTransformAgainstCompiler holds each decision about a call in Python's own
// library against the opcode that the compiler emits for it.
func TestTransformAgainstCompiler(t *testing.T) {
	t.Parallel()
	every := 8
	if *everyFile {
		every = 1
	}
	library := filepath.Join(testkit.KitHome(t), "lib", "python3.14")
	total := runPython(t, "testdata/transform/check_compiler.py", library, "--every", strconv.Itoa(every))
	t.Log(total)
	require.Regexp(t, `^files=\d{2,} calls=\d{4,} .*rewritten=\d{3,} differences=0\n$`, total)
}

// runPython runs a program with the kit's Python in a process of its own and
// returns what it prints.
func runPython(t *testing.T, arguments ...string) string {
	t.Helper()
	home := testkit.KitHome(t)
	command := exec.CommandContext(t.Context(), filepath.Join(home, "bin", "python3.14"), append([]string{"-B"}, arguments...)...)
	command.Env = append(os.Environ(), "PYTHONHOME="+home, "PYTHONUTF8=1")
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return string(output)
}

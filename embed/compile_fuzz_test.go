package embed

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// FuzzCompile: compiling any text ends with a program, or with an error of its
// author. A crash of Python would end the test process.
func FuzzCompile(f *testing.F) {
	files, err := filepath.Glob("testdata/functions/*/*/*.py")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(string(source))
	}
	f.Add("def main(x): return [[[f(x) for a in b] for a in b] for a in b]")
	f.Add("def main(x): return '\x00\xff'")
	h := startPython(f, Options{WarmPool: -1})
	f.Fuzz(func(t *testing.T, source string) {
		program, err := h.Compile(t.Context(), "main", 1, source)
		if err == nil {
			require.NotEmpty(t, program.Code)
			return
		}
		require.Contains(t, []model.Code{model.CodeSyntaxError, model.CodeNoSuchDef}, model.CodeOf(err), err)
	})
}

package cpython

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sources returns the text of the package's own files, tests aside, by name.
func sources(t *testing.T, patterns ...string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range names {
			if !strings.HasSuffix(name, "_test.go") {
				text, err := os.ReadFile(name)
				require.NoError(t, err)
				texts[name] = string(text)
			}
		}
	}
	require.NotEmpty(t, texts)
	return texts
}

// PyGILState knows one interpreter only: with several it attaches to the wrong
// one, or crashes.
func TestNoGILState(t *testing.T) {
	t.Parallel()
	for name, text := range sources(t, "*.c", "*.h", "*.go") {
		require.NotContains(t, text, "PyGILState"+"_", name)
	}
}

// An exported function that panics ends the process.
func TestEveryCallbackRecovers(t *testing.T) {
	t.Parallel()
	export := regexp.MustCompile(`(?s)//export (\w+)\nfunc (\w+)\([^{]*\{\n\t(defer recovered\()?`)
	for name, text := range sources(t, "*.go") {
		found := export.FindAllStringSubmatch(text, -1)
		require.Equal(t, strings.Count(text, "//export "), len(found), name)
		for _, match := range found {
			require.Equal(t, "callbacks.go", name, match[1])
			require.Equal(t, match[1], match[2])
			require.True(t, strings.HasPrefix(match[1], "go_maestro_"), match[1])
			require.NotEmpty(t, match[3], "%s does not recover first", match[1])
		}
	}
}

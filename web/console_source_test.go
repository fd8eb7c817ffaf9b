package web

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const consoleSource = "console/src"

// consoleSources are the files from which the console is built.
func consoleSources(t *testing.T) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(consoleSource, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && (strings.HasSuffix(name, ".svelte") || strings.HasSuffix(name, ".ts")) {
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}))
	return names
}

func readSource(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

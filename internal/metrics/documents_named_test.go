package metrics

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documents are the texts for operators.
func documents(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../deploy/*/*", "../../deploy/*"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			if name := filepath.Base(path); name == "internals.md" || name == "architecture.md" {
				continue // pages for developers
			}
			if text, err := os.ReadFile(path); err == nil { // not a folder
				found[path] = string(text)
			}
		}
	}
	require.Greater(t, len(found), 10)
	return found
}

// TestDocumentsNameMetricsThatExist reads each name in running text too; a name that
// an ellipsis follows is the beginning of several.
func TestDocumentsNameMetricsThatExist(t *testing.T) {
	t.Parallel()
	var names []string
	for _, d := range complete(t).Definitions() {
		names = append(names, d.Name)
	}
	seen := 0
	for path, text := range documents(t) {
		for _, found := range regexp.MustCompile("`(maestro_[a-z_]+)(…?)").FindAllStringSubmatch(text, -1) {
			if found[1] == "maestro_test" || found[1] == "maestro_session" {
				continue // the Python module of tests, and the cookie of the console
			}
			seen++
			require.True(t, slices.ContainsFunc(names, func(name string) bool {
				if found[2] != "" {
					return strings.HasPrefix(name, found[1])
				}
				return name == found[1]
			}), "%s names %s, which is not served", path, found[1])
		}
	}
	require.Greater(t, seen, len(names))
}

func TestDocumentsNameAlertsThatExist(t *testing.T) {
	t.Parallel()
	var names []string
	for _, r := range readRules(t) {
		names = append(names, r.Alert)
	}
	seen := 0
	for path, text := range documents(t) {
		for _, found := range regexp.MustCompile("`(Maestro[A-Z][A-Za-z]+)`").FindAllStringSubmatch(text, -1) {
			seen++
			require.Contains(t, names, found[1], path)
		}
	}
	require.GreaterOrEqual(t, seen, len(names))
}

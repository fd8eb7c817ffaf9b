package config

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// notSettings begin like settings, and are none of the server's.
var notSettings = map[string]string{
	"MAESTRO_URL":     "where the command line's clients find a server",
	"MAESTRO_TOKEN":   "their token",
	"MAESTRO_PROFILE": "the profile that they use",
}

// TestDocumentsNameSettingsThatExist reads the names in running text, in commands and
// in the files that install the server.
func TestDocumentsNameSettingsThatExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, s := range Settings() {
		known[s.Name] = true
	}
	seen := 0
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../deploy/*/*", "../../deploy/*"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if name := filepath.Base(path); err != nil || name == "internals.md" || name == "architecture.md" {
				continue // a folder, or a page for developers
			}
			for _, name := range regexp.MustCompile(`\b(?:MAESTRO|OTEL|CENSUS|METRICS)_[A-Z_]*[A-Z]\b`).FindAllString(string(text), -1) {
				seen++
				if notSettings[name] == "" {
					require.True(t, known[name], "%s names the setting %s, which does not exist", path, name)
				}
			}
		}
	}
	require.Greater(t, seen, len(known)/2)
}

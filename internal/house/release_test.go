package house

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStatedGlibc compares what operators read with what releases are built for.
func TestStatedGlibc(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../../scripts/dist")
	require.NoError(t, err)
	lowest := regexp.MustCompile(`(?m)^GLIBC=([0-9.]+)$`).FindSubmatch(script)
	require.NotNil(t, lowest)
	document, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	require.Contains(t, string(document), "**glibc "+string(lowest[1])+"**")
}

//go:build browser

package main

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The pages in a real browser: they load with the network cut, without a message
// in the console, and "Try it out" runs a function. The build tag keeps Chromium,
// Node.js and playwright-core out of `make test`; `make test-browser` runs it.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	const missing = "is missing: scripts/setup browser installs it where it can"
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium", missing)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node", missing)
	}
	folder, err := filepath.Abs("../../web/test")
	require.NoError(t, err)
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "playwright-core")); err != nil {
		t.Skip("playwright-core", missing)
	}
	c := newClient(t)
	pictures := cmp.Or(os.Getenv("SCREENSHOTS"), t.TempDir()) // SCREENSHOTS is a folder to look at them
	cmd := exec.Command(node, "pages.mjs", c.url, c.token, pictures)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium)
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.Contains(t, string(said), "# pass 11")
}

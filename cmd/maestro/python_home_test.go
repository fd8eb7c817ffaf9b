package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// The folders of Python and of the server's data are often links to a larger disk, and
// below the operator's home directory, which functions may not read otherwise.
func TestFoldersBehindLinks(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	data, python := filepath.Join(dir, "data"), filepath.Join(dir, "python")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "disk"), 0o755))
	require.NoError(t, os.Symlink("disk", data))
	require.NoError(t, os.Symlink(testkit.KitHome(t), python))
	p := start(t, data, "MAESTRO_PYTHON_HOME="+python, "HOME="+dir,
		"DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40), "CENSUS_JWT_SECRET="+jwtSecret)
	c := p.client(t, "acme")
	c.define("uses", `
import csv, sqlite3, subprocess, sys, tempfile, zoneinfo
def uses(input):
    with open("kept", "w") as file:
        file.write("x")
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
    child = subprocess.run([sys.executable, "-c", "import csv; print(1)"], capture_output=True, text=True)
    return [open("kept").read(), child.stdout, child.stderr]
`)
	require.JSONEq(t, `["x","1\n",""]`, c.result("uses", nil))
}

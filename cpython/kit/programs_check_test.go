package kit

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// mountVariable makes this test binary look at a folder in namespaces of its own.
const mountVariable = "MAESTRO_TEST_NOEXEC"

// TestFileSystemsThatRunNoPrograms: a data folder on one is refused before Python is unpacked there.
func TestFileSystemsThatRunNoPrograms(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(mountVariable); dir != "" {
		_, err := Ensure(t.Context(), dir, nil)
		require.ErrorContains(t, err, "its file system is mounted noexec")
		return
	}
	require.NoError(t, checkPrograms(t.TempDir()))
	require.Error(t, checkPrograms("/nonexistent"))
	dir := t.TempDir()
	inside := exec.Command("unshare", "--user", "--map-root-user", "--mount", "sh", "-euc", `mount -t tmpfs -o noexec tmpfs "$1"; exec "$2" -test.run='^TestFileSystemsThatRunNoPrograms$'`, "sh", dir, os.Args[0])
	inside.Env = append(os.Environ(), mountVariable+"="+dir)
	output, err := inside.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

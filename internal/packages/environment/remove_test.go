package environment_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// beNobody says that the test binary was started as a user whom modes concern.
const beNobody = "MAESTRO_TEST_BE_NOBODY"

// asNobody runs the test as a user that is not root, in a process of its own
// when it is root that runs the tests; it reports whether that has happened.
func asNobody(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 || os.Getenv(beNobody) != "" {
		return false
	}
	dir := testkit.DataDir(t)
	program, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "test"), program, 0o755)) // other users have no access to the folder of the build
	require.NoError(t, os.Mkdir(filepath.Join(dir, "temp"), 0o755))
	const nobody = 65534
	require.NoError(t, os.Chown(filepath.Join(dir, "temp"), nobody, nobody))
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "test"), "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.Env = dir, []string{beNobody + "=1", "TMPDIR=" + filepath.Join(dir, "temp")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.Contains(t, string(said), "--- PASS: "+t.Name())
	return true
}

// A subtenant's code may write to its folder of packages, and take away the
// rights that are needed to remove it.
func TestFoldersThatKeepTheirOwnerOut(t *testing.T) {
	t.Parallel()
	if asNobody(t) {
		return
	}
	f := &trees{files: map[string]map[string]string{"a": {"a/b/c.py": "A"}}}
	dir := t.TempDir()
	lockUp := func(path string) {
		for _, below := range []string{"a/b", "a", "."} {
			require.NoError(t, os.Chmod(filepath.Join(path, below), 0))
		}
	}
	folders := open(t, dir, f)
	path, err := folders.Build(t.Context(), of(1, "a"), quiet)
	require.NoError(t, err)
	age(t, path)
	lockUp(path)
	require.NoError(t, os.Chmod(filepath.Dir(path), 0))
	folders.Sweep(func(string, string) bool { return false })
	require.NoDirExists(t, path)
	require.NoDirExists(t, filepath.Dir(path))

	path, err = folders.Build(t.Context(), of(1, "a"), quiet)
	require.NoError(t, err)
	lockUp(path)
	folders.Forget("acme")
	require.NoDirExists(t, path)
	made, err := os.ReadDir(folders.TempDir())
	require.NoError(t, err)
	require.Len(t, made, 1, "the lock alone")

	// What a killed server has left is no reason not to start, nor is a folder
	// that should be open.
	left := filepath.Join(dir, "temp", "1-left")
	require.NoError(t, os.MkdirAll(filepath.Join(left, "gone-1", "folder", "a", "b"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(left, "lock"), nil, 0))
	lockUp(filepath.Join(left, "gone-1", "folder"))
	require.NoError(t, os.Chmod(left, 0))
	require.NoError(t, os.Chmod(folders.TempDir(), 0))
	require.NoError(t, os.Chmod(filepath.Join(dir, "temp"), 0))
	require.NoError(t, os.Chmod(filepath.Join(dir, "environments"), 0))
	_, err = open(t, dir, f).Build(t.Context(), of(2, "a"), quiet)
	require.NoError(t, err)
	require.NoDirExists(t, left)
	require.DirExists(t, folders.TempDir(), "that of a living one")
}

// A subtenant without packages has nothing to forget.
func TestForgetNothing(t *testing.T) {
	t.Parallel()
	folders := open(t, t.TempDir(), &trees{})
	folders.Forget("acme")
	made, err := os.ReadDir(folders.TempDir())
	require.NoError(t, err)
	require.Len(t, made, 1, "the lock alone")
}

// age makes a folder old enough to be swept.
func age(t *testing.T, path string) {
	t.Helper()
	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, long, long))
}

package child_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/cpython/kit"
	"maestro/internal/packages/child"
	"maestro/internal/testkit"
)

// shell is a command for sh, and what it writes.
func shell(t *testing.T, script string) (*child.Command, *bytes.Buffer) {
	t.Helper()
	out := &bytes.Buffer{}
	return &child.Command{
		Python: kit.Executable(testkit.KitHome(t)), Args: []string{"/bin/sh", "-c", script}, Dir: t.TempDir(), Env: []string{"PATH=/usr/bin:/bin"}, Stdout: out, Stderr: out,
	}, out
}

// lives reports whether there is a process, zombies aside.
func lives(pid string) bool {
	state, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(state), ") Z ")
}

// appears waits for a file and returns its content.
func appears(t *testing.T, path string) (text string) {
	t.Helper()
	require.Eventually(t, func() bool {
		content, err := os.ReadFile(path)
		text = strings.TrimSpace(string(content))
		return err == nil && strings.HasSuffix(string(content), "\n")
	}, 30*time.Second, 2*time.Millisecond)
	return text
}

func TestAProgramRuns(t *testing.T) {
	t.Parallel()
	c, out := shell(t, `read line; echo "$line $A" $(pwd); echo report >&3; ls /proc/self/fd | wc -l; exit 3`)
	c.Stdin, c.Env = strings.NewReader("in\n"), append(c.Env, "A=b", "PYTHONHOME=/nowhere")
	report, told, err := os.Pipe()
	require.NoError(t, err)
	c.Report = told
	status, err := c.Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, told.Close())
	require.EqualValues(t, 3, status)
	require.Zero(t, status.Signal())
	text, err := io.ReadAll(report)
	require.NoError(t, err)
	require.Equal(t, "report\n", string(text))
	require.Equal(t, "in b "+c.Dir+"\n5\n", out.String(), "four descriptors, and the one that reads the folder")

	c, out = shell(t, "kill -ILL $$")
	status, err = c.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, syscall.SIGILL, status.Signal(), out)
	c.Args[0] = "/no/such/program"
	status, err = c.Run(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 127, status)
	require.Contains(t, out.String(), "/no/such/program can't be run")
}

// All processes that a program has started end with it, even those that have left its session.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	const script = "setsid sh -c 'sleep 1000 & echo $! > away.new; mv away.new away; wait' & while [ ! -e away ]; do sleep 0.01; done"
	c, _ := shell(t, script)
	status, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Zero(t, status)
	require.False(t, lives(appears(t, filepath.Join(c.Dir, "away"))))

	c, _ = shell(t, script+"; sleep 1000")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.Run(ctx)
		ended <- err
	}()
	away := appears(t, filepath.Join(c.Dir, "away"))
	require.True(t, lives(away))
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.False(t, lives(away))

	c, _ = shell(t, script+"; sleep 1000")
	c.Limits.Time = 500 * time.Millisecond
	status, err = c.Run(t.Context())
	require.NoError(t, err, "the guard did that, not the server")
	require.Equal(t, syscall.SIGKILL, status.Signal())
	if away, err := os.ReadFile(filepath.Join(c.Dir, "away")); err == nil {
		require.False(t, lives(strings.TrimSpace(string(away))))
	}
}

// beParent makes the test binary a process that runs a child and is killed.
const beParent = "MAESTRO_TEST_BE_PARENT"

func TestNothingOutlivesAServerThatIsKilled(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(beParent); dir != "" {
		c, _ := shell(t, "setsid sleep 1000 & echo $! > a; echo $$ > b; echo done > c; trap '' TERM HUP; while :; do :; done")
		c.Dir = dir
		_, err := c.Run(t.Context())
		require.NoError(t, err)
		return
	}
	dir := t.TempDir()
	parent := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	parent.Env = append(os.Environ(), beParent+"="+dir)
	require.NoError(t, parent.Start())
	appears(t, filepath.Join(dir, "c"))
	pids := []string{appears(t, filepath.Join(dir, "a")), appears(t, filepath.Join(dir, "b"))}
	require.True(t, lives(pids[0]))
	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	for _, pid := range pids {
		require.Eventually(t, func() bool { return !lives(pid) }, 20*time.Second, 5*time.Millisecond)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	run := func(program string, limits child.Limits) (child.Status, string) {
		c, out := shell(t, "")
		c.Args, c.Limits = []string{c.Python, "-S", "-c", program}, limits
		status, err := c.Run(t.Context())
		require.NoError(t, err)
		return status, out.String()
	}
	status, said := run("x = bytearray(200 << 20)", child.Limits{Memory: 100 << 20})
	require.EqualValues(t, 1, status)
	require.Contains(t, said, "MemoryError")
	status, said = run("open('x', 'wb').write(bytes(2 << 20))", child.Limits{File: 1 << 20})
	require.EqualValues(t, 1, status)
	require.Contains(t, said, "File too large")
	status, _ = run("while True: pass", child.Limits{Processor: time.Second})
	require.Contains(t, []syscall.Signal{syscall.SIGKILL, syscall.SIGXCPU}, status.Signal())
	status, said = run("import resource; print(resource.getrlimit(resource.RLIMIT_CORE))", child.Limits{})
	require.Zero(t, status)
	require.Equal(t, "(0, 0)\n", said)
}

// A program's file may be replaced while the server runs.
func TestAProgramWhoseFileIsReplaced(t *testing.T) {
	t.Parallel()
	c, out := shell(t, "echo $0")
	text, err := os.ReadFile("/bin/sh")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(path, text, 0o755))
	c.Program, err = os.Open(path)
	require.NoError(t, err)
	defer c.Program.Close()
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.WriteFile(path, []byte("another one"), 0o755))
	c.Args[0] = path
	status, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Zero(t, status, out)
	require.Equal(t, path+"\n", out.String())
}

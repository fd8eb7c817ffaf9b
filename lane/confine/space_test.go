package confine_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
	"maestro/lane/confine"
)

// steps runs a program that does one step for each line that it is sent, and answers
// each with a line.
type steps struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

func (c *confined) start(t *testing.T, source string) *steps {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.python, "-I", "-u", "-c", "import os, sys\n"+source+"\nfor line in sys.stdin:\n    try:\n        print(eval(line))\n    except BaseException as e:\n        print(type(e).__name__, e)\n")
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + c.home.Folder}
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	release, err := c.report.Apply(cmd, c.policy, testkit.Logger(t))
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		release()
	})
	return &steps{t: t, cmd: cmd, in: in, out: bufio.NewReader(out)}
}

func (s *steps) do(expression string) string {
	s.t.Helper()
	_, err := io.WriteString(s.in, expression+"\n")
	require.NoError(s.t, err)
	line, err := s.out.ReadString('\n')
	require.NoError(s.t, err)
	return strings.TrimSpace(line)
}

func TestAFullFolder(t *testing.T) {
	t.Parallel()
	c := setup(t)
	c.policy.File = 16 << 20
	space := confine.NewSpace(c.home.Folder, 10<<20)
	program := c.start(t, `
def fill(name, size):
    with open(name, "wb") as file:
        return file.write(bytes(size))
def fork_and_fill():
    pid = os.fork()
    if pid == 0:
        try:
            fill("child", 1)
        except OSError as e:
            os._exit(e.errno)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
def fill_by_an_orphan():
    reading, writing = os.pipe()
    if os.fork() == 0:
        if os.fork() == 0:
            os.setsid()
            while True:
                try:
                    fill("orphan", 1)
                except OSError:
                    os.write(writing, b"refused")
                    os._exit(0)
        os._exit(0)
    os.wait()
    return reading
`)
	pids := []int{program.cmd.Process.Pid}
	require.Equal(t, "OSError [Errno 27] File too large", program.do(`fill("one", 17 << 20)`), "the bound of one file")
	require.Equal(t, "None", program.do(`os.remove("one")`))
	require.Equal(t, "4194304", program.do(`fill("a", 4 << 20)`))
	require.NoError(t, space.Look(pids, true))
	require.False(t, space.Full())
	require.Greater(t, space.Used(), int64(4<<20))
	orphan := program.do(`fill_by_an_orphan()`)
	require.Equal(t, "8388608", program.do(`fill("tmp/b", 8 << 20)`))
	require.NoError(t, os.Link(filepath.Join(c.home.Folder, "a"), filepath.Join(c.home.Folder, "again")))
	require.Eventually(t, func() bool { return space.Look(pids, true) == nil && space.Full() }, 10e9, 1e6)
	require.Less(t, space.Used(), int64(13<<20), "a file counts once")
	require.Equal(t, "OSError [Errno 27] File too large", program.do(`fill("c", 1)`))
	require.Equal(t, "27", program.do(`fork_and_fill()`))
	require.Equal(t, "None", program.do(`os.remove("c")`))
	if c.report.Holds(confine.Processes) {
		require.Eventually(t, func() bool {
			return space.Look(pids, true) == nil && strings.Contains(program.do(`__import__("select").select([`+orphan+`], [], [], 0.01)`), "["+orphan+"]")
		}, 10e9, 1e6)
	}
	require.Equal(t, "ValueError not allowed to raise maximum limit", program.do(`__import__("resource").setrlimit(1, (16 << 20, 16 << 20))`))
	require.Equal(t, "None", program.do(`os.remove("tmp/b")`))
	require.Eventually(t, func() bool { return space.Look(pids, false) == nil && space.Used() < 10<<20 }, 10e9, 1e6)
	require.False(t, space.Full())
	require.Equal(t, "1", program.do(`fill("c", 1)`))
	require.Equal(t, "OSError [Errno 27] File too large", program.do(`fill("one", 17 << 20)`))
}

// A program that starts processes without end gets an error, and they all end with
// it.
func TestAForkBomb(t *testing.T) {
	t.Parallel()
	c := setup(t)
	c.policy.Tasks = 40
	program := c.start(t, `
import signal
def bomb():
    pids = []
    try:
        while True:
            pid = os.fork()
            if pid == 0:
                os.setsid()
                while True:
                    signal.pause()
            pids.append(pid)
    except OSError as e:
        return len(pids), e.errno
`)
	bounded := c.report.Holds(confine.UID) || c.report.Holds(confine.Users)
	if !bounded {
		t.Skip("neither a user of its own nor a namespace of users")
	}
	answer := program.do("bomb()")
	require.Regexp(t, `^\((3[0-9]), 11\)$`, answer)
	if c.report.Holds(confine.Processes) {
		require.Len(t, offspring(t, program.cmd.Process.Pid), 39)
		before := offspring(t, program.cmd.Process.Pid)
		require.NoError(t, program.cmd.Process.Kill())
		_, err := program.cmd.Process.Wait()
		require.NoError(t, err)
		for _, process := range before {
			require.NoDirExists(t, filepath.Join("/proc", process))
		}
	}
}

// offspring returns the children of a process.
func offspring(t *testing.T, pid int) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ps", "-o", "pid=", "--ppid", strconv.Itoa(pid)).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}

// Folders within each other are counted to a depth, each at the same cost; what is below
// it makes the folder full.
func TestFoldersWithinEachOther(t *testing.T) {
	t.Parallel()
	c := setup(t)
	space := confine.NewSpace(c.home.Folder, 100<<20)
	program := c.start(t, `
def nest(depth):
    here = os.open(".", os.O_RDONLY)
    os.mkdir("nest"); os.chdir("nest")
    for number in range(depth):
        os.mkdir("d"); os.chdir("d")
    open("file", "w").close()
    os.fchdir(here)
def flatten():
    os.system("rm -rf nest")
`)
	pids := []int{program.cmd.Process.Pid}
	look := func() bool {
		require.Eventually(t, func() bool { return space.Look(pids, true) == nil }, 10e9, 1e6)
		return space.Full()
	}
	require.Equal(t, "None", program.do("nest(200)"))
	require.False(t, look())
	require.GreaterOrEqual(t, space.Used(), int64(200*4096))
	require.Equal(t, "None", program.do("flatten()"))
	require.Equal(t, "None", program.do("nest(2000)"))
	require.Eventually(t, look, 10e9, 1e6)
	require.Equal(t, "OSError [Errno 27] File too large", program.do(`os.write(os.open("more", os.O_CREAT | os.O_WRONLY), b"x")`))
	require.Equal(t, "None", program.do("flatten()"))
	require.Eventually(t, func() bool { return !look() }, 10e9, 1e6)
}

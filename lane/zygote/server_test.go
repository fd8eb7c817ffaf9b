package zygote_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/cpython/kit"
	"maestro/internal/homes"
	"maestro/internal/testkit"
	"maestro/lane/confine"
	"maestro/lane/zygote"
)

// serverVariable has TestEndOfTheServer be the server that it kills.
const serverVariable = "MAESTRO_TEST_SERVER"

// beServer starts a zygote and a process of each kind, says their numbers, and waits for its end.
func beServer(t *testing.T) {
	t.Helper()
	cfg := config(t)
	z := start(t, cfg)
	forked := begin(t, cfg, z.Fork)
	spawned := begin(t, cfg, spawning(cfg))
	for _, p := range []*process{forked, spawned} {
		p.order(t, "import hashlib\ndef f(input):\n    hashlib.pbkdf2_hmac('md5', b'', b'', 2**31 - 1)\n", 600)
	}
	fmt.Printf("numbers %d %d %s\n", forked.Pid, spawned.Pid, strings.TrimSpace(parentOf(t, forked.Pid)))
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func parentOf(t *testing.T, pid int) string {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.Fields(rest)[1]
}

func TestEndOfTheServer(t *testing.T) {
	t.Parallel()
	if os.Getenv(serverVariable) != "" {
		beServer(t)
		return
	}
	server := exec.Command(os.Args[0], "-test.run", "^TestEndOfTheServer$", "-test.v")
	server.Env = append(os.Environ(), serverVariable+"=1")
	_, err := server.StdinPipe()
	require.NoError(t, err)
	out, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	var numbers []string
	for lines := bufio.NewScanner(out); numbers == nil && lines.Scan(); {
		if rest, found := strings.CutPrefix(lines.Text(), "numbers "); found {
			numbers = strings.Fields(rest)
		}
	}
	require.Len(t, numbers, 3)
	for _, pid := range numbers {
		require.True(t, lives(pid))
	}
	require.NoError(t, server.Process.Kill())
	_ = server.Wait()
	for _, pid := range numbers {
		require.Eventually(t, func() bool { return !lives(pid) }, eventually, often)
	}
}

// confined has processes confined as the process lane does it.
func confined(t testing.TB) zygote.Config {
	t.Helper()
	cfg := config(t, "json", "multiprocessing")
	report, err := confine.Probe(t.Context(), t.TempDir())
	require.NoError(t, err)
	all, err := homes.Open(t.TempDir(), testkit.Logger(t))
	require.NoError(t, err)
	home, err := all.Of("a")
	require.NoError(t, err)
	user, err := confine.NewOwners(t.TempDir()).Own(home.Folder)
	require.NoError(t, err)
	cfg.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + home.Folder, "TMPDIR=" + home.Temporary}
	cfg.Prepare = func(cmd *exec.Cmd) (func(), error) {
		return report.Apply(cmd, confine.Policy{
			Readable: []string{cfg.Home, cfg.Binary, kit.Executable(cfg.Home)}, Scratch: home.Folder, Temporary: home.Temporary, User: user,
			Network: &confine.Destinations{}, Tasks: 256, Files: 256, File: 64 << 20,
		}, testkit.Logger(t))
	}
	return cfg
}

func TestConfinedProcesses(t *testing.T) {
	t.Parallel()
	cfg := confined(t)
	source := `
import multiprocessing, os, subprocess
def f(input):
    with open(os.path.expanduser("~/file"), "w") as file:
        file.write("text")
    try:
        found = os.listdir("/root")
    except OSError:
        found = []
    pid = os.fork()
    if pid == 0:
        os._exit(3)
    forked = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return [open(os.path.expanduser("~/file")).read(), found, forked, pool.map(abs, [-1]),
                subprocess.check_output(["echo", "a"], text=True)]
`
	z := start(t, cfg)
	forked := begin(t, cfg, z.Fork)
	for _, p := range []*process{forked, begin(t, cfg, spawning(cfg))} {
		require.JSONEq(t, `["text", [], 3, [1], "a\n"]`, p.value(t, source))
	}
	require.NoError(t, syscall.Kill(forked.Pid, 0), "the number is the one that the server knows")
	require.NoError(t, forked.Kill())
	select {
	case <-forked.Exited():
	case <-time.After(eventually):
		t.Fatal("it lives")
	}
	require.Equal(t, syscall.SIGKILL, forked.Status().Signal())
}

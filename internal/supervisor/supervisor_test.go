package supervisor

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A supervisor ends every child of its process, so each test has one in a process of
// its own: the test binary is the supervisor when roleVariable is set, and a server
// when its first argument is serverRole.
const (
	roleVariable = "MAESTRO_TEST_ROLE"
	serverRole   = "server"
)

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); {
	case len(os.Args) > 1 && os.Args[1] == serverRole:
		os.Exit(serve(role))
	case role == "reaper":
		os.Exit(beReaper())
	case role != "":
		os.Exit(supervise(role))
	}
	os.Exit(m.Run())
}

// say prints a line at once, for the test.
func say(words ...any) { _, _ = fmt.Fprintln(os.Stdout, words...) }

// supervise is the supervisor's process: it executes itself again first.
func supervise(role string) int {
	sealed, settings, err := Sealed()
	if err == nil && sealed == nil {
		err = Reexecute([]string{"GREETING=hello " + os.Getenv("SECRET")})
	}
	if err != nil {
		say("error", err)
		return 1
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		say("error", err)
		return 1
	}
	say("settings", settings, "secret", os.Getenv("SECRET"))
	s, err := New(Options{
		Args: func(int) []string { return []string{os.Args[0], serverRole} }, Settings: sealed, Listener: listener.(*net.TCPListener), Stdout: os.Stdout, Stderr: os.Stderr,
		Log:         slog.New(slog.NewTextHandler(os.Stdout, nil)),
		StopSignals: []os.Signal{syscall.SIGTERM, syscall.SIGINT}, ResumeSignal: syscall.SIGUSR1,
		Ready: func() { say("ready", listener.Addr()) }, Own: func(int) bool { return false },
	})
	if err != nil {
		say("error", err)
		return 1
	}
	s.SetDatabase("postgres://first")
	if role == "fails" {
		time.AfterFunc(10*time.Millisecond, func() { s.Fail(errors.New("the database does not start")) })
	}
	err = s.Run(context.Background())
	say("over", err)
	var end *EndError
	if errors.As(err, &end) {
		return end.Status
	}
	return 0
}

// serve is the server's process.
func serve(role string) int {
	h, err := TakeOver()
	if err != nil {
		say("error", err)
		return 1
	}
	if role == "refuses" {
		h.Fail(errors.New("the port of the database is wrong"))
		return 3
	}
	if role == "fails" {
		select {}
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	database, err := h.Database(context.Background())
	say("server", os.Getpid(), "has", h.Settings, database, err)
	say("manager of", os.Getpid(), strconv.Quote(os.Getenv(notifyVariable)))
	if err := h.Ready(); err != nil {
		return 1
	}
	if role == "crashes" {
		return 7
	}
	go func() {
		<-h.Resumed()
		say("resumed", os.Getpid())
	}()
	go func() {
		for {
			conn, err := h.Listener.Accept()
			if err != nil {
				return
			}
			_, _ = fmt.Fprintln(conn, os.Getpid())
			_ = conn.Close()
		}
	}()
	received := <-stop
	say("stopped by", received)
	if role == "hangs" {
		select {}
	}
	return 0
}

// supervised is a supervisor of a test.
type supervised struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	said  bytes.Buffer
}

func begin(t *testing.T, role string, environ ...string) *supervised {
	t.Helper()
	p := &supervised{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(append(os.Environ(), roleVariable+"="+role, "SECRET=hidden-word"), environ...)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	p.lines = bufio.NewScanner(out)
	return p
}

// await reads until a line that contains text, and returns the words that follow it.
func (p *supervised) await(t *testing.T, text string) []string {
	t.Helper()
	for p.lines.Scan() {
		p.said.WriteString(p.lines.Text() + "\n")
		if _, after, found := strings.Cut(p.lines.Text(), text); found {
			return strings.Fields(after)
		}
	}
	require.Fail(t, "it did not say "+text, p.said.String())
	return nil
}

// end reads the rest and returns the exit status.
func (p *supervised) end(t *testing.T) int {
	t.Helper()
	for p.lines.Scan() {
		p.said.WriteString(p.lines.Text() + "\n")
	}
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

func (p *supervised) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(s))
}

// ask returns the number of the process that answers at an address.
func ask(t *testing.T, address string) int {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	text, err := io.ReadAll(conn)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	return pid
}

func TestHandoverToEachServer(t *testing.T) {
	t.Parallel()
	p := begin(t, "serves")
	require.Equal(t, []string{"[GREETING=hello", "hidden-word]", "secret"}, p.await(t, "settings"), "the settings are there, the variable is not")
	address := p.await(t, "ready")[0]
	first := ask(t, address)
	p.signal(t, syscall.SIGUSR1)
	require.Equal(t, []string{strconv.Itoa(first)}, p.await(t, "resumed"))
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	second := ask(t, address) // it waits for the next server
	require.NotEqual(t, first, second)
	require.Equal(t, []string{strconv.Itoa(second)}, p.await(t, "resumed"), "an order stands for every server")
	p.signal(t, syscall.SIGTERM)
	require.Zero(t, p.end(t), p.said.String())
	said := p.said.String()
	for _, pid := range []int{first, second} {
		require.Contains(t, said, fmt.Sprintf("server %d has [GREETING=hello hidden-word] postgres://first <nil>", pid))
	}
	require.Contains(t, said, `signal="9 (killed)"`)
	require.Contains(t, said, "stopped by terminated")
	_, err := net.Dial("tcp", address)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestFirstServerThatIsNeverReady(t *testing.T) {
	t.Parallel()
	p := begin(t, "refuses")
	require.Equal(t, 3, p.end(t), "its status is the supervisor's")
	require.Contains(t, p.said.String(), "over the port of the database is wrong")
	require.NotContains(t, p.said.String(), "started again")
}

func TestPausesBeforeAServerThatEndsAtOnce(t *testing.T) {
	t.Parallel()
	p := begin(t, "crashes")
	for _, pause := range []string{"0s", "100ms", "200ms", "400ms"} {
		p.await(t, "started again")
		require.Contains(t, p.lines.Text(), "status=7")
		require.Contains(t, p.lines.Text(), "pause="+pause)
	}
	p.signal(t, syscall.SIGINT) // in the pause, or to a server that ends
	require.Contains(t, []int{0, 7}, p.end(t))

	r := run{Supervisor: &Supervisor{}}
	var pauses []time.Duration
	for range 9 {
		pauses = append(pauses, r.pause(quickLife-1))
	}
	require.Equal(t, longestPause, pauses[8])
	require.Zero(t, r.pause(quickLife))
}

func TestFailureBesideTheServer(t *testing.T) {
	t.Parallel()
	p := begin(t, "fails")
	require.Zero(t, p.end(t))
	require.Contains(t, p.said.String(), "over the database does not start")
}

func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p := begin(t, "hangs")
	address := p.await(t, "ready")[0]
	server := ask(t, address)
	p.signal(t, syscall.SIGTERM)
	p.await(t, "stopped by")
	p.signal(t, syscall.SIGTERM)
	p.await(t, "over ended at once by terminated")
	require.ErrorIs(t, syscall.Kill(server, 0), syscall.ESRCH)
}

// The processes that a process of a supervised server has left are adopted, and
// collected when they end.
func TestOrphans(t *testing.T) {
	t.Parallel()
	p := begin(t, "reaper")
	require.Zero(t, p.end(t), p.said.String())
}

func beReaper() int {
	adoptOrphans()
	const two = "/bin/sleep 1000 >/dev/null 2>&1 & echo $!; /bin/sleep 1000 >/dev/null 2>&1 & echo $!"
	text, err := exec.Command("/bin/sh", "-c", two).Output()
	if err != nil {
		say("error", err)
		return 1
	}
	var first, sleeper int
	if _, err := fmt.Sscan(string(text), &first, &sleeper); err != nil || syscall.Kill(first, syscall.SIGKILL) != nil {
		say("error", err, string(text))
		return 1
	}
	var seen map[int]bool
	for range 1000 {
		if seen = reap(nil); len(seen) > 0 {
			break
		}
		time.Sleep(time.Millisecond) // until the kernel has ended it
	}
	if reap(seen); len(children()) != 1 || children()[0].pid != sleeper {
		say("after the end of one:", children(), "not", sleeper)
		return 1
	}
	endLeftovers(func(pid int) bool { return pid == sleeper })
	if len(children()) != 1 {
		say("the spared one was ended")
		return 1
	}
	endLeftovers(func(int) bool { return false })
	if len(children()) != 0 {
		say("left:", children())
		return 1
	}
	return 0
}

func TestCleanEnvironment(t *testing.T) {
	t.Parallel()
	kept := []string{"PATH=/bin", "LC_ALL=C", "https_proxy=http://proxy:1", "OMP_NUM_THREADS=2", "MAESTRO_TEST_X=1", "GOGC=50"}
	dropped := []string{"SECRET_KEY=k", "DATABASE_URL=u", "PGPASSWORD=p", "AWS_SECRET_ACCESS_KEY=a", "PIP_INDEX_URL=u", "MAESTRO_TOKEN=t", sealedVariable + "=3"}
	require.Equal(t, kept, CleanEnvironment(append(dropped, kept...)))
	require.NotNil(t, CleanEnvironment(nil), "nil would be this process's own for a child")
}

func TestSealedSettings(t *testing.T) {
	t.Parallel()
	want := []string{"A=1", "B=two\nlines", "C=\x00"}
	file, err := seal(want)
	require.NoError(t, err)
	for range 2 { // each server reads it from its beginning
		got, err := readSealed(file)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err = file.Write([]byte("x"))
	require.ErrorIs(t, err, syscall.EPERM)
	link, err := os.Readlink(filepath.Join("/proc/self/fd", strconv.Itoa(int(file.Fd()))))
	require.NoError(t, err)
	require.Contains(t, link, "memfd:")
}

func TestServerWithoutASupervisor(t *testing.T) {
	t.Parallel()
	text, err := exec.Command(os.Args[0], serverRole).Output()
	require.Error(t, err)
	require.Contains(t, string(text), ErrAlone.Error())
}

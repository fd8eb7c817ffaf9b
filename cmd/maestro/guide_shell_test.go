package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const executionMark = "EXECUTION_ID"

var anyID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

// shell runs lines of a page in bash. Variables and functions of one reach the next.
type shell struct {
	cmd *exec.Cmd

	mu      sync.Mutex // guards out
	out     strings.Builder
	written chan struct{} // a value after each write
	done    chan struct{} // closed when it has ended
}

const (
	stateKeep = "trap '{ export -p; declare -f; } >.shell-state' EXIT\n"
	stateLoad = "if [ -f .shell-state ]; then . ./.shell-state; fi\nset -a\n"
)

// shell starts lines in the folder of the page.
func (r *reader) shell(lines string) *shell {
	r.t.Helper()
	return r.bash(stateKeep + stateLoad + lines)
}

// background starts lines that leave nothing to the ones after them.
func (r *reader) background(lines string) *shell {
	r.t.Helper()
	return r.bash(stateLoad + lines)
}

func (r *reader) bash(script string) *shell {
	r.t.Helper()
	script = strings.ReplaceAll(script, readerAddress, r.server.url)
	s := &shell{cmd: exec.Command("bash", "-c", script), written: make(chan struct{}, 1), done: make(chan struct{})}
	s.cmd.Dir, s.cmd.Env = r.folder, r.env
	s.cmd.Stdout, s.cmd.Stderr = s, s // one pipe: in their order
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(r.t, s.cmd.Start())
	go func() {
		_ = s.cmd.Wait()
		close(s.done)
	}()
	return s
}

// Write implements io.Writer.
func (s *shell) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.Write(p)
	select {
	case s.written <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (s *shell) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// mostReading is how long lines of a page may take.
const mostReading = 2 * time.Minute

// wait returns the exit status.
func (s *shell) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-s.done:
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(mostReading):
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		t.Fatalf("it has not ended:\n%s", s.text())
		return 0
	}
}

// begun returns when something was written.
func (s *shell) begun(t *testing.T) {
	t.Helper()
	require.True(t, s.until(func(text string) bool { return text != "" }), "nothing was written")
}

// until reports whether the text becomes as wanted.
func (s *shell) until(wanted func(string) bool) bool {
	patience := time.After(mostReading / 2)
	for !wanted(s.text()) {
		select {
		case <-s.written:
		case <-s.done:
			return wanted(s.text())
		case <-patience:
			return false
		}
	}
	return true
}

// interrupt ends it as Ctrl-C does.
func (s *shell) interrupt(t *testing.T) {
	t.Helper()
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT)
	s.wait(t)
}

func TestShellOfTheDocuments(t *testing.T) {
	t.Parallel()
	r := &reader{t: t, folder: t.TempDir(), server: &program{url: "http://127.0.0.1:1"}, env: cleanEnv()}
	first := r.shell("name=Ada; greet() { echo hello $1; }; echo http://localhost:8000 >&2")
	require.Equal(t, 0, first.wait(t))
	require.Equal(t, "http://127.0.0.1:1\n", first.text())
	require.FileExists(t, filepath.Join(r.folder, ".shell-state"))
	second := r.shell("set -e\ngreet $name\nfalse\necho not reached")
	require.Equal(t, 1, second.wait(t))
	require.Equal(t, "hello Ada\n", second.text())
}

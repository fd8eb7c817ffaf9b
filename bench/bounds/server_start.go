package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"maestro/internal/scratch"
)

// stage is the server, its neighbour and the listener that never accepts.
type stage struct {
	opts      options
	dir, data string
	port      int
	base      string
	token     string // of the administrator
	hole      net.Listener
	log       *os.File
	cmd       *exec.Cmd
	ended     chan struct{} // closed when the program that was started has ended
	neighbour *neighbour
	runs      int // makes the names of subtenants unique
}

func newStage(ctx context.Context, o options) (*stage, error) {
	// Orphans of the server become children of this process, which can then
	// count and end them.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("adopt orphans: %w", err)
	}
	program, err := filepath.Abs(o.program)
	if err != nil {
		return nil, err
	}
	o.program = program
	s := &stage{opts: o, port: o.port}
	if s.dir, err = scratch.Folder("bounds"); err != nil {
		return nil, err
	}
	s.data = filepath.Join(s.dir, "data")
	name := o.logFile
	if name == "" {
		name = filepath.Join(s.dir, "server.log")
	}
	if s.log, err = os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_RDWR|os.O_APPEND, 0o644); err != nil {
		return nil, err
	}
	if s.hole, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if s.port == 0 {
		if s.port, err = freePort(); err != nil {
			return nil, err
		}
	}
	s.base = fmt.Sprintf("http://127.0.0.1:%d", s.port)
	if err := s.start(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// keeper starts the server as a child of its own, passes SIGTERM on, and ends
// with the server's status. It is the parent that a program may try to kill, in
// place of this command.
const keeper = `"$0" serve & child=$!
trap 'kill -TERM $child' TERM
wait $child; status=$?
while kill -0 $child 2>/dev/null; do wait $child; status=$?; done
exit $status`

// start starts the server and its neighbour's calls, and returns when both work.
func (s *stage) start(ctx context.Context) error {
	s.cmd = exec.Command("/bin/sh", "-c", keeper, s.opts.program)
	s.cmd.Dir = s.dir
	s.cmd.Env = append(os.Environ(), "DATA_DIR="+s.data, "HOST=127.0.0.1", fmt.Sprint("PORT=", s.port), "PLANTED_ENV="+plantedEnvironment)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	s.ended = ended
	go func(cmd *exec.Cmd) {
		_ = cmd.Wait()
		close(ended)
	}(s.cmd)
	if err := s.awaitReady(ctx, 2*time.Minute); err != nil {
		return err
	}
	token, err := os.ReadFile(filepath.Join(s.data, "admin_token"))
	if err != nil {
		return fmt.Errorf("read the administrator's token: %w", err)
	}
	s.token = strings.TrimSpace(string(token))
	s.neighbour, err = s.startNeighbour(ctx)
	return err
}

var errEnded = errors.New("the server has ended")

// awaitReady returns when the server accepts calls.
func (s *stage) awaitReady(ctx context.Context, within time.Duration) error {
	for end := time.Now().Add(within); time.Now().Before(end); {
		if got, err := s.send(ctx, "", "GET", "/readyz", nil); err == nil && got.status == 200 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			return errEnded
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("the server is not ready after %s", within)
}

// hasEnded says whether the program that was started has ended.
func (s *stage) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// restart ends all processes of the server and starts it again.
func (s *stage) restart(ctx context.Context) error {
	s.stop()
	if err := s.start(ctx); err == nil || ctx.Err() != nil {
		return err
	}
	// The program damaged the data folder.
	s.stop()
	if err := os.RemoveAll(s.data); err != nil {
		return err
	}
	s.token = ""
	return s.start(ctx)
}

// keptFiles are files of the data folder that no program may change.
var keptFiles = []string{"admin_token", "secret_key", "folder_id"}

// kept is the content of those files, and whether Python is there.
func (s *stage) kept() string {
	var all strings.Builder
	for _, name := range keptFiles {
		text, err := os.ReadFile(filepath.Join(s.data, name))
		fmt.Fprintln(&all, name, string(text), err)
	}
	library, _ := filepath.Glob(filepath.Join(s.data, "python", "*", "lib", "python3.14", "os.py"))
	database, _ := filepath.Glob(filepath.Join(s.data, "postgres", "*", "PG_VERSION"))
	fmt.Fprintln(&all, len(library), len(database))
	return all.String()
}

// stop asks the server to end, and ends by force what remains of it.
func (s *stage) stop() {
	if s.neighbour != nil {
		s.neighbour.stop()
		s.neighbour = nil
	}
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
	}
	// The remaining processes could keep the machine busy: they end first, the
	// database afterwards, in order if it can.
	s.end(syscall.SIGKILL, func(p process) bool { return !p.database() })
	s.end(syscall.SIGINT, process.database)
	s.end(syscall.SIGKILL, func(process) bool { return true })
	<-s.ended
}

// end sends a signal to the processes that match, and waits for their end.
func (s *stage) end(signal syscall.Signal, matches func(process) bool) {
	for limit := time.Now().Add(5 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		s.reap()
		open := 0
		for _, p := range processTree(os.Getpid()) {
			if matches(p) && p.state != 'Z' {
				_ = syscall.Kill(p.pid, signal)
				open++
			}
		}
		if open == 0 {
			return
		}
	}
}

// reap collects orphans that have ended, and leaves the server to its waiter.
func (s *stage) reap() {
	for _, p := range processTree(os.Getpid()) {
		if p.parent == os.Getpid() && p.state == 'Z' && p.pid != s.cmd.Process.Pid {
			_, _ = syscall.Wait4(p.pid, nil, syscall.WNOHANG, nil)
		}
	}
}

func (s *stage) close() {
	s.stop()
	if s.hole != nil {
		_ = s.hole.Close()
	}
	_ = s.log.Close()
	_ = os.RemoveAll(s.dir)
}

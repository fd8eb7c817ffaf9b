package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settings are given on the command line, so that a new version of Maestro
// changes them for an old cluster too. Durability is never traded away here.
var settings = map[string]string{
	"listen_addresses":        "",
	"max_connections":         "100",
	"shared_buffers":          "128MB",
	"synchronous_commit":      "on",
	"wal_level":               "minimal", // it has no replicas
	"max_wal_senders":         "0",
	"max_wal_size":            "2GB", // bursts of records should not force checkpoints
	"checkpoint_timeout":      "15min",
	"random_page_cost":        "1.1",
	"jit":                     "off", // its start costs more than any query here
	"timezone":                "UTC",
	"log_timezone":            "UTC",
	"log_line_prefix":         "",
	"log_checkpoints":         "off",
	"logging_collector":       "off",
	"cluster_name":            "maestro",
	"unix_socket_permissions": "0700",
}

// own runs the child until Stop, and again when it ends by itself. It holds
// its OS thread for ever: the kernel sends the parent-death signal when the
// thread that made the child ends, not the process. ended gets the first
// child's end when that comes before it was ready.
func (s *Server) own(ended chan<- error) {
	runtime.LockOSThread()
	defer close(s.done)
	defer s.lock.Close()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 10*time.Second) {
		began := time.Now()
		err := s.runOnce()
		if s.isStopping() {
			return
		}
		select {
		case ended <- err: // the first time: Start decides
		default:
		}
		s.log.Error("embedded PostgreSQL ended by itself; starting it again", slog.Any("error", s.explained(err)))
		if time.Since(began) > time.Minute {
			pause = 100 * time.Millisecond
		}
		select {
		case <-s.stop:
			return
		case <-time.After(pause):
		}
		if err := stopLeftovers(context.Background(), s.dataDir, s.socketDir, s.log); err != nil {
			s.log.Error("clean up after embedded PostgreSQL", slog.Any("error", err))
		}
	}
}

func (s *Server) isStopping() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// runOnce runs the server until it ends.
func (s *Server) runOnce() error {
	args := []string{"-D", s.dataDir, "-k", s.socketDir, "-c", "hba_file=" + filepath.Join(s.home, accessFile)}
	for _, set := range []map[string]string{settings, s.options.Settings} {
		names := make([]string, 0, len(set))
		for name := range set {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			args = append(args, "-c", name+"="+set[name])
		}
	}
	cmd := s.command(context.Background(), "postgres", args...)
	// Its own group: a Ctrl-C at the terminal is for Maestro, which then stops
	// its database last.
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = syscall.SIGINT
	output := &logWriter{log: s.log}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = shutdownGrace // a backend may hold the pipe a little longer
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run %s: %w", cmd.Path, err)
	}
	s.pid.Store(int64(cmd.Process.Pid))
	if s.isStopping() {
		s.signal(syscall.SIGINT) // Stop came before there was a process to signal
	}
	err := cmd.Wait()
	s.pid.Store(0)
	return fmt.Errorf("%w%s", orEnded(err), output.complaint())
}

var errEnded = errors.New("it ended in order")

func orEnded(err error) error {
	if err == nil {
		return errEnded
	}
	return err
}

// command prepares one of the binaries to run under the account, with nothing
// of this process's environment.
func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.binaries.dir, name), args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.account}
	return cmd
}

// waitReady returns when the server takes connections. It reads what the
// postmaster writes about itself, as pg_ctl does: no failed attempts to
// connect in its log.
func (s *Server) waitReady(ctx context.Context, ended <-chan error) error {
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for {
		if s.isReady() {
			return nil
		}
		select {
		case err := <-ended:
			if isDiskFull(err) {
				return s.explained(err)
			}
			return fmt.Errorf("embedded PostgreSQL did not start (set DATABASE_URL to use another): %w", err)
		case <-ctx.Done():
			return fmt.Errorf("embedded PostgreSQL is not ready yet: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}

func (s *Server) isReady() bool {
	pid := s.pid.Load()
	content, err := os.ReadFile(filepath.Join(s.dataDir, "postmaster.pid"))
	if err != nil || pid == 0 {
		return false
	}
	lines := strings.Split(string(content), "\n")
	return len(lines) >= 8 && lines[0] == strconv.FormatInt(pid, 10) && strings.TrimSpace(lines[7]) == "ready"
}

// firstLine is for errors that must fit into one.
func firstLine(text []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte("\n"))
	return string(line)
}

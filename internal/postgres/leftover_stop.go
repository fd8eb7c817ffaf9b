package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"maestro/internal/backoff"
)

// stopLeftovers ends what an earlier server left running on this cluster, and
// removes the files that name its process. The folder's lock is held, so no living
// Maestro needs those processes. After a kill -9 of Maestro the kernel has told its
// postmaster to shut down already, and this waits for the end of that.
func stopLeftovers(ctx context.Context, dataDir, socketDir string, log *slog.Logger) error {
	pidFile, socketLock := filepath.Join(dataDir, "postmaster.pid"), filepath.Join(socketDir, socketName+".lock")
	if !exists(pidFile) && !exists(socketLock) {
		return nil // it was shut down in order
	}
	// First politely, then so that it repairs itself at its next start.
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		left := processesIn(dataDir)
		if len(left) > 0 {
			log.Info("ending what an earlier PostgreSQL left running", slog.String("signal", sig.String()), slog.Int("processes", len(left)))
		}
		for _, pid := range left {
			if sig != syscall.SIGINT || pid == postmasterOf(pidFile) {
				_ = syscall.Kill(pid, sig)
			}
		}
		gone, err := waitGone(ctx, dataDir, 2*shutdownGrace)
		if err != nil {
			return err
		}
		if gone {
			// Its pid may be that of another process or thread by now, which PostgreSQL
			// would take for itself: in a container, where few pids are used, that is likely.
			for _, path := range []string{pidFile, socketLock} {
				if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
					return fmt.Errorf("remove %s: %w", path, err)
				}
			}
			return nil
		}
	}
	return fmt.Errorf("an earlier PostgreSQL still runs on %s and does not end: end its processes %v", dataDir, processesIn(dataDir))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func waitGone(ctx context.Context, dataDir string, patience time.Duration) (bool, error) {
	deadline := time.Now().Add(patience)
	for len(processesIn(dataDir)) > 0 {
		if time.Now().After(deadline) {
			return false, nil
		}
		if !backoff.Sleep(ctx, 5*time.Millisecond) {
			return false, fmt.Errorf("wait for an earlier PostgreSQL to end: %w", ctx.Err())
		}
	}
	return true, nil
}

// processesIn lists the processes that work in a folder: every process of a
// PostgreSQL server works in its cluster's. Those of other accounts can't be
// seen by an ordinary user, but could not use the folder either.
func processesIn(dir string) []int {
	var found []int
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if cwd, err := os.Readlink(filepath.Join("/proc", entry.Name(), "cwd")); err == nil && cwd == dir {
			found = append(found, pid)
		}
	}
	return found
}

// Owns reports whether a process belongs to the server. One that was started a
// moment ago, and does not work in the cluster's folder yet, may be missed.
func (s *Server) Owns(pid int) bool {
	if int64(pid) == s.pid.Load() {
		return true
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && cwd == s.dataDir
}

func postmasterOf(pidFile string) int {
	content, err := os.ReadFile(pidFile)
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(firstLine(content))
	return pid
}

package zygote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"maestro/cpython"
)

// waitDelay is how long the output of a process is read after its end.
const waitDelay = 5 * time.Second

// Spawn begins a process without a zygote, which then loads Python by itself. It is given
// conn (cpython.Connection), which stays the caller's.
func Spawn(ctx context.Context, cfg Config, conn *os.File) (*Child, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	var pidfd int
	cmd := cfg.command(cpython.ChildVariable + "=3")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, PidFD: &pidfd}
	cmd.ExtraFiles = []*os.File{conn}
	release, err := cfg.start(cmd)
	if err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	if pidfd < 0 {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		release()
		return nil, errors.New("start a process: the kernel has no pidfd; Linux 5.4 or later is needed")
	}
	c := &Child{Pid: cmd.Process.Pid, Pidfd: os.NewFile(uintptr(pidfd), "process"), exited: make(chan struct{})}
	go func() {
		awaitEnd(pidfd)
		_ = syscall.Kill(-c.Pid, syscall.SIGKILL) // what it leaves; its number is taken until Wait
		_ = cmd.Wait()
		release()
		status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
		c.end(status)
	}()
	return c, nil
}

// awaitEnd returns when a child of this process has ended, which it leaves to be waited for.
func awaitEnd(pidfd int) {
	for {
		err := unix.Waitid(unix.P_PIDFD, pidfd, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

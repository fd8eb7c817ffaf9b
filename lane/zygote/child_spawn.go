package zygote

import (
	"context"
	"errors"
	"fmt"
	"os"

	"maestro/cpython"
)

// Spawn begins a process without a zygote, which then loads Python by itself. It is given
// conn (cpython.Connection), which stays the caller's.
func Spawn(ctx context.Context, cfg Config, conn *os.File) (*Child, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	cmd, err := cfg.start(cpython.ChildVariable+"=3", conn)
	if err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	if cmd.pidfd < 0 {
		_ = cmd.Process.Kill()
		cmd.wait()
		return nil, errors.New("start a process: the kernel has no pidfd; Linux 5.4 or later is needed")
	}
	c := &Child{Pid: cmd.Process.Pid, Pidfd: os.NewFile(uintptr(cmd.pidfd), "process"), exited: make(chan struct{})}
	go func() { c.end(cmd.wait()) }()
	return c, nil
}

package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// Exec starts each child by executing a program, which finds its connection as
// descriptor 3.
type Exec struct {
	Args   []string // the first is the program's path
	Env    []string
	Stderr io.Writer // may be nil
	// Prepare changes the command of a subtenant's child before it is started, to confine it.
	// release is called when the child has ended or could not be started. May be nil.
	Prepare func(spec Spec, cmd *exec.Cmd) (release func(), err error)
}

// Nursery implements Starter.
func (e *Exec) Nursery(spec Spec) Nursery { return &execNursery{e, spec} }

type execNursery struct {
	*Exec
	spec Spec
}

// Close implements Nursery.
func (e *execNursery) Close() {}

// Start implements Nursery.
func (e *execNursery) Start(_ context.Context, conn *os.File) (Process, error) {
	cmd := exec.Command(e.Args[0], e.Args[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = e.Env, e.Stderr, e.Stderr, []*os.File{conn}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	release := func() {}
	if e.Prepare != nil {
		var err error
		if release, err = e.Prepare(e.spec, cmd); err != nil {
			return nil, fmt.Errorf("confine a child: %w", err)
		}
	}
	if err := cmd.Start(); err != nil {
		release()
		return nil, fmt.Errorf("start a child: %w", err)
	}
	p := &execProcess{cmd: cmd, release: release, exited: make(chan struct{})}
	go p.wait()
	return p, nil
}

type execProcess struct {
	cmd     *exec.Cmd
	release func()
	exited  chan struct{}
	end     End // set before exited is closed
}

func (p *execProcess) wait() {
	defer close(p.exited)
	defer p.release()
	var ended *exec.ExitError
	if err := p.cmd.Wait(); err == nil || !errors.As(err, &ended) {
		return
	}
	status, _ := ended.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		p.end.Signal = status.Signal()
	} else {
		p.end.Status = status.ExitStatus()
	}
}

func (p *execProcess) Pid() int { return p.cmd.Process.Pid }

func (p *execProcess) Kill() {
	select {
	case <-p.exited: // its number may be another's
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
}

func (p *execProcess) Exited() <-chan struct{} { return p.exited }

func (p *execProcess) End() End { return p.end }

package supervisor

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// process is one server, from its start to its end.
type process struct {
	cmd    *exec.Cmd
	orders *os.File      // written to by Supervisor.send alone
	ready  chan struct{} // closed when the server serves
	ended  chan struct{} // closed when it and its process group have ended
	state  *os.ProcessState
}

// start starts a server. The calling goroutine keeps its OS thread for as long as
// the server lives: the kernel sends the parent-death signal when the thread ends
// that started it, not the process.
func (s *Supervisor) start() (*process, error) {
	readyFrom, readyTo, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	defer readyTo.Close()
	ordersFrom, ordersTo, err := os.Pipe()
	if err != nil {
		_ = readyFrom.Close()
		return nil, fmt.Errorf("start the server: %w", err)
	}
	defer ordersFrom.Close()
	p := &process{orders: ordersTo, ready: make(chan struct{}), ended: make(chan struct{})}
	p.cmd = &exec.Cmd{
		Path: "/proc/self/exe", // an upgrade may have put another file at the program's path
		Args: s.opts.Args, Env: CleanEnvironment(os.Environ()),
		Stdout: s.opts.Stdout, Stderr: s.opts.Stderr,
		ExtraFiles: []*os.File{s.opts.Settings, s.socket, readyTo, ordersFrom}, // as TakeOver expects them
		// A group of its own: a Ctrl-C at the terminal is for the supervisor, and the
		// processes that functions start end with the group.
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	}
	if err := p.cmd.Start(); err != nil {
		_ = readyFrom.Close()
		_ = ordersTo.Close()
		return nil, fmt.Errorf("start the server: %w", err)
	}
	go p.awaitReady(readyFrom)
	go p.awaitEnd()
	return p, nil
}

func (p *process) awaitReady(pipe *os.File) {
	defer pipe.Close()
	if n, _ := pipe.Read(make([]byte, 1)); n == 1 {
		close(p.ready)
	}
}

// awaitEnd ends the process group while its number is still taken by the server,
// which has ended and is not collected yet: nothing else can have that number.
func (p *process) awaitEnd() {
	defer close(p.ended)
	pid := p.cmd.Process.Pid
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	_ = p.cmd.Wait() // its error is in the state
	p.state = p.cmd.ProcessState
}

// wasReady reports whether the server has served.
func (p *process) wasReady() bool {
	select {
	case <-p.ready:
		return true
	default:
		return false
	}
}

// EndError is how a server ended that was not to be started again.
type EndError struct {
	Status int            // its exit status; it has said why on standard error
	Signal syscall.Signal // that ended it; 0: none
}

func (e *EndError) Error() string {
	if e.Signal != 0 {
		return fmt.Sprintf("the server was ended by signal %d (%s)", int(e.Signal), e.Signal)
	}
	return fmt.Sprintf("the server ended with status %d", e.Status)
}

// end is how the server ended; nil: with status 0.
func (p *process) end() error {
	status, ok := p.state.Sys().(syscall.WaitStatus)
	switch {
	case ok && status.Signaled():
		return &EndError{Status: 128 + int(status.Signal()), Signal: status.Signal()}
	case p.state.ExitCode() != 0:
		return &EndError{Status: p.state.ExitCode()}
	}
	return nil
}

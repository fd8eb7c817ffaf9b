package supervisor

import (
	"fmt"
	"io"
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
	told   chan struct{} // closed when nothing follows on the pipe of ready
	ended  chan struct{} // closed when it and its process group have ended
	state  *os.ProcessState
	reason string // that the server gave for its failure, once told is closed
}

// start starts a server. The calling goroutine keeps its OS thread for as long as
// the server lives: the kernel sends the parent-death signal when the thread ends
// that started it, not the process.
func (s *Supervisor) start(restarts int) (*process, error) {
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
	p := &process{orders: ordersTo, ready: make(chan struct{}), told: make(chan struct{}), ended: make(chan struct{})}
	p.cmd = &exec.Cmd{
		Path: "/proc/self/exe", // an upgrade may have put another file at the program's path
		Args: s.opts.Args(restarts), Env: CleanEnvironment(os.Environ()),
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
	defer close(p.told)
	defer pipe.Close()
	text, _ := io.ReadAll(io.LimitReader(pipe, mostReason))
	if string(text) == readyMark {
		close(p.ready)
		return
	}
	p.reason = string(text)
}

// mostReason bounds the text of a failure, in bytes.
const mostReason = 16 << 10

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
	<-p.told // the server's end of the pipe is closed
}

// EndError is how a server ended that was not to be started again.
type EndError struct {
	Status int            // its exit status
	Signal syscall.Signal // that ended it; 0: none
	Reason string         // that it gave for not being ready; "": none
}

func (e *EndError) Error() string {
	if e.Reason != "" {
		return e.Reason
	}
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
		return &EndError{Status: p.state.ExitCode(), Reason: p.reason}
	}
	return nil
}

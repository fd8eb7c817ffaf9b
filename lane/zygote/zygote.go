package zygote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"maestro/cpython"
)

// Zygote is a process that has imported a subtenant's packages. Safe for concurrent use.
type Zygote struct {
	cmd     *command
	control *net.UnixConn
	refused []string
	over    chan struct{} // closed when the process has ended, and all of its children

	mu       sync.Mutex // guards what follows
	asked    []chan forked
	children map[int]*Child // by their number in the zygote's namespace
	err      error          // why there are no more forks
}

// forked is the answer to a request.
type forked struct {
	child *Child
	err   error
}

// ThreadsError says that modules start threads when they are imported, so that the process
// that has imported them cannot be forked.
type ThreadsError struct{ Modules []string }

func (e *ThreadsError) Error() string {
	return "the zygote cannot be forked: threads were started by the import of " + strings.Join(e.Modules, ", ")
}

// Start begins a zygote and returns when it has imported the modules. Modules that start threads
// are left to its children: the error is a *ThreadsError where it has threads without them.
func Start(ctx context.Context, cfg Config) (*Zygote, error) {
	for attempt := 1; ; attempt++ {
		z, err := start(ctx, cfg)
		var threads *ThreadsError
		if !errors.As(err, &threads) || len(threads.Modules) == 0 || attempt == attempts {
			return z, err
		}
		// Others may import these, which is seen without them only.
		cfg.Preload = without(cfg.Preload, threads.Modules)
	}
}

// attempts is how often a zygote is begun, each time without the modules that started threads.
const attempts = 4

func without(names, others []string) (left []string) {
	known := map[string]bool{}
	for _, other := range others {
		known[other] = true
	}
	for _, name := range names {
		if !known[name] {
			left = append(left, name)
		}
	}
	return left
}

func start(ctx context.Context, cfg Config) (*Zygote, error) {
	limit := cmp.Or(cfg.Limit, defaultLimit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("its imports have taken more than %v", limit))
	defer cancel()
	config, err := cfg.file()
	if err != nil {
		return nil, err
	}
	defer func() { _ = config.Close() }()
	control, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()
	cmd, err := cfg.start(cpython.ZygoteVariable+"=3 4", theirs, config)
	if err != nil {
		_ = control.Close()
		return nil, fmt.Errorf("start a zygote: %w", err)
	}
	_ = theirs.Close() // or its end would not be seen
	z := &Zygote{cmd: cmd, control: control, over: make(chan struct{}), children: map[int]*Child{}}
	if err := z.await(ctx); err != nil {
		_ = control.Close()
		_ = cmd.Process.Kill()
		cmd.end()
		return nil, fmt.Errorf("start a zygote: %w", err)
	}
	go z.receive()
	return z, nil
}

// socketPair returns the two ends of a control socket.
func socketPair() (*net.UnixConn, *os.File, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("start a zygote: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "control"), os.NewFile(uintptr(pair[1]), "control")
	defer func() { _ = ours.Close() }()
	conn, err := net.FileConn(ours)
	if err != nil {
		_ = theirs.Close()
		return nil, nil, fmt.Errorf("start a zygote: %w", err)
	}
	return conn.(*net.UnixConn), theirs, nil
}

// await reads the first message.
func (z *Zygote) await(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = z.cmd.Process.Kill() })
	defer stop()
	text, _, err := z.read()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return errors.New("it ended while it was starting; the log has what it wrote")
	}
	lines := strings.Split(text, "\n")
	var threads []string
	for _, line := range lines[1:] {
		if module, found := strings.CutPrefix(line, "threads "); found {
			threads = append(threads, module)
		}
		if reason, found := strings.CutPrefix(line, "refused "); found {
			z.refused = append(z.refused, reason)
		}
	}
	switch lines[0] {
	case "ready":
		return nil
	case "threads":
		return &ThreadsError{Modules: threads}
	default:
		return errors.New(strings.Join(lines[1:], " "))
	}
}

// Refused are the modules that could not be imported, with the reasons.
func (z *Zygote) Refused() []string { return z.refused }

// Over is closed when the zygote has ended.
func (z *Zygote) Over() <-chan struct{} { return z.over }

// Fork begins a process that is given conn (cpython.Connection), which stays the caller's.
func (z *Zygote) Fork(ctx context.Context, conn *os.File) (*Child, error) {
	answer, err := z.ask(conn)
	if err != nil {
		return nil, fmt.Errorf("fork a process: %w", err)
	}
	select {
	case a := <-answer:
		return a.child, a.err
	case <-ctx.Done():
		go func() {
			if a := <-answer; a.child != nil {
				_ = a.child.Kill()
			}
		}()
		return nil, fmt.Errorf("fork a process: %w", ctx.Err())
	}
}

func (z *Zygote) ask(conn *os.File) (<-chan forked, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.err != nil {
		return nil, z.err
	}
	var sent error
	err = raw.Control(func(fd uintptr) {
		_, _, sent = z.control.WriteMsgUnix([]byte{1}, unix.UnixRights(int(fd)), nil)
	})
	if err := errors.Join(err, sent); err != nil {
		return nil, err
	}
	answer := make(chan forked, 1)
	z.asked = append(z.asked, answer)
	return answer, nil
}

// Close ends the zygote, and its children with it, and returns when it has ended.
func (z *Zygote) Close() error {
	_ = z.control.CloseRead() // receive then ends
	_ = z.cmd.Process.Kill()
	<-z.over
	return nil
}

// end ends the remaining children, and the requests, with the zygote.
func (z *Zygote) end() {
	z.mu.Lock()
	z.err = errors.New("the zygote has ended")
	for _, answer := range z.asked {
		answer <- forked{err: fmt.Errorf("fork a process: %w", z.err)}
	}
	children := z.children
	z.asked, z.children = nil, nil
	z.mu.Unlock()
	_ = z.cmd.Process.Kill() // it cannot serve without its socket
	for _, c := range children {
		_ = c.Kill() // the kernel does as well
		c.end(syscall.WaitStatus(syscall.SIGKILL))
	}
	_ = z.control.Close()
	z.cmd.end()
	close(z.over)
}

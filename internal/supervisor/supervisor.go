package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Options are what a Supervisor is made of. All must be set.
type Options struct {
	// Args are those of a server, which is this program; the first one is its name.
	// restarts is how many servers have ended by themselves.
	Args     func(restarts int) []string
	Settings *os.File         // of Sealed
	Listener *net.TCPListener // closed when the server is asked to stop

	Stdout, Stderr *os.File // of the server
	Log            *slog.Logger

	StopSignals  []os.Signal // the first one stops the server, a second one ends all
	ResumeSignal os.Signal   // ends the pause that the server was started with

	Ready func() // the first server serves
	// Own reports the children of this process that are not the server's, such as
	// those of the embedded PostgreSQL.
	Own func(pid int) bool
}

// Supervisor keeps one server running. It is made by New.
type Supervisor struct {
	opts   Options
	socket *os.File // a copy of the listener, for the servers
	failed chan error

	mu      sync.Mutex
	current *process // guarded by mu; nil between two servers
	orders  []order  // guarded by mu; what each server is told at its start
}

// New makes a supervisor; nothing is started yet.
func New(opts Options) (*Supervisor, error) {
	socket, err := opts.Listener.File()
	if err != nil {
		return nil, fmt.Errorf("hand over the listening socket: %w", err)
	}
	return &Supervisor{opts: opts, socket: socket, failed: make(chan error, 1)}, nil
}

// SecondSignal is the error of a Run that a second signal has ended.
type SecondSignal struct{ os.Signal }

func (e SecondSignal) Error() string { return "ended at once by " + e.String() }

// Run starts the server, and starts it again whenever it ends by itself. It returns
// when the server has ended after a signal or after the end of ctx; when the first
// one ends without having been ready; or when Fail is called. The processes of the
// server have ended then. Run keeps its OS thread (see start).
func (s *Supervisor) Run(ctx context.Context) error {
	runtime.LockOSThread()
	adoptOrphans()
	done := make(chan struct{})
	defer close(done)
	go reapOrphans(done)
	defer s.closeListener()
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, append(slices.Clone(s.opts.StopSignals), s.opts.ResumeSignal)...)
	defer signal.Stop(signals)

	r := run{Supervisor: s, ctx: ctx, signals: signals}
	for r.keepsOn() {
	}
	return r.err
}

// SetDatabase gives the server, and each one after it, the address of a PostgreSQL
// that takes connections.
func (s *Supervisor) SetDatabase(address string) { s.give(order{Database: address}) }

// Resume ends the pause that the server was started with, for each one after it too.
func (s *Supervisor) Resume() { s.give(order{Resume: true}) }

// Fail ends the server at once; Run returns err.
func (s *Supervisor) Fail(err error) {
	select {
	case s.failed <- err:
	default: // it has failed already
	}
}

func (s *Supervisor) give(o order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders = append(s.orders, o)
	s.send(s.current, o)
}

// send writes to a server that reads, or has ended. The caller holds mu.
func (s *Supervisor) send(p *process, o order) {
	if p == nil {
		return
	}
	_ = json.NewEncoder(p.orders).Encode(o) // fails when the server has ended
}

// closeListener closes the supervisor's own copies of the listening socket: once the
// server has closed its own, connections are refused.
func (s *Supervisor) closeListener() {
	_ = errors.Join(s.opts.Listener.Close(), s.socket.Close())
}

// setCurrent makes p the server that gets orders, beginning with those that stand.
func (s *Supervisor) setCurrent(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = p
	for _, o := range s.orders {
		s.send(p, o)
	}
}

// describe says for the log how a server ended.
func describe(err error) slog.Attr {
	var end *EndError
	if errors.As(err, &end) && end.Signal != 0 {
		return slog.String("signal", fmt.Sprintf("%d (%s)", int(end.Signal), end.Signal))
	}
	switch {
	case err == nil:
		return slog.Int("status", 0)
	case end == nil: // it could not be started
		return slog.Any("error", err)
	case end.Reason != "":
		return slog.String("reason", end.Reason)
	default:
		return slog.Int("status", end.Status)
	}
}

// kill ends a server at once.
func kill(p *process) { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }

// quickLife is how long a server lives before its end no longer counts as one soon
// after its start.
const quickLife = 2 * time.Second

package process

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"sync"

	"maestro/lane/zygote"
)

// Forks starts each child by a fork of a zygote, which has imported what its subtenant's
// functions import; and by executing the program where there can be no zygote.
type Forks struct {
	Binary string
	Args   []string // of it, beside its name
	Env    []string // the whole environment
	// Prepare changes the command of a zygote, or of a child without one, before it is started,
	// to confine it. release is called when the process has ended or could not be
	// started. May be nil.
	Prepare func(spec Spec, cmd *exec.Cmd) (release func(), err error)
	// NoZygote has each child execute the program.
	NoZygote bool
	// Log gets the output of the processes too.
	Log *slog.Logger
}

// Nursery implements Starter.
func (f *Forks) Nursery(spec Spec) Nursery {
	n := &forkNursery{forks: f, log: f.Log.With(slog.String("tenant", spec.Tenant))}
	n.cfg = zygote.Config{
		Binary: f.Binary, Args: f.Args, Home: spec.Home, Site: spec.Packages.Path, Preload: spec.Imports, Env: f.Env, Log: &outputLog{log: n.log},
	}
	if f.Prepare != nil {
		n.cfg.Prepare = func(cmd *exec.Cmd) (func(), error) { return f.Prepare(spec, cmd) }
	}
	if !f.NoZygote {
		n.start()
	}
	return n
}

// forkNursery is a zygote, or none. A zygote ends with its children, and they with it.
type forkNursery struct {
	forks *Forks
	cfg   zygote.Config
	log   *slog.Logger

	mu     sync.Mutex // guards what follows
	made   *making    // nil: there can be no zygote
	live   int        // children that were forked, and Start in progress
	closed bool
}

// making is a zygote that is being started, or has been.
type making struct {
	done   chan struct{} // closed when the others are set
	zygote *zygote.Zygote
	err    error
}

// start begins to start the zygote. mu is held, or n is new.
func (n *forkNursery) start() {
	m := &making{done: make(chan struct{})}
	n.made = m
	go func() {
		defer close(m.done)
		m.zygote, m.err = zygote.Start(context.Background(), n.cfg)
		if m.err != nil {
			n.log.Warn("a subtenant has no zygote: each of its processes loads Python and its packages itself", slog.Any("error", m.err))
			return
		}
		if refused := m.zygote.Refused(); len(refused) > 0 {
			n.log.Info("modules that a subtenant's functions import cannot be imported beforehand", slog.Any("modules", refused))
		}
	}()
}

// Start implements Nursery.
func (n *forkNursery) Start(ctx context.Context, conn *os.File) (Process, error) {
	m := n.join()
	z, err := m.await(ctx)
	if err != nil {
		n.part()
		return nil, err
	}
	if z == nil {
		defer n.part()
		c, err := zygote.Spawn(ctx, n.cfg, conn)
		if err != nil {
			return nil, err
		}
		return forkProcess{c}, nil
	}
	c, err := z.Fork(ctx, conn)
	if err != nil {
		n.part()
		return nil, err
	}
	go func() {
		<-c.Exited()
		n.part()
	}()
	return forkProcess{c}, nil
}

// join counts a child from now on, and returns the zygote that there is; a new one if the
// last has ended.
func (n *forkNursery) join() *making {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.live++
	if n.made.over() {
		n.start()
	}
	return n.made
}

// over reports whether the zygote has ended.
func (m *making) over() bool {
	if m == nil {
		return false
	}
	select {
	case <-m.done:
	default:
		return false
	}
	if m.zygote == nil {
		return false
	}
	select {
	case <-m.zygote.Over():
		return true
	default:
		return false
	}
}

// await waits for the zygote; nil says that there can be none.
func (m *making) await(ctx context.Context) (*zygote.Zygote, error) {
	if m == nil {
		return nil, nil
	}
	select {
	case <-m.done:
	case <-ctx.Done():
		return nil, errors.New("its zygote was not ready in time")
	}
	return m.zygote, nil
}

// part ends the count of a child.
func (n *forkNursery) part() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.live--
	n.settle()
}

// Close implements Nursery.
func (n *forkNursery) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.closed = true
	n.settle()
}

// settle ends the zygote when it is of no more use. mu is held.
func (n *forkNursery) settle() {
	m := n.made
	if !n.closed || n.live > 0 || m == nil {
		return
	}
	n.made = nil
	go func() {
		<-m.done
		if m.zygote != nil {
			_ = m.zygote.Close()
		}
	}()
}

// forkProcess is a child as a Process.
type forkProcess struct{ *zygote.Child }

func (p forkProcess) Pid() int { return p.Child.Pid }

func (p forkProcess) Kill() { _ = p.Child.Kill() } // it has ended, or is ending

func (p forkProcess) End() End {
	status := p.Status()
	if status.Signaled() {
		return End{Signal: status.Signal()}
	}
	return End{Status: status.ExitStatus()}
}

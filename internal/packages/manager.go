package packages

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"maestro/internal/events"
	"maestro/internal/model"
	"maestro/repo"
)

// Publisher takes the lines of an install as events of the live log. It never
// blocks and never fails.
type Publisher interface {
	Publish(event events.Event)
}

// Options of a Manager. Those up to Log must be set.
type Options struct {
	DB *repo.DB
	Workshop
	Events  Publisher
	Server  model.ID            // as registered: its end is the end of its installs
	Changed func(tenant string) // called after a commit that changed a subtenant's packages
	Log     *slog.Logger

	DefaultLane model.LaneName // DEFAULT_LANE: of subtenants whose own setting is auto; empty: as LaneAuto

	Forbidden bool          // ALLOW_PACKAGE_INSTALLATION=false: no package is installed or removed
	Allowed   []string      // normalised names that may be installed; empty: any
	Limit     time.Duration // of one install; default 300 s
	Most      int           // packages in one environment; default 200
	AtOnce    int           // installs on this server; default 2
	Slow      time.Duration // after which another install or build may begin in addition; default 10 s
	Waiting   int           // installs of one subtenant that may wait on this server; default 10
	Patience  time.Duration // how long a function's requirements, or a removal, wait to begin; default 60 s
	Builds    int           // environments of other servers that are built at a time; default 2
}

// Manager installs packages. Its methods may be called from any goroutine.
type Manager struct {
	opts   Options
	slots  *slots
	builds *places       // of environments of other servers
	looks  chan struct{} // limits the checks of installed packages

	ctx context.Context // of all changes; ends with Close
	end context.CancelCauseFunc

	mu       sync.Mutex
	closed   bool                       // guarded by mu
	ended    Stats                      // guarded by mu; without InProgress
	installs map[model.ID]chan struct{} // guarded by mu; in progress here, each closed at its end
	working  map[*working]struct{}      // guarded by mu; changes in progress here, including installs
	underWay sync.WaitGroup
}

// working is a change in progress.
type working struct {
	tenant string
	cancel context.CancelCauseFunc
}

// Stats counts the installs of this server since its start.
type Stats struct{ Completed, Failed, InProgress int }

// Stats returns the counts.
func (m *Manager) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	stats := m.ended
	stats.InProgress = len(m.installs)
	return stats
}

// mostLooks bounds the child processes that check the installed packages.
const mostLooks = 2

// New makes a Manager.
func New(opts Options) *Manager {
	if opts.Limit <= 0 {
		opts.Limit = 300 * time.Second
	}
	if opts.Most <= 0 {
		opts.Most = 200
	}
	if opts.AtOnce <= 0 {
		opts.AtOnce = 2
	}
	if opts.Slow <= 0 {
		opts.Slow = 10 * time.Second
	}
	if opts.Waiting <= 0 {
		opts.Waiting = 10
	}
	if opts.Patience <= 0 {
		opts.Patience = time.Minute
	}
	if opts.Builds <= 0 {
		opts.Builds = 2
	}
	m := &Manager{
		opts: opts, slots: newSlots(newPlaces(opts.AtOnce, opts.Slow), opts.Waiting), builds: newPlaces(opts.Builds, opts.Slow), looks: make(chan struct{}, mostLooks),
		installs: map[model.ID]chan struct{}{}, working: map[*working]struct{}{},
	}
	m.ctx, m.end = context.WithCancelCause(context.Background())
	return m
}

// enter begins a change of a subtenant's packages, which Close waits for. Its
// context ends with the caller's, with Close, and with the subtenant. The
// caller must call leave at the end.
func (m *Manager) enter(ctx context.Context, tenant string) (_ context.Context, leave func(), err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, nil, errStopping()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	w := &working{tenant, cancel}
	m.working[w] = struct{}{}
	m.underWay.Add(1)
	unlink := context.AfterFunc(m.ctx, func() { cancel(context.Cause(m.ctx)) })
	return ctx, func() {
		unlink()
		cancel(nil)
		m.mu.Lock()
		delete(m.working, w)
		m.mu.Unlock()
		m.underWay.Done()
	}, nil
}

// Close stops the changes in progress, without any effect on the installed
// packages, and returns when they have ended or ctx ends.
func (m *Manager) Close(ctx context.Context) error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.end(errStopping())
	over := make(chan struct{})
	go func() { m.underWay.Wait(); close(over) }()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

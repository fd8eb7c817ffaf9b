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
	Server  model.ID            // as registered: whose end is the end of its installs
	Changed func(tenant string) // called after a commit that changed a subtenant's packages
	Log     *slog.Logger

	Forbidden bool          // ALLOW_PACKAGE_INSTALLATION=false: nothing new is installed
	Allowed   []string      // normalised names that may be installed; empty: any
	Limit     time.Duration // of one install; default 300 s
	Most      int           // packages in one environment; default 200
	AtOnce    int           // installs on this server; default 2
	Waiting   int           // installs of one subtenant that may wait their turn on this server; default 10
}

// Manager installs packages. Its methods may be called from any goroutine.
type Manager struct {
	opts  Options
	slots *slots

	ctx context.Context // of installs; ends with Close
	end context.CancelFunc

	mu       sync.Mutex
	closed   bool                       // guarded by mu
	installs map[model.ID]chan struct{} // guarded by mu; under way here, each closed at its end
	underWay sync.WaitGroup
}

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
	if opts.Waiting <= 0 {
		opts.Waiting = 10
	}
	m := &Manager{opts: opts, slots: newSlots(opts.AtOnce, opts.Waiting), installs: map[model.ID]chan struct{}{}}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// Close stops the installs under way, which changes nothing of what is there,
// and returns when they have said so or ctx ends.
func (m *Manager) Close(ctx context.Context) error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.end()
	over := make(chan struct{})
	go func() { m.underWay.Wait(); close(over) }()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

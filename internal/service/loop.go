package service

import (
	"context"
	"fmt"
	"sync"
)

// Hooks are what a Loop consists of. Only Run is needed.
type Hooks struct {
	// Begin comes before Run, within Start. Its error is Start's.
	Begin func(ctx context.Context) error
	// Run is the goroutine. It returns soon after ctx has ended, or by itself.
	Run func(ctx context.Context)
	// Abort makes Run return at once, even if work is lost: Stop has run out of
	// time. Neither may ask whether the loop is running. Without it Stop returns an error then, and Run ends later.
	Abort func()
	// End comes after Run, within the Stop that ended it.
	End func(ctx context.Context) error
}

// Loop is a service of one goroutine, which can be started again after a stop.
// A part that is one embeds it.
type Loop struct {
	hooks Hooks

	mu      sync.Mutex
	current *turn // guarded by mu; nil unless started
}

// turn is the time from a start to the stop after it.
type turn struct {
	cancel   context.CancelFunc
	ended    chan struct{} // closed when Run has returned
	stopping bool          // guarded by Loop.mu
}

// NewLoop makes a loop; it does nothing before Start.
func NewLoop(hooks Hooks) *Loop { return &Loop{hooks: hooks} }

// Start implements Service. What it starts outlives ctx.
func (l *Loop) Start(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil {
		return ErrStarted
	}
	if l.hooks.Begin != nil {
		if err := l.hooks.Begin(ctx); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	t := &turn{cancel: cancel, ended: make(chan struct{})}
	l.current = t
	go func() {
		defer close(t.ended)
		l.hooks.Run(ctx)
	}()
	return nil
}

// Stop implements Service. Run must not call it.
func (l *Loop) Stop(ctx context.Context) error {
	l.mu.Lock()
	t := l.current
	if t == nil {
		l.mu.Unlock()
		return nil
	}
	t.stopping = true
	l.mu.Unlock()
	t.cancel()
	if err := l.await(ctx, t); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != t { // another Stop was first
		return nil
	}
	l.current = nil
	if l.hooks.End == nil {
		return nil
	}
	return l.hooks.End(ctx)
}

// await returns once Run has ended.
func (l *Loop) await(ctx context.Context, t *turn) error {
	select {
	case <-t.ended:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-t.ended: // both at once
		return nil
	default:
	}
	if l.hooks.Abort == nil {
		return fmt.Errorf("it has not ended yet: %w", ctx.Err())
	}
	l.hooks.Abort() // under mu: no start may come between
	<-t.ended
	return nil
}

// Running reports whether it is started and no stop has begun.
func (l *Loop) Running() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current != nil && !l.current.stopping
}

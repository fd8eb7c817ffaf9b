package process

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"maestro/internal/model"
)

// Lane runs the calls of any number of subtenants in child processes. Create it with
// New; it is safe for concurrent use.
type Lane struct {
	opt     Options
	numbers atomic.Uint64 // of calls
	serial  atomic.Uint64 // of children
	counts  counts
	leaders leaders

	mu      sync.RWMutex // guards what follows
	tenants map[string]*tenant
	closed  bool
	alive   sync.WaitGroup // children, and what watches them
	closing chan struct{}  // closed with closed
}

// New makes a Lane. It starts nothing before the first call.
func New(opt Options) (*Lane, error) {
	if opt.Home == "" || opt.Start == nil {
		return nil, errors.New("create the process lane: the options Home and Start are required")
	}
	l := &Lane{opt: opt.withDefaults(), tenants: map[string]*tenant{}, closing: make(chan struct{})}
	l.alive.Go(l.watchMemory)
	return l, nil
}

// Call runs one outer call; see model.Lane. Its Host is a model.RemoteHost.
func (l *Lane) Call(ctx context.Context, mc model.Call) (model.Outcome, error) {
	remote, ok := mc.Host.(model.RemoteHost)
	if !ok {
		return model.Outcome{}, model.NewError(model.CodeInternal, "The host of a call in the process lane is no RemoteHost.")
	}
	if ctx.Err() != nil { // after Forget, it must not make the subtenant anew
		return model.Outcome{Failure: cancelled()}, nil
	}
	c := &call{Call: mc, remote: remote, number: l.numbers.Add(1), done: doneChannels.Get().(chan struct{})}
	ch, outcome, err := l.admit(ctx, c)
	if ch == nil {
		return outcome, err
	}
	return c.run(ctx, ch)
}

// admit returns the child that is to run c, which counts there already. Without one the
// call is over.
func (l *Lane) admit(ctx context.Context, c *call) (*child, model.Outcome, error) {
	t, err := l.tenantOf(c.Tenant)
	if err != nil {
		return nil, model.Outcome{}, err
	}
	c.tenant = t
	t.mu.Lock()
	if t.gone {
		t.mu.Unlock()
		return nil, model.Outcome{}, beingDeleted(t.name)
	}
	t.usePackages(c.Packages)
	t.noteImports(c.Program)
	ch := t.choose(c)
	if ch == nil {
		t.enqueue(c)
	}
	t.mu.Unlock()
	if ch == nil {
		return c.wait(ctx)
	}
	return ch, model.Outcome{}, nil
}

// tenantOf returns the subtenant's entry, made on first use.
func (l *Lane) tenantOf(name string) (*tenant, error) {
	l.mu.RLock()
	t, closed := l.tenants[name], l.closed
	l.mu.RUnlock()
	if t != nil && !closed {
		return t, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, stopping()
	}
	if t = l.tenants[name]; t == nil {
		t = &tenant{lane: l, name: name, used: time.Now(), programs: map[uint64]struct{}{}, imports: map[string]struct{}{}, leaving: map[*child]struct{}{}}
		l.tenants[name] = t
	}
	return t, nil
}

// find returns the subtenant's entry, or nil.
func (l *Lane) find(name string) *tenant {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.tenants[name]
}

// each returns all subtenants.
func (l *Lane) each() []*tenant {
	l.mu.RLock()
	defer l.mu.RUnlock()
	all := make([]*tenant, 0, len(l.tenants))
	for _, t := range l.tenants {
		all = append(all, t)
	}
	return all
}

// Changed implements model.Lane.
func (l *Lane) Changed(name string, number uint64) {
	if t := l.find(name); t != nil {
		t.changed(number)
	}
}

// Forget removes a deleted subtenant: its waiting calls are refused, its running ones
// are cancelled, its children are killed. It returns immediately.
func (l *Lane) Forget(name string) {
	l.mu.Lock()
	t := l.tenants[name]
	delete(l.tenants, name)
	l.mu.Unlock()
	if t != nil {
		t.end(beingDeleted(name), true)
	}
}

// Close refuses new calls, cancels those that wait or run, and ends all children. It
// returns when that is done or ctx has ended. It may be called any number of times.
func (l *Lane) Close(ctx context.Context) error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.closing)
	}
	l.mu.Unlock()
	for _, t := range l.each() {
		t.end(stopping(), false)
	}
	over := make(chan struct{})
	go func() {
		l.alive.Wait()
		close(over)
	}()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
	}
	for _, t := range l.each() {
		t.killAll()
	}
	select {
	case <-over:
		return nil
	case <-time.After(l.opt.KillAfter * 20):
		return fmt.Errorf("close the process lane: %d children had not ended: %w", l.counts.live.Load(), ctx.Err())
	}
}

package embed

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"maestro/cpython"
	"maestro/internal/model"
)

// phase is the life of a Host: fresh → serving → closing → closed, or fresh →
// closed.
type phase uint8

const (
	phaseFresh phase = iota
	phaseServing
	phaseClosing
	phaseClosed
)

// Host is the embedded lane. Create it with New; it is safe for concurrent use.
type Host struct {
	opt      Options
	machines machines
	policy   *cpython.Policy // of Options.Rails, or nil

	compileJobs chan *compileJob
	endSlots    chan struct{} // a value for each interpreter that is being ended
	processors  int
	closing     chan struct{} // closed when Close begins
	quiet       chan struct{} // closed when the host has no thread or interpreter left

	// onIllegalMove is set by tests.
	onIllegalMove func(machine, from, to string)

	// mu guards everything below, and what the types tenant, worker,
	// interpreter, call and watchHeap say is guarded by it. It is held for
	// fractions of a microsecond, never while Python runs.
	mu      sync.Mutex
	phase   phase
	tenants map[string]*tenant

	ready      fifo[tenant] // those of which a call may start
	gathering  bool         // a goroutine will start the waiting calls in a moment
	waiting    []*tenant    // those with waiting calls, and some that had until the last tick
	ticker     *time.Timer  // looks at waiting
	tickPeriod time.Duration

	workers      map[*worker]struct{} // all that live
	idle         []*worker            // a stack
	threads      int                  // in the pool: idle or busy
	running      runningList
	width        int   // recent calls that keep a thread from being woken for another
	progress     clock // when any call began or ended last
	stuckThreads int
	dismissed    int // told to end, still in the pool
	leaving      int // out of the pool, dropping their thread states
	reported     map[Unfit]bool

	watch   watchHeap
	watcher *time.Timer
	sweeper *time.Timer

	warm       []*interpreter
	wanting    fifo[tenant] // those that wait for an interpreter
	makerWork  *sync.Cond
	makerRests bool
	makerDone  bool
	compilers  int
	goToo      bool // with it, that of Go's heap
	trimming   bool // freed memory will be returned to the system in a moment

	detached                map[*interpreter]struct{} // retiring or abandoned, with calls in them
	overdue                 map[*interpreter]struct{} // leaked
	serving, ending, leaked int                       // interpreters in these states, serving with suspect
	made, endedTotal        int                       // interpreters so far
	relieved                int                       // interpreters that were ended because memory was short
	parked                  int                       // threads that wait for ever (thread_park.go)
}

var _ model.Lane = (*Host)(nil)

// New creates a host. It starts nothing.
func New(opt Options) (*Host, error) {
	if opt.Home == "" {
		return nil, fmt.Errorf("create the Python host: the option Home is empty")
	}
	policy, err := opt.policy()
	if err != nil {
		return nil, err
	}
	machines := pythonMachines(opt.withDefaults().limits())
	if opt.Main {
		machines = mainMachines(opt.withDefaults().limits())
	}
	h := newHost(opt, machines)
	h.policy = policy
	return h, nil
}

func newHost(opt Options, m machines) *Host {
	h := &Host{
		opt:         opt.withDefaults(),
		machines:    m,
		compileJobs: make(chan *compileJob),
		endSlots:    make(chan struct{}, endsAtOnce),
		closing:     make(chan struct{}),
		quiet:       make(chan struct{}),
		tenants:     map[string]*tenant{},
		processors:  runtime.GOMAXPROCS(0),
		workers:     map[*worker]struct{}{},
		detached:    map[*interpreter]struct{}{},
		overdue:     map[*interpreter]struct{}{},
		reported:    map[Unfit]bool{},
	}
	h.watch.armed = never
	h.width = h.narrow()
	h.makerWork = sync.NewCond(&h.mu)
	h.ticker = stoppedTimer(h.tick)
	h.watcher = stoppedTimer(h.watchCalls)
	h.sweeper = stoppedTimer(h.sweep)
	return h
}

func stoppedTimer(f func()) *time.Timer {
	t := time.AfterFunc(time.Hour, f)
	t.Stop()
	return t
}

// Start loads Python into the process, where it stays, and begins to create
// interpreters. A second Start has no effect; after Close it is an error.
func (h *Host) Start(context.Context) error {
	if err := h.machines.load(h.opt); err != nil {
		return fmt.Errorf("start the Python host: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch h.phase {
	case phaseServing:
		return nil
	case phaseClosing, phaseClosed:
		return fmt.Errorf("start the Python host: it is closed")
	}
	if err := h.watchMemory(); err != nil {
		return err
	}
	h.phase = phaseServing
	if h.compiles() {
		h.compilers++
		go h.runCompiler()
	}
	go h.makeInterpreters()
	h.sweeper.Reset(h.sweepPeriod())
	return nil
}

// Close refuses new calls, cancels those that wait or run, and ends all
// interpreters and threads. It returns when that is done or ctx has ended; the
// error then counts the remaining ones. It may be called any number of times,
// at any time.
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	switch h.phase {
	case phaseFresh:
		h.phase = phaseClosed
		close(h.closing)
		close(h.quiet)
	case phaseServing:
		h.beginClose()
	}
	h.mu.Unlock()
	select {
	case <-h.quiet:
	case <-ctx.Done():
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.phase != phaseClosed {
		return fmt.Errorf("close the Python host: %d threads and %d interpreters had not ended: %w",
			h.threads+h.leaving+h.stuckThreads, h.serving+len(h.detached)+h.ending+h.leaked, ctx.Err())
	}
	return nil
}

// beginClose begins to end all calls, threads and interpreters. h.mu is held.
func (h *Host) beginClose() {
	h.phase = phaseClosing
	close(h.closing)
	h.sweeper.Stop()
	h.makerWork.Broadcast()
	for _, t := range h.tenants {
		h.refuseQueued(t, model.NewError(model.CodeUnavailable, "The server is shutting down. Try again in a moment."))
	}
	h.stopAll(func(*call) bool { return true })
	for _, t := range h.tenants {
		h.abandon(t.interp)
	}
	for _, in := range h.warm {
		h.end(in)
	}
	h.warm = nil
	for w := range h.workers {
		w.dismiss()
	}
	h.checkQuiet()
}

// checkQuiet ends the closing when no thread or interpreter is left. Stuck ones
// are waited for too: most of them only compute for some more seconds. Those with
// parked threads never end. h.mu is held.
func (h *Host) checkQuiet() {
	if h.phase != phaseClosing || !h.makerDone {
		return
	}
	threads := h.threads + h.stuckThreads + h.leaving
	interpreters := h.serving + len(h.detached) + h.ending + h.leaked
	lostThreads, lostInterpreters := h.lost()
	if threads+interpreters+h.compilers > lostThreads+lostInterpreters {
		return
	}
	h.phase = phaseClosed
	h.ticker.Stop()
	h.watcher.Stop()
	close(h.quiet)
}

func (h *Host) illegal(kind, from, to string) {
	h.opt.Log.Error("illegal change of state", slog.String("of", kind), slog.String("from", from), slog.String("to", to))
	if h.onIllegalMove != nil {
		h.onIllegalMove(kind, from, to)
	}
}

// Call runs one outer call; see model.Lane.
func (h *Host) Call(ctx context.Context, mc model.Call) (model.Outcome, error) {
	return h.call(ctx, newCall(mc))
}

func (h *Host) call(ctx context.Context, c *call) (model.Outcome, error) {
	if err := h.submit(ctx, c); err != nil {
		return model.Outcome{}, err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		h.cancel(c)
		<-c.done
	}
	doneChannels.Put(c.done)
	if c.rest != nil {
		return model.Outcome{Rest: func() (model.Outcome, error) { return h.awaitRest(ctx, c) }}, nil
	}
	return c.outcome, c.err
}

// handOver lets the caller of c go on, whose generator has begun to yield.
func (h *Host) handOver(c *call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.rest == nil && !c.answered.Load() {
		c.rest = make(chan struct{}, 1)
		c.done <- struct{}{}
	}
}

// awaitRest waits for the outcome of a call that was handed over.
func (h *Host) awaitRest(ctx context.Context, c *call) (model.Outcome, error) {
	select {
	case <-c.rest:
	case <-ctx.Done():
		h.cancel(c)
		<-c.rest
	}
	return c.outcome, c.err
}

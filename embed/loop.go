package embed

import (
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"maestro/cpython"
	"maestro/internal/model"
)

// Calls of async functions run as tasks of an event loop: thousands of them wait
// on the one thread that carries it, and a module's asyncio objects (a client, a
// lock) work in every call, since all of them run on the same loop. The calls
// wait in their subtenant's queue, and the loop takes one after the other when
// it is woken. While code blocks the thread, another one takes the loop over: the
// tasks that have begun there continue, and so do those that wait.
const (
	// blockedAfter is how long a loop may make no progress (no call that begins
	// or ends, no wait for events) until its thread counts as blocked. Code
	// between two awaits has its loop to itself, as authors of asyncio code expect,
	// but no longer once the loop was taken over: so a slow thread must not be
	// mistaken for a blocked one.
	blockedAfter = 100 * time.Millisecond
	// blockedSooner is its minimum: if threads are blocked already, more of them
	// are likely to be.
	blockedSooner = blockedAfter / 4
	// lookEvery is how often a loop with several begun calls is checked; at
	// growing intervals, up to the longest, while it waits.
	lookEvery   = blockedAfter / 2
	lookLongest = 8 * blockedAfter
	// cancelAgain is when a task that has not ended is cancelled once more.
	cancelAgain = time.Second
)

// looper is what the host needs of an event loop. *cpython.Loop is the real one.
type looper interface {
	Run() *cpython.Exception
	Wake()
	Busy() time.Duration
}

// loop is the event loop of an interpreter.
type loop struct {
	in     *interpreter
	number uint64
	py     looper
	gone   chan struct{} // closed when all its threads have left Python

	// Guarded by Host.mu.
	calls    map[uint64]*call // those that it took, by their number
	threads  int              // that carry it, or are blocked and will leave it
	thread   thread           // that began to carry it last
	entering bool             // a thread was started and does not carry it yet
	woken    bool             // it has been woken and has not looked for calls since
	ending   bool             // it is to end
	look     *time.Timer      // calls watch; nil until several calls have begun
	period   time.Duration    // of looking; 0: the timer is not armed
}

var loopNumbers atomic.Uint64

// feed makes the loop take the waiting calls of t's async functions. h.mu is held.
func (h *Host) feed(t *tenant) {
	in := t.interp
	if in == nil || in.state != interpreterServing || t.coroutine() == nil || t.looped >= h.opt.TenantTasks {
		return
	}
	if in.loop == nil {
		h.startLoop(in)
		return
	}
	in.loop.wake()
	in.loop.relieve()
}

// wake makes l take calls. h.mu is held.
func (l *loop) wake() {
	if !l.woken {
		l.woken = true
		l.py.Wake()
	}
}

// relieve has another thread take over l if its own is blocked. h.mu is held.
func (l *loop) relieve() {
	blocked := max(blockedAfter>>min(l.threads-1, 8), blockedSooner)
	if !l.entering && l.threads < l.in.host.opt.TenantThreads && l.py.Busy() >= blocked {
		l.start()
	}
}

// start has another thread carry l. h.mu is held.
func (l *loop) start() {
	l.threads++
	l.entering = true
	go l.carry()
}

// startLoop starts in's event loop. h.mu is held.
func (h *Host) startLoop(in *interpreter) {
	l := &loop{in: in, number: loopNumbers.Add(1), gone: make(chan struct{}), calls: map[uint64]*call{}}
	py, err := in.py.NewLoop(l.number)
	if err != nil {
		h.opt.Log.Error("could not start an event loop", slog.String("tenant", in.tenantName()), slog.Any("error", err))
		h.refuseCoroutines(in.tenant, unavailable(err))
		return
	}
	l.py = py
	in.loop = l
	process.loops.Store(l.number, l)
	l.wake() // it checks as soon as it can
	l.start()
}

// carry is a thread of the loop.
func (l *loop) carry() {
	runtime.LockOSThread() // for ever: the thread ends with the goroutine
	in, h := l.in, l.in.host
	h.mu.Lock()
	l.thread = thisThread()
	h.mu.Unlock()
	err := in.prepare()
	if err == nil {
		if exc := l.py.Run(); exc != nil {
			err = unavailable(fmt.Errorf("an event loop could not run: %s: %s", exc.Type, exc.Message))
		}
	}
	in.py.DropThread()
	h.mu.Lock()
	defer h.mu.Unlock()
	l.threads--
	l.entering = false
	if l.threads == 0 {
		process.loops.Delete(l.number)
		in.loop = nil
		close(l.gone)
	}
	if err == nil || in.state >= interpreterEnding {
		return
	}
	h.opt.Log.Error("an event loop has failed", slog.String("tenant", in.tenantName()), slog.Uint64("interpreter", in.id), slog.Any("error", err))
	if t := in.tenant; t != nil && t.interp == in {
		in.loopLost = true
		h.retire(in, now())
		if t.interp == in {
			h.refuseCoroutines(t, err)
		}
	}
	if l.threads == 0 { // that could end its calls
		for _, c := range l.calls {
			h.finishLooped(c, cpython.CallResult{}, err)
		}
	}
}

// watch checks whether l's thread is blocked while others of its calls wait for
// it, and continues while there are any.
func (l *loop) watch() {
	h := l.in.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(l.calls) < 2 {
		l.period = 0
		return
	}
	if l.py.Busy() > 0 {
		l.period = lookEvery
	} else {
		l.period = min(2*l.period, lookLongest)
	}
	l.relieve()
	l.look.Reset(l.period)
}

// watched makes watch check l from now on, if several calls have begun on it.
// h.mu is held.
func (l *loop) watched() {
	if len(l.calls) < 2 || l.period > 0 {
		return
	}
	l.period = lookEvery
	if l.look == nil {
		l.look = time.AfterFunc(l.period, l.watch)
	} else {
		l.look.Reset(l.period)
	}
}

// endLoop ends in's event loop and returns when its threads have left Python. No
// call is in in, and none comes.
func (in *interpreter) endLoop() {
	h := in.host
	h.mu.Lock()
	l := in.loop
	if l != nil {
		l.ending = true
		l.wake()
	}
	h.mu.Unlock()
	if l != nil {
		<-l.gone
	}
}

// loops answers the event loops.
type loops struct{ *registry }

var _ cpython.Loops = loops{}

// loop returns the loop with that number, or nil.
func (r *registry) loop(number uint64) *loop {
	l, _ := r.loops.Load(number)
	if l == nil {
		return nil
	}
	return l.(*loop)
}

// Carried records that the thread which was started last carries the loop.
func (r loops) Carried(number uint64) {
	if l := r.loop(number); l != nil {
		l.in.host.mu.Lock()
		defer l.in.host.mu.Unlock()
		l.entering = false
	}
}

// Take gives a loop its next call.
func (r loops) Take(number uint64) cpython.Taken {
	l := r.loop(number)
	if l == nil {
		return cpython.Taken{End: true}
	}
	for {
		c, end := l.take()
		if c == nil {
			return cpython.Taken{End: end}
		}
		if args := l.begin(c); args != nil {
			return cpython.Taken{Call: args}
		}
	}
}

// take takes the next call from the queue, if there is one, or ends l.
func (l *loop) take() (c *call, end bool) {
	in, h := l.in, l.in.host
	h.mu.Lock()
	defer h.mu.Unlock()
	l.woken = false
	t := in.tenant
	if l.ending {
		return nil, true
	}
	if t == nil || t.interp != in || in.state != interpreterServing || t.looped >= h.opt.TenantTasks {
		return nil, false
	}
	if c = t.coroutine(); c == nil {
		return nil, false
	}
	at := now()
	if c.Patient == nil {
		t.coroutines.pop()
	} else {
		t.patientCoroutines.pop()
		c.Deadline = time.Now().Add(c.Patient.Limit)
		c.due = at.add(c.Patient.Limit)
		h.watch.add(h, c)
	}
	change(h, &callMoves, &c.state, callRunning)
	c.interp, c.loop = in, l
	in.calls[c] = struct{}{}
	in.begun++
	l.calls[c.number] = c
	l.watched()
	t.looped++
	t.used = at
	return c, false
}

// begin registers c, or ends it if it must not run.
func (l *loop) begin(c *call) *cpython.CallArgs {
	h := l.in.host
	var err error
	if !c.answered.Load() {
		if c.Patient == nil || c.Patient.Begin(c.Deadline) {
			process.begin(c)
			args := c.args()
			return &args
		}
		err = errNotBegun
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.finishLooped(c, cpython.CallResult{}, err)
	return nil
}

// Done takes the end of a call of a loop.
func (r loops) Done(number, ticket uint64, result cpython.CallResult) {
	l := r.loop(number)
	if l == nil {
		return
	}
	h := l.in.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := l.calls[ticket]; c != nil {
		h.finishLooped(c, result, nil)
	}
}

// finishLooped records that c's task has ended. h.mu is held.
func (h *Host) finishLooped(c *call, result cpython.CallResult, err error) {
	at := now()
	t, in, l := c.tenant, c.interp, c.loop
	h.conclude(c, result, err)
	if c.state == callStuck {
		h.endStuck(c)
	} else {
		t.looped--
	}
	change(h, &callMoves, &c.state, callEnded)
	h.watch.remove(c)
	delete(in.calls, c)
	delete(l.calls, c.number)
	t.used = at
	h.noteLeft(c, result)
	h.weigh(in, result)
	h.retire(in, at)
	h.settle(in)
	h.checkQuiet()
	if t.looped == h.opt.TenantTasks-1 {
		h.feed(t)
	}
}

// climbLooped takes the next escalation for a call on a loop that is being
// stopped:
//
//	at once           the task is cancelled: CancelledError where it waits
//	and every 50 ms   an exception that is not an Exception, in threads that run for it
//	after 200 ms      a trace function raises at every line that they reach
//	cancelAgain       the task is cancelled once more
//	StuckAfter        a waiting task is closed, and the call is over; one that
//	                  blocks a thread is abandoned, with the thread and interpreter
//
// h.mu is held.
func (h *Host) climbLooped(c *call, at clock) {
	elapsed := at.since(c.stopBegan)
	rung := cpython.RungRaise
	switch {
	case c.met == cpython.MetExecuting && h.exhausted(c, elapsed):
		h.giveUpLooped(c, at)
		return
	case elapsed >= h.opt.StuckAfter:
		rung = cpython.RungAbandon
	case c.cancels == 0 || c.cancels == 1 && elapsed >= cancelAgain:
		rung = cpython.RungCancel
		c.cancels++
	case elapsed >= traceAfter:
		rung = cpython.RungTrace
	}
	h.order(c.interp, stopOrder{call: c, rung: rung}, at)
	c.due = at.add(rungEvery)
	h.watch.add(h, c)
}

// refuseCoroutines answers the waiting calls of t's async functions with err.
// h.mu is held.
func (h *Host) refuseCoroutines(t *tenant, err error) {
	for c := t.coroutine(); c != nil; c = t.coroutine() {
		h.refuse(c, err)
	}
}

// tooManyTasks is the refusal of a call that no loop has taken in time.
func tooManyTasks(limit time.Duration) *model.Error {
	e := model.NewError(model.CodeTooManyRequests,
		"No event loop of this subtenant became free within %v, because too many of its calls are running or block their loop. Try again later.", limit)
	e.RetryAfter = time.Second
	return e
}

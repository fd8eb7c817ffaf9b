package embed

import (
	"context"
	"runtime"
	"time"

	"maestro/internal/model"
)

// The dispatcher decides which waiting call gets a thread, and how many
// threads there are. Subtenants whose oldest call may start form a ring,
// Host.ready; a free thread takes one call of the first. Everything here is
// guarded by Host.mu.
//
// Waking a thread costs more than a short call does, so short calls finish
// soonest one after the other on few threads, and those of one subtenant on one
// thread. A waiting call therefore has another thread woken for it only if
// fewer than Host.width calls have begun within the last millisecond, or the
// newest is not short, and if its subtenant has threads left of its allowance.
// Both numbers double while calls wait and none ends, and are reset when none
// waits. A timer checks the waiting calls about every millisecond; it is armed
// only while there are some.
const (
	// growAfter is how long a subtenant (or the pool) may be without a call
	// that begins or ends, while calls wait, until its calls count as blocking.
	growAfter = time.Millisecond
	// growAnyway is how long a call may wait although others end, until there
	// is another thread, provided that a processor is left for it.
	growAnyway = 5 * time.Millisecond
	// shortCall is how long a call may take and be waited for.
	shortCall = 100 * time.Microsecond
	// tickEvery is the period of the timer, tickSlow that when ticking has
	// changed nothing for a while.
	tickEvery = time.Millisecond
	tickSlow  = 4 * time.Millisecond
	// processorFull is the share of a processor from which on more threads
	// under the same GIL only get in each other's way.
	processorFull = 0.7
	// farAway keeps a deadline within what a clock can hold.
	farAway = 1 << 62
	// sampleValid is how long a measured share is used.
	sampleValid = 50 * time.Millisecond
)

// submit queues c and starts it if a thread is free. A call whose context has
// ended is not begun: after Forget, which follows the cancelling of a
// subtenant's calls, none of them may create a forgotten subtenant again.
func (h *Host) submit(ctx context.Context, c *call) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.phase != phaseServing {
		return model.NewError(model.CodeUnavailable, "The server is stopping and does not run functions. Try again in a moment.")
	}
	if ctx.Err() != nil {
		h.stop(c)
		return nil
	}
	at := now()
	t := h.tenantOf(c.Tenant)
	if t.refused && h.refuses(t) {
		return h.tooManyStuck(t)
	}
	c.tenant, c.queued, c.due, t.used = t, at, never, at
	if c.Patient == nil && !c.Deadline.IsZero() {
		c.due = at.add(min(time.Until(c.Deadline), farAway))
		h.watch.add(h, c)
	}
	t.push(c)
	h.usePackages(t, c.Packages)
	if t.interp != nil {
		h.retire(t.interp, at)
	}
	if t.interp == nil {
		h.wantInterpreter(t)
	}
	if c.Program.Async {
		h.feed(t)
		h.await(t, c)
		return nil
	}
	if t.active >= t.allowance && at.since(t.progress) > growAfter && !t.processorBound(at) {
		t.allowance = min(t.active+1, h.opt.TenantThreads)
	}
	h.offer(t)
	h.gather(at)
	h.await(t, c)
	return nil
}

// await has the timer look at c's subtenant while c waits. h.mu is held.
func (h *Host) await(t *tenant, c *call) {
	if c.state == callQueued && !t.inWaiting {
		t.inWaiting = true
		h.waiting = append(h.waiting, t)
		h.armTick(tickEvery)
	}
}

// gather starts the calls that may start, a moment later if that means waking a
// thread: calls often come in bursts, since responses are sent when a batch of
// records is committed. The first one lets the goroutines run that are ready
// on its processor, and the thread that is then woken finds their calls too.
// With 64 clients that saves a third of the switches between threads, and a
// tenth of a webhook's processor time; with one client it costs 0.2 µs. h.mu is
// held, but released in between.
func (h *Host) gather(at clock) {
	if h.gathering {
		return // that gathering will find this call
	}
	if len(h.idle) > 0 {
		h.gathering = true
		h.mu.Unlock()
		runtime.Gosched()
		h.mu.Lock()
		h.gathering = false
		at = now()
	}
	h.pump(at)
}

// offer puts t on the ring when a call of it may start.
func (h *Host) offer(t *tenant) {
	if !t.inReady && t.mayStart() {
		t.inReady = true
		h.ready.push(t)
	}
}

// take begins the next call on w, or returns nil when none may start.
func (h *Host) take(w *worker, at clock) *call {
	for t := h.ready.pop(); t != nil; t = h.ready.pop() {
		t.inReady = false
		if !t.mayStart() {
			continue
		}
		c := t.head()
		t.begin(c)
		if c.Patient != nil {
			c.Deadline = time.Now().Add(c.Patient.Limit)
			c.due = at.add(c.Patient.Limit)
			h.watch.add(h, c)
		}
		h.start(c, w, at)
		h.offer(t)
		return c
	}
	return nil
}

// start notes that c begins on w. h.mu is held.
func (h *Host) start(c *call, w *worker, at clock) {
	t := c.tenant
	change(h, &callMoves, &c.state, callRunning)
	h.running.add(c, at)
	c.interp, c.worker = t.interp, w
	if t.home == nil || t.home.state > workerBusy { // it is stuck, or leaves
		t.home = w
	}
	t.interp.calls[c] = struct{}{}
	t.interp.begun++
	t.active++
	t.progress, t.used, h.progress = at, at, at
}

// pump gives calls that may start to idle threads, or to new ones if none is
// idle. After Close has begun there are no such calls, only subtenants that
// are on the ring still: a thread that was made for one would not be told to
// end.
func (h *Host) pump(at clock) {
	for h.phase == phaseServing && h.ready.len() > 0 && h.mayWake(at) {
		w := h.popIdle(h.ready.front())
		if w == nil {
			if h.threads >= h.opt.MaxThreads {
				return
			}
			w = h.newWorker()
		}
		c := h.take(w, at)
		w.assign(c) // nil sends it back to the idle stack
	}
}

// mayWake reports whether another thread should be woken.
func (h *Host) mayWake(at clock) bool {
	recent := h.running.recents(at)
	return recent < h.width || recent < h.processors && at.since(h.running.last.began) >= shortCall
}

// mayGoOn reports whether a thread that is awake may take another call.
func (h *Host) mayGoOn(at clock) bool {
	return h.running.recents(at) < max(h.width, h.processors)
}

// processorBound reports whether t's threads recently used as much as one
// GIL permits.
func (t *tenant) processorBound(at clock) bool {
	return t.processor >= processorFull && at.since(t.sampled) < sampleValid
}

// tick checks the waiting calls: it refuses those that have waited too long
// and raises limits that are too small.
func (h *Host) tick() {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := now()
	changed := false
	still := h.waiting[:0]
	for _, t := range h.waiting {
		for c := oldest(&t.queue); c != nil && at.since(c.queued) > h.opt.WaitLimit; c = oldest(&t.queue) {
			h.refuse(c, tooManyRequests(h.opt.WaitLimit))
		}
		for c := oldest(&t.coroutines); c != nil && at.since(c.queued) > h.opt.WaitLimit; c = oldest(&t.coroutines) {
			h.refuse(c, tooManyTasks(h.opt.WaitLimit))
		}
		if !t.waits() {
			t.inWaiting = false
			continue
		}
		still = append(still, t)
		h.feed(t)
		if head := t.head(); head != nil {
			changed = h.growTenant(t, head, at) || changed
		}
	}
	clear(h.waiting[len(still):])
	h.waiting = still
	changed = h.growWidth(at) || changed
	h.pump(at)
	if len(h.waiting) > 0 {
		if changed {
			h.tickPeriod = tickEvery
		} else {
			h.tickPeriod = min(2*h.tickPeriod, tickSlow)
		}
		h.armTick(h.tickPeriod)
	}
}

func (h *Host) growTenant(t *tenant, head *call, at clock) bool {
	if t.active < t.allowance || t.allowance >= h.opt.TenantThreads || t.processorBound(at) {
		return false
	}
	waited := at.since(max(head.queued, t.grown))
	if at.since(t.progress) < growAfter && waited < growAnyway {
		return true // soon
	}
	t.allowance = min(2*t.allowance, h.opt.TenantThreads)
	t.grown = at
	h.offer(t)
	return true
}

// narrow is the width while no call waits: half of the processors, since the
// code around a short call takes as much.
func (h *Host) narrow() int { return (h.processors + 1) / 2 }

func (h *Host) growWidth(at clock) bool {
	switch {
	case h.ready.len() == 0:
		h.width = h.narrow()
		return false
	case h.width < h.opt.MaxThreads && at.since(h.progress) >= growAfter:
		h.width = min(2*h.width, h.opt.MaxThreads)
	}
	return true // recent calls will soon not be recent
}

// armTick arms the timer unless it is armed already for an earlier time.
func (h *Host) armTick(period time.Duration) {
	if h.phase == phaseClosed {
		return
	}
	if period == tickEvery {
		h.tickPeriod = tickEvery
	}
	h.ticker.Reset(period)
}

func tooManyRequests(limit time.Duration) *model.Error {
	e := model.NewError(model.CodeTooManyRequests,
		"No thread became free for this subtenant within %v: too many of its calls are running. Try again later.", limit)
	e.RetryAfter = time.Second
	return e
}

package embed

import (
	"time"

	"maestro/internal/model"
)

// The dispatcher decides which waiting call gets a thread, and how many
// threads there are. Subtenants whose oldest call may start stand in a ring,
// Host.ready; a free thread takes one call of the first. Everything here is
// guarded by Host.mu.
//
// Two things grow while calls wait, both doubling, and shrink again when none
// do: the number of threads that a subtenant may hold, and the number of
// threads in the pool. A timer looks at the waiting calls about every
// millisecond; it is armed only while there are some.
const (
	// growAfter is how long a subtenant (or the pool) may be without a call
	// that begins or ends, while calls wait, until its calls count as blocking.
	growAfter = time.Millisecond
	// growAnyway is how long a call may wait although others end, until there
	// is another thread, provided that a processor is left for it.
	growAnyway = 5 * time.Millisecond
	// tickEvery is the period of the timer, tickSlow that when ticking has
	// changed nothing for a while.
	tickEvery = time.Millisecond
	tickSlow  = 4 * time.Millisecond
	// processorFull is the share of a processor from which on more threads
	// under the same GIL only get in each other's way.
	processorFull = 0.7
	// farAway keeps a deadline within what a clock can hold.
	farAway = 1 << 62
	// sampleValid is how long a measured share is believed.
	sampleValid = 50 * time.Millisecond
)

// submit queues c and starts it if a thread is free.
func (h *Host) submit(c *call) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.phase != phaseServing {
		return model.NewError(model.CodeUnavailable, "The server is not running functions at present.")
	}
	at := now()
	t := h.tenantOf(c.Tenant)
	c.tenant, c.queued, c.due, t.used = t, at, never, at
	if !c.Deadline.IsZero() {
		c.due = at.add(min(time.Until(c.Deadline), farAway))
		h.watch.add(h, c)
	}
	t.queue.push(c)
	if t.interp == nil {
		h.wantInterpreter(t)
	}
	if t.active >= t.allowance && at.since(t.progress) > growAfter && !t.processorBound(at) {
		t.allowance = min(t.active+1, h.opt.TenantThreads)
	}
	h.offer(t)
	h.pump(at)
	if c.state == callQueued && !t.inWaiting {
		t.inWaiting = true
		h.waiting = append(h.waiting, t)
		h.armTick(tickEvery)
	}
	return nil
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
		c := t.queue.pop()
		change(h, &callMoves, &c.state, callRunning)
		c.interp, c.worker = t.interp, w
		t.interp.calls[c] = struct{}{}
		t.active++
		t.progress, t.used, h.progress = at, at, at
		h.offer(t)
		return c
	}
	return nil
}

// pump gives calls that may start to idle threads, and to new ones as far as
// the pool's present size allows.
func (h *Host) pump(at clock) {
	for h.ready.len() > 0 {
		w := h.popIdle()
		if w == nil {
			if h.threads >= h.poolSize {
				return
			}
			w = h.newWorker()
		}
		c := h.take(w, at)
		w.give(c) // nil sends it back to the idle stack
	}
}

// processorBound reports whether t's threads were lately seen to use what one
// GIL can give.
func (t *tenant) processorBound(at clock) bool {
	return t.processor >= processorFull && at.since(t.sampled) < sampleValid
}

// tick looks at the waiting calls: it refuses those that have waited too long
// and lets grow what is too small.
func (h *Host) tick() {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := now()
	changed := false
	still := h.waiting[:0]
	for _, t := range h.waiting {
		head := t.head()
		for head != nil && at.since(head.queued) > h.opt.WaitLimit {
			h.refuse(head, tooManyRequests(h.opt.WaitLimit))
			head = t.head()
		}
		if head == nil {
			t.inWaiting = false
			continue
		}
		still = append(still, t)
		changed = h.growTenant(t, head, at) || changed
	}
	clear(h.waiting[len(still):])
	h.waiting = still
	changed = h.growPool(at) || changed
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

func (h *Host) growPool(at clock) bool {
	first := h.ready.front()
	if first == nil || h.poolSize >= h.opt.MaxThreads || len(h.idle) > 0 {
		return false
	}
	head := first.head()
	if head == nil {
		return false
	}
	waited := at.since(max(head.queued, h.grown))
	if at.since(h.progress) < growAfter && waited < 4*growAnyway {
		return true // soon
	}
	h.poolSize = min(2*h.poolSize, h.opt.MaxThreads)
	h.grown = at
	return true
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

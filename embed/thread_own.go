package embed

import (
	"runtime"
	"time"

	"maestro/internal/model"
	"maestro/internal/wake"
)

// Thread is an OS thread outside the pool that runs calls of sync functions itself, for
// a process whose calls come through one connection: the thread that reads a call runs
// it, and no other one has to be woken. It belongs to one goroutine.
type Thread struct{ worker *worker }

// NewThread makes a Thread of the calling goroutine's, which is locked to it for ever.
// Close it before the Host.
func (h *Host) NewThread() *Thread {
	runtime.LockOSThread()
	h.mu.Lock()
	defer h.mu.Unlock()
	w := &worker{host: h, wake: wake.New(), state: workerBusy, states: map[*interpreter]struct{}{}}
	h.threads++
	h.workers[w] = struct{}{}
	return &Thread{w}
}

// Run runs a call to the end of its code, if it may begin at once; see CallNumbered.
// Otherwise began is false, and CallNumbered is to run it. CancelNumbered cancels it.
func (t *Thread) Run(mc model.Call, number uint64) (outcome model.Outcome, began bool, err error) {
	h, w := t.worker.host, t.worker
	if mc.Program.Async {
		return outcome, false, nil
	}
	c := newCallNumbered(mc, number)
	h.mu.Lock()
	began = w.state == workerBusy && h.beginOn(w, c)
	h.mu.Unlock()
	if !began {
		doneChannels.Put(c.done)
		return outcome, false, nil
	}
	result, err := w.perform(c)
	h.mu.Lock()
	w.call = nil
	h.finish(c, result, err)
	h.mu.Unlock()
	<-c.done
	doneChannels.Put(c.done)
	return c.outcome, true, c.err
}

// beginOn begins c on w, if nothing is in its way. h.mu is held.
func (h *Host) beginOn(w *worker, c *call) bool {
	t := h.tenants[c.Tenant]
	if h.phase != phaseServing || t == nil || t.refused || t.head() != nil || t.interp == nil ||
		t.interp.state != interpreterServing || c.Packages.Number > t.packages.Number {
		return false
	}
	at := now()
	if t.active >= t.allowance {
		if at.since(t.progress) <= growAfter || t.processorBound(at) || t.active >= h.opt.TenantThreads {
			return false
		}
		t.allowance = t.active + 1
	}
	c.tenant, c.queued, c.due = t, at, never
	if !c.Deadline.IsZero() {
		c.due = at.add(min(time.Until(c.Deadline), farAway))
		h.watch.add(h, c)
	}
	h.start(c, w, at)
	w.call = c
	return true
}

// Close ends the use of the thread, on its goroutine.
func (t *Thread) Close() {
	t.worker.host.mu.Lock()
	t.worker.quit()
}

// CancelNumbered cancels a running call of CallNumbered or Run, as the end of its
// context does.
func (h *Host) CancelNumbered(number uint64) {
	if c := process.find(number); c != nil {
		h.cancel(c)
	}
}

// find returns a call that has begun and is not answered, or nil.
func (r *registry) find(number uint64) *call {
	s := &r.calls[number%callShards]
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.calls[number]
}

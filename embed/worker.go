package embed

import (
	"runtime"

	"maestro/cpython"
	"maestro/internal/model"
	"maestro/internal/wake"
)

// worker is one operating system thread of the pool. Only the thread that made
// a thread state may delete it, with the exceptions that cpython/thread.h names,
// so each worker drops its own: an interpreter that ends puts a request into the
// inbox of every worker that has been in it. It does not wait for those that
// are in a call elsewhere, which may take minutes or never end.
type worker struct {
	host *Host
	wake wake.Signal // there is something to do for a parked worker

	// Guarded by Host.mu.
	state  workerState
	call   *call          // the one that it carries
	drops  []*interpreter // the inbox: thread states to delete
	passed []*interpreter // that did not wait for it: thread states to forget
	parked clock          // since when it is idle
	leave  bool           // it shall end when it has nothing to do
	thread thread

	// The worker's own.
	states map[*interpreter]struct{} // interpreters that it has a thread state for
	sample processorSample
}

// newWorker starts a thread. h.mu is held.
func (h *Host) newWorker() *worker {
	w := &worker{
		host:   h,
		wake:   wake.New(),
		state:  workerBusy,
		states: map[*interpreter]struct{}{},
	}
	h.threads++
	h.workers[w] = struct{}{}
	go w.run()
	return w
}

// popIdle takes a worker from the stack, or returns nil. It takes the one that
// carried t's calls before, if it is idle, because modules may have data in its
// threading.local. Otherwise it is the one that was parked last: its memory is the
// warmest, and those at the bottom get old and leave. h.mu is held.
func (h *Host) popIdle(t *tenant) *worker {
	if t != nil && t.home != nil && t.home.state == workerIdle {
		t.home.unpark()
		return t.home
	}
	n := len(h.idle)
	if n == 0 {
		return nil
	}
	w := h.idle[n-1]
	h.idle[n-1] = nil
	h.idle = h.idle[:n-1]
	change(h, &workerMoves, &w.state, workerBusy)
	return w
}

// assign gives c to w, which has no call: just taken from the stack or just
// created. h.mu is held.
func (w *worker) assign(c *call) {
	w.call = c
	w.wake.Notify()
}

// ask puts a request to drop the state for in into w's inbox. h.mu is held.
func (w *worker) ask(in *interpreter) {
	w.drops = append(w.drops, in)
	if w.state != workerIdle {
		return // it looks at its inbox before it parks or takes a call
	}
	w.unpark()
	w.wake.Notify()
}

// run is the thread. It stays locked to its goroutine for ever, so that the
// operating system thread ends with it and no other goroutine ever runs on a
// thread that has Python's state in it.
func (w *worker) run() {
	runtime.LockOSThread()
	<-w.wake
	h := w.host
	h.mu.Lock()
	w.thread = thisThread()
	for {
		switch {
		case len(w.drops)+len(w.passed) > 0:
			drops, passed := w.drops, w.passed
			w.drops, w.passed = nil, nil
			h.mu.Unlock()
			for _, in := range passed { // first: a thread attaches to nothing before it
				in.py.LeaveThread()
				delete(w.states, in)
			}
			for _, in := range drops {
				w.drop(in)
			}
			h.mu.Lock()
		case w.call != nil:
			c := w.call
			h.mu.Unlock()
			result, err := w.perform(c)
			h.mu.Lock()
			w.call = nil
			h.finish(c, result, err)
		case w.state == workerStuck || w.leave:
			w.quit()
			return
		default:
			at := now()
			if h.mayGoOn(at) {
				w.call = h.take(w, at)
			}
			h.pump(at)
			if w.call != nil {
				continue
			}
			change(h, &workerMoves, &w.state, workerIdle)
			w.parked = at
			w.sample.reset()
			h.idle = append(h.idle, w)
			h.mu.Unlock()
			<-w.wake
			h.mu.Lock()
		}
	}
}

// errNotBegun reports that the caller of a patient call took it back.
var errNotBegun = model.NewError(model.CodeUnavailable, "The call was taken back before it began.")

// perform carries c through Python. An error means that it was not begun.
func (w *worker) perform(c *call) (cpython.CallResult, error) {
	if c.answered.Load() {
		return cpython.CallResult{}, nil // it was cancelled before it began
	}
	in := c.interp
	if _, have := w.states[in]; !have {
		w.states[in] = struct{}{}
		in.hold(w)
	}
	if err := in.prepare(); err != nil {
		return cpython.CallResult{}, err
	}
	if c.Patient != nil && !c.Patient.Begin(c.Deadline) {
		return cpython.CallResult{}, errNotBegun
	}
	process.begin(c)
	return in.py.Call(c.args()), nil
}

// drop deletes this thread's own state for in.
func (w *worker) drop(in *interpreter) {
	if _, have := w.states[in]; !have {
		return
	}
	in.py.DropThread()
	delete(w.states, in)
	in.release(w)
}

// quit ends the thread. It leaves its thread states to others, because deleting
// them would mean waiting for GILs. h.mu is held, and released.
func (w *worker) quit() {
	h := w.host
	if w.state == workerStuck {
		h.stuckThreads--
	} else {
		h.threads--
	}
	if w.leave {
		h.dismissed--
	}
	change(h, &workerMoves, &w.state, workerLeaving)
	h.leaving++
	h.mu.Unlock()
	for in := range w.states {
		in.py.LeaveThread()
		in.release(w)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leaving--
	change(h, &workerMoves, &w.state, workerGone)
	delete(h.workers, w)
	h.checkQuiet()
}

// finish records that c's thread has left Python. h.mu is held.
func (h *Host) finish(c *call, result cpython.CallResult, err error) {
	at := now()
	t, in, w := c.tenant, c.interp, c.worker
	h.conclude(c, result, err)
	if c.state == callStuck {
		h.endStuck(c)
	} else {
		t.active--
	}
	change(h, &callMoves, &c.state, callEnded)
	h.watch.remove(c)
	h.running.remove(c)
	delete(in.calls, c)
	t.progress, t.used, h.progress = at, at, at
	if t.head() == nil {
		t.allowance = 1
	} else if w.sample.take(at) {
		t.processor, t.sampled = w.sample.share*float64(t.active+1), at
		if t.processorBound(at) && t.allowance > 2 {
			t.allowance /= 2
		}
	}
	h.noteLeft(c, result)
	h.weigh(in, result)
	h.retire(in, at)
	h.settle(in)
	h.offer(t)
}

// conclude gives c's caller the result, unless c is being stopped: then it has
// been answered. h.mu is held.
func (h *Host) conclude(c *call, result cpython.CallResult, err error) {
	switch {
	case c.state != callRunning:
		h.opt.OnStop(c.number, true)
	case err != nil:
		h.answer(c, model.Outcome{}, err)
	default:
		h.answer(c, outcomeOf(result), nil)
	}
}

// answer sends the outcome, or the error, to c's caller. h.mu is held. A second
// answer is ignored: it is the late result of a stopped call.
func (h *Host) answer(c *call, outcome model.Outcome, err error) {
	if c.answered.Swap(true) {
		return
	}
	outcome.Omitted = c.omitted.Take()
	c.outcome, c.err = outcome, err
	process.end(c)
	if c.rest != nil {
		c.rest <- struct{}{}
	} else {
		c.done <- struct{}{}
	}
}

// refuse answers a waiting call that was never begun. h.mu is held.
func (h *Host) refuse(c *call, err error) {
	change(h, &callMoves, &c.state, callEnded)
	h.watch.remove(c)
	h.answer(c, model.Outcome{}, err)
}

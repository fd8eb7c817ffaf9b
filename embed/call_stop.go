package embed

import (
	"runtime"
	"time"

	"maestro/cpython"
	"maestro/internal/model"
)

// How a call is stopped whose deadline has come, or whose caller has gone. The
// caller is answered immediately. Its thread may be anywhere in Python or C code,
// so one timer for all calls escalates:
//
//	at once           a sliced sleep is woken
//	and every 50 ms   an exception that is not an Exception is raised in it
//	after 200 ms      a trace function raises at every line that it reaches
//	StuckAfter        its thread and its interpreter are abandoned; threads of it
//	                  that compute are parked (sooner if it has computed on, see exhausted)
//
// The exception is raised in C code too, where it asks whether to go on: in waits and
// in long computations (cpython/stop_check.h). Raising needs the interpreter's GIL. It is
// requested on a disposable thread, one per interpreter, because C code that never
// releases it makes that thread wait for ever. Until it has the GIL, C code is told
// without it (Knock) every 50 ms; after WedgedAfter the interpreter is abandoned.
// Until a thread has attached, new calls of the subtenant wait, so that they
// are not blocked by the same code.
const (
	rungEvery  = 50 * time.Millisecond
	traceAfter = 200 * time.Millisecond
)

// stopper is the part of an interpreter that stops its calls. Guarded by
// Host.mu.
type stopper struct {
	orders   []stopOrder
	running  bool  // its disposable thread is there
	since    clock // when that thread began to attach
	attached clock // when one began to attach that has succeeded
}

type stopOrder struct {
	call *call
	rung cpython.Rung
}

// watchCalls is the function of the watch's timer: it checks the calls that are
// due.
func (h *Host) watchCalls() {
	h.mu.Lock()
	at := now()
	var wake, knock []*call
	for c := h.watch.first(); c != nil && c.due <= at; c = h.watch.first() {
		h.watch.remove(c)
		switch c.state {
		case callQueued:
			h.expire(c)
		case callRunning:
			h.beginStop(c, at, timedOut)
			wake = append(wake, c)
		case callStopping, callStuck:
			if c.interp.stopper.running && at.since(c.interp.stopper.since) >= rungEvery/2 {
				knock = append(knock, c)
			}
			h.climb(c, at)
		}
	}
	h.watch.armed = never
	if c := h.watch.first(); c != nil {
		h.watch.arm(h, c.due)
	}
	h.mu.Unlock()
	for _, c := range wake {
		c.interp.py.WakeSleeper(c.number)
	}
	for _, c := range knock {
		c.interp.py.Knock(c.number)
	}
}

var (
	timedOut  = model.Failure{Kind: model.FailureTimeout, Type: model.ErrorTimeout, Message: "The function ran past its deadline."}
	cancelled = model.Failure{Kind: model.FailureCancelled, Type: model.ErrorCancelled, Message: "The execution was cancelled."}
)

// expire answers a call whose deadline came before a thread did. h.mu is held.
func (h *Host) expire(c *call) {
	change(h, &callMoves, &c.state, callEnded)
	failure := timedOut
	failure.Message = "The deadline passed before a thread was free to run the function."
	h.answer(c, model.Outcome{Failure: &failure}, nil)
}

// beginStop answers a running call with failure and begins to stop it. h.mu is
// held; the caller wakes the call's sleeper after releasing it.
func (h *Host) beginStop(c *call, at clock, failure model.Failure) {
	change(h, &callMoves, &c.state, callStopping)
	h.opt.OnStop(c.number, false)
	h.answer(c, model.Outcome{Failure: &failure}, nil)
	c.stopBegan, c.stopThread = at, c.thread()
	c.stopUsed = c.stopThread.used()
	if c.interp.state == interpreterServing {
		change(h, &interpreterMoves, &c.interp.state, interpreterSuspect)
	}
	h.climb(c, at)
}

// climb takes the next escalation for a call that is being stopped. h.mu is held.
func (h *Host) climb(c *call, at clock) {
	in, elapsed := c.interp, at.since(c.stopBegan)
	if c.state == callStuck {
		h.climbStuck(c, at)
		return
	}
	if c.loop == nil && h.exhausted(c, elapsed) {
		h.giveUp(c, at)
		return
	}
	if in.stopper.running && at.since(in.stopper.since) >= h.opt.WedgedAfter {
		h.forsake(in) // its calls continue to be stopped: the GIL may still be released
	}
	if c.loop != nil {
		h.climbLooped(c, at)
		return
	}
	rung := cpython.RungRaise
	if elapsed >= traceAfter {
		rung = cpython.RungTrace
	}
	h.order(in, stopOrder{call: c, rung: rung}, at)
	c.due = at.add(rungEvery)
	h.watch.add(h, c)
}

// climbStuck looks at a stuck call again: its code may have begun to compute, or have come
// to an await. h.mu is held.
func (h *Host) climbStuck(c *call, at clock) {
	rung := cpython.RungPark
	if c.loop != nil && c.met == cpython.MetWaiting {
		rung = cpython.RungAbandon
	} else {
		h.park(c, at)
	}
	h.order(c.interp, stopOrder{call: c, rung: rung}, at)
	c.due = at.add(stuckEvery)
	h.watch.add(h, c)
}

// order asks in's disposable thread to stop a call. An order for the same call
// that has not been carried out is replaced, but for a cancel. h.mu is held.
func (h *Host) order(in *interpreter, o stopOrder, at clock) {
	for i := range in.stopper.orders {
		if in.stopper.orders[i].call == o.call {
			if in.stopper.orders[i].rung != cpython.RungCancel || o.rung == cpython.RungAbandon {
				in.stopper.orders[i] = o
			}
			return
		}
	}
	in.stopper.orders = append(in.stopper.orders, o)
	if !in.stopper.running {
		in.stopper.running = true
		in.stopper.since = at
		go in.carryOut()
	}
}

// carryOut is the disposable thread. in is not ended while it is there.
func (in *interpreter) carryOut() {
	runtime.LockOSThread() // and never unlocked
	h := in.host
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(in.stopper.orders) > 0 {
		o := in.stopper.orders[0]
		in.stopper.orders = in.stopper.orders[1:]
		if o.call.state != callStopping && o.call.state != callStuck {
			continue // it has ended
		}
		began := now()
		in.stopper.since = began
		h.mu.Unlock()
		met := in.py.Stop(o.call.number, o.rung)
		h.mu.Lock()
		o.call.met = met
		in.stopper.attached = began
		h.settle(in)
	}
	in.stopper.running = false
	h.settle(in)
}

// cancel stops c because its caller no longer waits for it.
func (h *Host) cancel(c *call) {
	h.mu.Lock()
	running := h.stop(c)
	h.mu.Unlock()
	if running {
		c.interp.py.WakeSleeper(c.number)
	}
}

// stop answers c with "cancelled" and reports whether it was running. h.mu is
// held.
func (h *Host) stop(c *call) bool {
	switch c.state {
	case callQueued:
		change(h, &callMoves, &c.state, callEnded)
		h.watch.remove(c)
		failure := cancelled
		h.answer(c, model.Outcome{Failure: &failure}, nil)
	case callRunning:
		h.watch.remove(c)
		h.beginStop(c, now(), cancelled)
		return true
	}
	return false
}

// stopAll cancels the running calls that the condition holds for. h.mu is held.
func (h *Host) stopAll(condition func(*call) bool) {
	stop := func(in *interpreter) {
		if in == nil {
			return
		}
		for c := range in.calls {
			if condition(c) && h.stop(c) {
				go c.interp.py.WakeSleeper(c.number)
			}
		}
	}
	for _, t := range h.tenants {
		stop(t.interp)
	}
	for in := range h.detached {
		stop(in)
	}
}

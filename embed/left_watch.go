package embed

import (
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"maestro/cpython"
	"maestro/internal/model"
)

// A call may leave threads, tasks and processes behind.
//
// Its processes end with it, after a moment in which those end by themselves that are
// about to. Workers of process pools stay: later calls use them.
//
// Its threads and tasks stay as long as they wait: libraries start theirs at their
// first use, within some call, and use them in all later ones. They may compute for as
// long as their budget lasts (cpython/left.h), and are stopped then. Threads that
// module-level code has begun have a larger budget. Options.KeepLeft keeps all of
// them, and the processes, until the interpreter ends.
//
// Threads of the module-level code of a version end neither with a call nor with the version: they
// wait for work that no call brings. The interpreter is replaced when the version is out of use.
//
// The watch of an interpreter asks how much processor time its own threads have used, which
// needs no GIL. Only when it is more than a little are they looked at one by one.
const (
	// leftEvery is the interval of the watch, leftSlow that when nothing is used.
	leftEvery = 100 * time.Millisecond
	leftSlow  = time.Second
	// leftLittle is the share of a processor that is not looked at.
	leftLittle = 0.01
	// leftWedged is how long a judge may wait for the GIL until the thread that keeps it
	// is told to stop, and leftPark until it is parked.
	leftWedged = 200 * time.Millisecond
	leftPark   = 2 * time.Second
	// childGrace is how long a process may outlive its call.
	childGrace = 500 * time.Millisecond
)

// budgets are the processor time for work of no running call.
type budgets struct {
	left cpython.Budget // of all threads together that work for calls that are over
	own  cpython.Budget // of each thread that module-level code has begun
	pool cpython.Budget // of each process that a call has started and that outlives it
}

var defaultBudgets = budgets{
	left: cpython.Budget{Most: 500 * time.Millisecond, Refill: 0.05},
	own:  cpython.Budget{Most: 2 * time.Second, Refill: 0.25},
	pool: cpython.Budget{Most: 750 * time.Millisecond, Refill: 0.05},
}

// leftWatch watches the threads that an interpreter's code has begun. Guarded by
// Host.mu.
type leftWatch struct {
	timer   *time.Timer // nil until there was such a thread
	armed   bool
	period  time.Duration
	last    clock // when it was asked how much they have used
	evicted int   // are being stopped
	judging bool  // a judge is in the interpreter, or waits for its GIL
	since   clock // when it began to
}

// noteLeft begins to watch what a call has left behind that has just ended. h.mu is held.
func (h *Host) noteLeft(c *call, result cpython.CallResult) {
	in := c.interp
	if result.Spoilt {
		in.spoilt = true
		h.retire(in, now())
	}
	if h.opt.KeepLeft {
		return
	}
	if result.Outlived {
		in.outlived = true
		h.retire(in, now())
	}
	if result.Processes {
		h.noteChildren(in)
	}
	if result.Children {
		time.AfterFunc(childGrace, func() { in.py.FinishChildren(c.number) })
	}
	if !result.Threads || in.left.armed && in.left.period == leftEvery {
		return
	}
	in.left.period = leftEvery
	h.armLeft(in)
}

// armLeft has the watch look after its period. h.mu is held.
func (h *Host) armLeft(in *interpreter) {
	w := &in.left
	if w.timer == nil {
		w.last = now()
		w.timer = time.AfterFunc(w.period, func() { h.watchLeft(in) })
	} else {
		w.timer.Reset(w.period)
	}
	w.armed = true
}

// watchLeft is the function of the watch's timer.
func (h *Host) watchLeft(in *interpreter) {
	h.mu.Lock()
	w := &in.left
	w.armed = false
	if in.state >= interpreterEnding {
		h.mu.Unlock()
		return
	}
	at := now()
	if w.judging {
		waited := at.since(w.since)
		h.armLeft(in)
		h.mu.Unlock()
		h.pressLeft(in, waited)
		return
	}
	passed := at.since(w.last)
	w.last = at
	h.mu.Unlock()
	used := in.py.LeftUsed()
	h.mu.Lock()
	defer h.mu.Unlock()
	if in.state >= interpreterEnding {
		return
	}
	if float64(used) > leftLittle*float64(passed) || w.evicted > 0 {
		w.period = leftEvery
		w.judging, w.since = true, at
		go h.judgeLeft(in)
	} else {
		w.period = min(2*w.period, leftSlow)
	}
	h.armLeft(in)
}

// pressLeft stops the thread that keeps the GIL from a judge, unless it works for a call: that
// call is stopped at its own deadline.
func (h *Host) pressLeft(in *interpreter, waited time.Duration) {
	if waited < leftWedged {
		return
	}
	h.mu.Lock()
	busy := false
	for c := range in.calls {
		busy = busy || c.state == callRunning
	}
	park := !busy && waited >= leftPark && !in.parking
	if park {
		in.parking = true
	}
	h.mu.Unlock()
	in.py.KnockLeft()
	if park {
		h.parkThreads(in, 0, true)
	}
}

// judgeLeft is a disposable thread. in is not ended while it is there.
func (h *Host) judgeLeft(in *interpreter) {
	runtime.LockOSThread() // and never unlocked
	found := in.py.JudgeLeft(h.opt.budgets.left, h.opt.budgets.own)
	h.mu.Lock()
	known := in.parked
	h.mu.Unlock()
	if in.py.Parked() > known && !h.confirmPark() {
		in.py.Unpark()
	}
	h.mu.Lock()
	h.noteParked(in)
	in.left.evicted, in.left.judging = found.Evicted, false
	tenant := in.tenantName()
	if found.Loop {
		in.loopLost = true
		h.retire(in, now())
	}
	h.settle(in)
	h.mu.Unlock()
	if found.Fresh == 0 {
		return
	}
	h.opt.Log.Warn("threads that calls have left behind computed on and are stopped",
		slog.String("tenant", tenant), slog.Uint64("interpreter", in.id), slog.Int("threads", found.Fresh))
	h.opt.OnTenantLog(tenant, model.LogLine{Time: time.Now(), Stream: "stderr", Level: "warning", Text: fmt.Sprintf(
		"%d threads that functions have started, and that run for no call, have computed for too long and are stopped: have the call wait for its threads, or spawn a run.", found.Fresh)})
}

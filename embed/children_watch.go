package embed

import (
	"fmt"
	"log/slog"
	"time"

	"maestro/internal/model"
)

// The workers of process pools stay when the call is over that has started them, and so do processes
// of module-level code, since later calls use them. What they compute while a call runs may be for
// that call. What they compute while none runs reaches no caller: each has a budget for it, with what it has
// started, and is killed when that is used up: three quarters of a second for a worker, in which it can
// start and import, and that of a thread for a process of module-level code. Pools do not work any more then,
// so the interpreter is replaced.

// childrenWatch watches the processes that an interpreter's code has started. Guarded by
// Host.mu.
type childrenWatch struct {
	timer  *time.Timer // nil until there was one
	armed  bool
	period time.Duration
	last   clock // when they were charged last
	begun  int   // calls of the interpreter, by then
}

// armChildren has the watch look after its period. h.mu is held.
func (h *Host) armChildren(in *interpreter) {
	w := &in.children
	if w.timer == nil {
		w.timer = time.AfterFunc(w.period, func() { h.watchChildren(in) })
	} else {
		w.timer.Reset(w.period)
	}
	w.armed = true
}

// noteChildren begins to watch the processes that there are when a call has ended. h.mu is held.
func (h *Host) noteChildren(in *interpreter) {
	w := &in.children
	if w.armed && w.period == leftEvery {
		return
	}
	if !w.armed {
		w.last, w.begun = now(), -1 // what they have used until now is not charged
	}
	w.period = leftEvery
	h.armChildren(in)
}

// watchChildren is the function of the watch's timer.
func (h *Host) watchChildren(in *interpreter) {
	h.mu.Lock()
	w := &in.children
	w.armed = false
	if in.state >= interpreterEnding {
		h.mu.Unlock()
		return
	}
	at := now()
	passed, idle := at.since(w.last), len(in.calls) == 0 && in.begun == w.begun
	w.last, w.begun = at, in.begun
	h.mu.Unlock()
	there, killed, used := in.py.ChargeChildren(idle, passed, h.opt.budgets.pool, h.opt.budgets.own)
	h.mu.Lock()
	defer h.mu.Unlock()
	if killed > 0 {
		h.dropPools(in, killed, at)
	}
	if !there || in.state >= interpreterEnding {
		return
	}
	w.period = min(2*w.period, leftSlow)
	if float64(used) > leftLittle*float64(passed) {
		w.period = leftEvery
	}
	h.armChildren(in)
}

// dropPools replaces an interpreter of which processes were killed. h.mu is held.
func (h *Host) dropPools(in *interpreter, killed int, at clock) {
	tenant := in.tenantName()
	h.opt.Log.Warn("processes that calls have left behind computed on and are killed",
		slog.String("tenant", tenant), slog.Uint64("interpreter", in.id), slog.Int("processes", killed))
	h.opt.OnTenantLog(tenant, model.LogLine{Time: time.Now(), Stream: "stderr", Level: "warning", Text: fmt.Sprintf(
		"%d processes that functions have started have computed for too long while no call ran, and are killed: have the call wait for its tasks, or spawn a run.", killed)})
	in.poolless = true
	h.retire(in, at)
}

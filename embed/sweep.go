package embed

import "time"

// sweepPeriod is how often the sweep looks for idle interpreters and threads.
func (h *Host) sweepPeriod() time.Duration {
	return max(time.Millisecond, min(h.opt.IdleAfter, h.opt.ThreadIdleAfter)/4)
}

// sweep ends the interpreters of subtenants without calls, and idle threads
// beyond the minimum.
func (h *Host) sweep() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.phase != phaseServing {
		return
	}
	at := now()
	for name, t := range h.tenants {
		if h.opt.Main || t.waits() || t.wanting || at.since(t.used) < h.opt.IdleAfter {
			continue
		}
		if t.interp != nil && len(t.interp.calls) > 0 {
			continue
		}
		h.abandon(t.interp)
		if t.active == 0 && !t.inReady && !t.inWaiting && len(t.stuck)+t.leaked == 0 {
			delete(h.tenants, name)
		}
	}
	// The bottom of the stack has been idle for the longest time.
	for surplus := h.threads - h.dismissed - h.opt.MinThreads; surplus > 0 && len(h.idle) > 0; surplus-- {
		w := h.idle[0]
		if at.since(w.parked) < h.opt.ThreadIdleAfter {
			break
		}
		w.dismiss()
	}
	h.sweeper.Reset(h.sweepPeriod())
}

// dismiss tells w to end when it has nothing to do. h.mu is held.
func (w *worker) dismiss() {
	if w.leave {
		return
	}
	w.leave = true
	w.host.dismissed++
	if w.state == workerIdle {
		w.unpark()
		w.wake.Notify()
	}
}

// unpark takes w from its position on the idle stack. h.mu is held.
func (w *worker) unpark() {
	h := w.host
	for i, idle := range h.idle {
		if idle == w {
			h.idle = append(h.idle[:i], h.idle[i+1:]...)
			break
		}
	}
	change(h, &workerMoves, &w.state, workerBusy)
}

package embed

import (
	"log/slog"
	"runtime"
	"time"
)

// retryMaking is how long the maker waits after a failure before it fills the
// warm pool again. A subtenant that wants an interpreter does not wait for it.
const retryMaking = time.Second

// wantInterpreter gives t a warm interpreter, or has one created for it. h.mu is
// held.
func (h *Host) wantInterpreter(t *tenant) {
	if t.wanting {
		return
	}
	if !h.assignWarm(t) {
		t.wanting = true
		h.wanting.push(t)
	}
	h.makerWork.Signal()
}

// assignWarm gives t a warm interpreter, if there is one. h.mu is held.
func (h *Host) assignWarm(t *tenant) bool {
	n := len(h.warm)
	if n == 0 {
		return false
	}
	in := h.warm[n-1]
	h.warm = h.warm[:n-1]
	h.assign(in, t)
	return true
}

// makeInterpreters is the maker: a thread that creates one interpreter after the
// other, first those that subtenants wait for, then the warm ones. It ends
// when the host closes.
func (h *Host) makeInterpreters() {
	runtime.LockOSThread() // for ever: the thread has been in Python
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		for h.phase == phaseServing && h.wanting.len() == 0 && (len(h.warm) >= h.warmTarget() || h.makerRests) {
			h.makerWork.Wait()
		}
		if h.phase != phaseServing {
			h.makerDone = true
			h.checkQuiet()
			return
		}
		t := h.wanting.pop()
		if t != nil && (t.gone || t.interp != nil) {
			t.wanting = false
			continue
		}
		if t != nil && h.assignWarm(t) { // one was being made when t came to want it
			continue
		}
		h.mu.Unlock()
		py, err := h.machines.tenant()
		h.mu.Lock()
		if err != nil {
			h.makingFailed(t, err)
			continue
		}
		h.made++
		in := newInterpreter(h, py)
		switch {
		case h.phase != phaseServing:
			h.end(in)
		case t != nil && !t.gone:
			h.assign(in, t)
		default:
			h.warm = append(h.warm, in)
		}
	}
}

// makingFailed refuses the calls that waited for the interpreter and lets the
// warm pool rest for a moment. h.mu is held.
func (h *Host) makingFailed(t *tenant, err error) {
	h.opt.Log.Error("could not create a Python interpreter", slog.Any("error", err))
	if t != nil {
		t.wanting = false
		h.refuseQueued(t, unavailable(err))
	}
	h.makerRests = true
	time.AfterFunc(retryMaking, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.makerRests = false
		h.makerWork.Signal()
	})
}

package embed

import (
	"log/slog"
	"runtime"
	"time"
)

// A stuck call may still compute: in C code that answers no check. Its threads are
// parked then (cpython/park.h): they wait for ever, and their processor is free. A
// parking is confirmed by taking the locks that libpython shares between all
// interpreters: a thread that was parked while it held one is let go again, and
// parked at the next opportunity, somewhere else.
const (
	// stuckEvery is the interval at which a stuck call is looked at. One that has
	// begun to compute is parked; an async function's that has come to an await is
	// closed: it would otherwise wait there without a deadline.
	stuckEvery = time.Second
	// parkTries is how often a thread is asked to park at one look: it may be in
	// libc, where it is not parked, at any one moment.
	parkTries = 20
	// parkPause is the time between two of these.
	parkPause = 2 * time.Millisecond
	// parkConfirm is how long the locks may take.
	parkConfirm = 250 * time.Millisecond
)

// park parks the threads of a stuck call in the background, where they compute.
// h.mu is held.
func (h *Host) park(c *call, at clock) {
	in := c.interp
	if in.parking {
		return
	}
	in.parking = true
	// While the GIL cannot be had, the thread that holds it is parked, even if it is
	// another one than that of the call.
	wedged := in.stopper.running && at.since(in.stopper.since) >= h.opt.WedgedAfter
	go h.parkThreads(in, c.number, wedged)
}

func (h *Host) parkThreads(in *interpreter, number uint64, wedged bool) {
	before := in.py.Parked()
	for range parkTries {
		in.py.Park(number, wedged)
		time.Sleep(parkPause)
		if in.py.Parked() > before {
			break
		}
	}
	if in.py.Parked() > before && !h.confirmPark() {
		in.py.Unpark()
		h.opt.Log.Warn("parked threads held a lock of Python's and were let go", slog.Uint64("interpreter", in.id))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	in.parking = false
	h.noteParked(in)
	if wedged {
		h.condemn(in)
	}
	h.checkQuiet()
}

// noteParked counts in's parked threads. h.mu is held.
func (h *Host) noteParked(in *interpreter) {
	parked := in.py.Parked()
	if parked > in.parked {
		h.opt.Log.Warn("threads that could not be stopped wait for ever now",
			slog.String("tenant", in.tenantName()), slog.Uint64("interpreter", in.id), slog.Int("threads", parked))
	}
	h.parked += parked - in.parked
	in.parked = parked
}

// condemn takes an interpreter from its subtenant the GIL of which is held by a parked
// thread that is in no stuck call. It counts as one that cannot be ended. h.mu is held.
func (h *Host) condemn(in *interpreter) {
	for c := range in.calls {
		if c.state == callStuck {
			return // that one counts
		}
	}
	if in.parked == 0 || in.condemned || in.tenant == nil {
		return
	}
	in.condemned = true
	in.tenant.leaked++
	h.forsake(in)
	h.checkStuck(in.tenant)
}

// confirmPark reports whether the locks are free that all interpreters share.
func (h *Host) confirmPark() bool {
	free := make(chan struct{})
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread may wait for such a lock
		h.machines.probe()
		close(free)
	}()
	select {
	case <-free:
		return true
	case <-time.After(parkConfirm):
		return false
	}
}

// lost counts the stuck threads and the interpreters that will never end, because threads
// of them are parked. h.mu is held.
func (h *Host) lost() (threads, interpreters int) {
	for in := range h.detached {
		if in.parked == 0 {
			continue
		}
		interpreters++
		for c := range in.calls {
			if c.state == callStuck {
				threads++
			}
		}
	}
	for in := range h.overdue {
		if in.parked > 0 {
			interpreters++
		}
	}
	return threads, interpreters
}

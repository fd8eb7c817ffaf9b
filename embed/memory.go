package embed

import (
	"runtime/debug"
	"time"

	"maestro/cpython"
)

// trimAfter is the time between the release of much memory and its return to the
// system, together with all memory that is freed in between.
const trimAfter = time.Second

// An async function's values have weighAfter to go after its end. On a busy machine the
// loop's thread may not have computed for weighComputed in that time: it is looked at again,
// mostWeighings times in all.
const (
	weighAfter    = 100 * time.Millisecond
	weighComputed = 80 * time.Millisecond
	mostWeighings = 30
)

// largeOutput is the size from which Go's copies of a value are worth a collection of
// their own: otherwise the heap stays as large as they have made it.
const largeOutput = 8 << 20

// trimSoon returns the memory that has been freed to the system after a
// moment. h.mu is held.
func (h *Host) trimSoon() {
	if h.trimming {
		return
	}
	h.trimming = true
	time.AfterFunc(trimAfter, func() {
		h.mu.Lock()
		goToo := h.goToo
		h.trimming, h.goToo = false, false
		h.mu.Unlock()
		h.machines.trim()
		if goToo {
			debug.FreeOSMemory()
		}
	})
}

// weighLeft has an interpreter replaced if tasks keep its loop, and hold much memory, a
// moment after an async function was denied some. The interpreter itself looks only
// before the next call, for which the loop has no time. carrier is the loop's thread when the first look was planned, which had used so much.
func (h *Host) weighLeft(in *interpreter, carrier thread, used time.Duration, looks int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	keeps := in.state < interpreterEnding && in.loop != nil && in.loop.py.Busy() >= blockedSooner
	if keeps && looks < mostWeighings && in.loop.thread == carrier && carrier.used()-used < weighComputed {
		time.AfterFunc(weighAfter, func() { h.weighLeft(in, carrier, used, looks+1) })
		return
	}
	in.weighing = false
	if keeps && in.py.Memory() > h.opt.MaxMemory/2 {
		in.full = true
		h.retire(in, now())
	}
}

// weigh records what a call has left of its interpreter. h.mu is held.
func (h *Host) weigh(in *interpreter, result cpython.CallResult) {
	in.scarred = in.scarred || result.Interrupted
	in.full = in.full || result.Exhausted
	if result.Denied && in.loop != nil && h.opt.MaxMemory > 0 && !in.weighing {
		in.weighing = true
		carrier := in.loop.thread
		used := carrier.used()
		time.AfterFunc(weighAfter, func() { h.weighLeft(in, carrier, used, 1) })
	}
	if result.Freed {
		h.trimSoon()
	}
	if len(result.Output) > largeOutput {
		h.goToo = true
		h.trimSoon()
	}
}

package embed

import (
	"runtime/debug"
	"time"

	"maestro/cpython"
)

// trimAfter is the time between the release of much memory and its return to the
// system, together with all memory that is freed in between.
const trimAfter = time.Second

// weighAfter is the time that an async function's values have to go after its end.
const weighAfter = 100 * time.Millisecond

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
// before the next call, for which the loop has no time.
func (h *Host) weighLeft(in *interpreter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	in.weighing = false
	keeps := in.loop != nil && in.loop.py.Busy() >= blockedSooner
	if keeps && in.state < interpreterEnding && in.py.Memory() > h.opt.MaxMemory/2 {
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
		time.AfterFunc(weighAfter, func() { h.weighLeft(in) })
	}
	if result.Freed {
		h.trimSoon()
	}
	if len(result.Output) > largeOutput {
		h.goToo = true
		h.trimSoon()
	}
}

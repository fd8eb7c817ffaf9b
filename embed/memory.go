package embed

import (
	"time"

	"maestro/cpython"
)

// trimAfter is the time between the release of much memory and its return to the
// system, together with all memory that is freed in between.
const trimAfter = time.Second

// trimSoon returns the memory that has been freed to the system after a
// moment. h.mu is held.
func (h *Host) trimSoon() {
	if h.trimming {
		return
	}
	h.trimming = true
	time.AfterFunc(trimAfter, func() {
		h.mu.Lock()
		h.trimming = false
		h.mu.Unlock()
		h.machines.trim()
	})
}

// weigh records what a call has left of its interpreter. h.mu is held.
func (h *Host) weigh(in *interpreter, result cpython.CallResult) {
	in.scarred = in.scarred || result.Interrupted
	in.full = in.full || result.Exhausted
	if result.Freed {
		h.trimSoon()
	}
}

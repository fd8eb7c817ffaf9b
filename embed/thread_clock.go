package embed

import (
	"syscall"
	"time"
	"unsafe"
)

// A call that is being stopped is given up at Options.StuckAfter, or sooner if it
// has computed for so long meanwhile that no further attempt will be of use. On a busy
// machine a call that could be stopped gets the full time.
const (
	stuckSooner   = 800 * time.Millisecond // after the stop began, at the earliest
	stuckComputed = 500 * time.Millisecond // of processor time since then
)

// thread is an operating system thread, by the number of its clock. The zero value is
// none.
type thread struct{ clock int32 }

// thisThread is the calling thread, which must be locked to its goroutine.
func thisThread() thread {
	const perThread, scheduled = 4, 2 // of the kernel's clock numbers: a thread's, not a process's; the time that it has run
	return thread{int32(^syscall.Gettid()<<3) | perThread | scheduled}
}

// used is the processor time that t has used, 0 if it is none or has ended.
func (t thread) used() time.Duration {
	if t == (thread{}) {
		return 0
	}
	var spec syscall.Timespec
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, uintptr(t.clock), uintptr(unsafe.Pointer(&spec)), 0); errno != 0 {
		return 0
	}
	return time.Duration(spec.Nano())
}

// thread is the one that the call is on, or was when its event loop was asked last. h.mu is held.
func (c *call) thread() thread {
	if c.loop != nil {
		return c.loop.thread
	}
	return c.worker.thread
}

// exhausted reports whether a call that is being stopped is given up now. h.mu is held.
func (h *Host) exhausted(c *call, elapsed time.Duration) bool {
	if elapsed >= h.opt.StuckAfter {
		return true
	}
	return elapsed >= stuckSooner && c.stopThread.used()-c.stopUsed >= stuckComputed
}

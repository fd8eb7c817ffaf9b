package cpython

// #include "call.h"
// #include "loop.h"
import "C"

import (
	"errors"
	"runtime"
	"time"
)

// Loop is an event loop of an interpreter, on which calls of async functions run
// as tasks. An interpreter has one at a time.
type Loop struct {
	c  *C.struct_maestro_loop
	in *Interpreter
}

// errNoLoop is why NewLoop fails.
var errNoLoop = errors.New("create event loop: no descriptor or memory left")

// NewLoop makes a loop with the number by which Loops knows it.
func (in *Interpreter) NewLoop(number uint64) (*Loop, error) {
	c := C.maestro_loop_new(in.c, C.uint64_t(number))
	if c == nil {
		return nil, errNoLoop
	}
	l := &Loop{c: c, in: in}
	runtime.AddCleanup(l, func(c *C.struct_maestro_loop) { C.maestro_loop_free(c) }, c)
	return l, nil
}

// Run carries the loop on the calling OS thread until Loops.Take returns its end,
// or another thread has taken it over. If another thread is in Run already, this
// one takes over if code blocks that one; if not, Run returns immediately. The
// thread is locked, and keeps a thread state for the interpreter until
// DropThread. An exception means that the loop could not be started.
func (l *Loop) Run() *Exception {
	exception := resultOf(C.maestro_loop_run(l.c)).Exception
	runtime.KeepAlive(l)
	return exception
}

// Wake makes the loop call Loops.Take. It needs no GIL and never blocks; any
// goroutine may call it.
func (l *Loop) Wake() {
	C.maestro_loop_wake(l.c)
	runtime.KeepAlive(l)
}

// Busy returns for how long the loop has made no progress (no wait for events,
// no call that began or ended), 0 while it waits. Any goroutine may call it.
func (l *Loop) Busy() time.Duration {
	busy := C.maestro_loop_busy(l.c)
	runtime.KeepAlive(l)
	return time.Duration(busy)
}

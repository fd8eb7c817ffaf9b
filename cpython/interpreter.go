package cpython

// #include <stdlib.h>
// #include "call.h"
// #include "children.h"
// #include "interp.h"
// #include "left.h"
// #include "park.h"
// #include "stop.h"
// #include "thread.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"time"
	"unsafe"
)

// Interpreter is one Python interpreter with its own GIL, memory and modules.
// Its methods except WakeSleeper wait for that GIL, so they belong on OS
// threads that may wait: each states which.
type Interpreter struct {
	c  *C.struct_maestro_interp
	id uint64
}

// Config is the initial configuration of an interpreter.
type Config struct {
	Runtime      string // the source of embed/python, run in it first
	SitePackages string // folder of the subtenant's packages; empty for none
	Limits       Limits
}

// Limits are the bounds of what the code of an interpreter may use; 0 means no
// bound.
type Limits struct {
	Memory      int64 // bytes
	Value       int64 // bytes of a value as JSON, of those that the code returns or passes to siblings
	Threads     int   // that the code has started and that have not ended
	Descriptors int   // that are open
}

func (l Limits) c() C.struct_maestro_limits {
	return C.struct_maestro_limits{
		memory: C.int64_t(l.Memory), text: C.int64_t(l.Value), threads: C.int(l.Threads), descriptors: C.int(l.Descriptors),
	}
}

// New creates an interpreter. The caller has locked its OS thread; no thread
// state of it remains there. It takes some 20 ms.
func New(cfg Config) (*Interpreter, error) { return makeInterpreter(cfg, false) }

// Main is New for the main interpreter of a process that was loaded with LoadAlone. It is
// there once, for one subtenant. End ends the subtenant's code and leaves the interpreter.
func Main(cfg Config) (*Interpreter, error) { return makeInterpreter(cfg, true) }

func makeInterpreter(cfg Config, main bool) (*Interpreter, error) {
	source := C.CString(cfg.Runtime)
	defer C.free(unsafe.Pointer(source))
	site := C.CString(cfg.SitePackages)
	defer C.free(unsafe.Pointer(site))
	var message *C.char
	var c *C.struct_maestro_interp
	if limits := cfg.Limits.c(); main {
		c = C.maestro_interp_main(source, site, &limits, &message)
	} else {
		c = C.maestro_interp_new(source, site, &limits, &message)
	}
	if c == nil {
		defer C.free(unsafe.Pointer(message))
		return nil, fmt.Errorf("create interpreter: %w", errors.New(C.GoString(message)))
	}
	in := &Interpreter{c: c, id: uint64(c.id)}
	// The struct outlives the interpreter: WakeSleeper may come late. It is
	// freed when no method can be called any more.
	runtime.AddCleanup(in, func(c *C.struct_maestro_interp) { C.maestro_interp_free(c) }, c)
	return in, nil
}

// ID is the interpreter's number in this process, never used again.
func (in *Interpreter) ID() uint64 { return in.id }

// CallArgs are the arguments of an outer call.
type CallArgs struct {
	Frame      uint64 // of the outer function; its upper part is the ticket by which Stop finds the call
	Key        uint64 // of its program
	Generation uint64 // of the subtenant's sibling names
	Input      []byte // JSON; not changed, not kept
	Request    bool   // the input's top-level "headers" is looked up case-insensitively
}

// CallResult is the end of an outer call.
type CallResult struct {
	Output    []byte // JSON
	Response  bool   // the function returned a maestro.Response
	Bytes     bool   // the body of the response is bytes, in Output as base64: the whole, or its member "body"
	Exception *Exception
	Stopped   bool // the exception is the one that Stop raised
	// Interrupted: Stop has raised at an arbitrary line of one of the call's
	// threads. Changes of shared data, such as a lock of the standard library,
	// may be incomplete. An interrupted sleep is not included.
	Interrupted bool
	Threads     bool // the interpreter has threads that its code has begun
	Spoilt      bool // a builtin that Python needs was taken away: no later call gets far
	Outlived    bool // some of them are of versions of functions that are out of use
	Children    bool // the call has left processes behind, which end with it (FinishChildren)
	Processes   bool // the interpreter has processes, which its code has started in any call
	// Exhausted: this call or an earlier one was denied memory, and the
	// interpreter still holds more than half of what it may.
	Exhausted bool
	// Denied: code was denied memory, and the interpreter has not yet looked what it
	// holds since. It looks before the next call.
	Denied bool
	// Freed: the call has freed much memory, which Trim returns to the system.
	Freed bool
}

// Call runs a function on the calling OS thread, which is locked and keeps a
// thread state for this interpreter until DropThread.
func (in *Interpreter) Call(args CallArgs) CallResult {
	request := C.int(0)
	if args.Request {
		request = 1
	}
	result := C.maestro_call(in.c, C.uint64_t(args.Frame), C.uint64_t(args.Key), C.uint64_t(args.Generation),
		(*C.char)(unsafe.Pointer(unsafe.SliceData(args.Input))),
		C.size_t(len(args.Input)), request)
	runtime.KeepAlive(in)
	return resultOf(result)
}

// Invoke calls a function of the runtime with bytes, which returns bytes. The
// calling OS thread is locked, as with Call.
func (in *Interpreter) Invoke(function string, arg []byte) ([]byte, *Exception) {
	name := C.CString(function)
	defer C.free(unsafe.Pointer(name))
	result := resultOf(C.maestro_invoke(in.c, name, (*C.char)(unsafe.Pointer(unsafe.SliceData(arg))), C.size_t(len(arg))))
	runtime.KeepAlive(in)
	return result.Output, result.Exception
}

// keepBytes is the largest output whose memory C keeps until the thread's next
// call, which saves a crossing.
const keepBytes = 64 << 10

func resultOf(result *C.struct_maestro_result) CallResult {
	answer := CallResult{
		Exception:   exceptionOf(&result.exception),
		Interrupted: result.interrupted != 0,
		Exhausted:   result.exhausted != 0,
		Denied:      result.denied != 0,
		Freed:       result.freed != 0,
		Threads:     result.threads != 0,
		Outlived:    result.outlived != 0,
		Spoilt:      result.spoilt != 0,
		Children:    result.children != 0,
		Processes:   result.processes != 0,
	}
	if answer.Exception != nil {
		answer.Stopped = answer.Exception.Kind == ExceptionStopped
		return answer
	}
	answer.Output = bytesOf(result.output.data, result.output.size)
	answer.Response = result.response != 0
	answer.Bytes = result.bytes != 0
	if result.output.size > keepBytes {
		C.maestro_result_clear()
	}
	return answer
}

// Rung is an escalation of stopping a call; a later one is tried when the
// previous ones had no effect.
type Rung int

// The rungs.
const (
	RungRaise   Rung = C.STOP_RAISE   // an exception that is not an Exception, in each thread that runs for the call now, once
	RungTrace   Rung = C.STOP_TRACE   // the same at every line that such a thread reaches
	RungCancel  Rung = C.STOP_CANCEL  // of an event loop's task: CancelledError where it waits
	RungAbandon Rung = C.STOP_ABANDON // of an event loop's task: it is closed, and the call over
	RungPark    Rung = C.STOP_PARK    // threads that run for the call and compute without the GIL wait for ever
)

// Met is the state in which a stop found the call.
type Met int

// The states of a stopped call.
const (
	MetNothing   Met = C.STOP_GONE      // the call has ended
	MetWaiting   Met = C.STOP_WAITING   // no thread runs for it: its task waits
	MetExecuting Met = C.STOP_EXECUTING // a thread runs for it
)

// Stop interrupts the call with that ticket by a rung. Attaching may block for
// ever in code that never releases the GIL: call it on a locked OS thread that
// no other work waits for. No thread state remains on it.
func (in *Interpreter) Stop(ticket uint64, rung Rung) Met {
	met := C.maestro_stop(in.c, C.uint64_t(ticket), C.int(rung))
	runtime.KeepAlive(in)
	return Met(met)
}

// WakeSleeper ends time.sleep in the call with that ticket: it raises at once.
// It needs no GIL and never blocks for long; any goroutine may call it.
func (in *Interpreter) WakeSleeper(ticket uint64) {
	C.maestro_wake(in.c, C.uint64_t(ticket))
	runtime.KeepAlive(in)
}

// Knock orders the threads of the call with that ticket to stop at the next check
// that code in C makes. It is for code that does not give up the GIL, for which Stop
// waits. It needs no GIL and never blocks for long; any goroutine may call it.
func (in *Interpreter) Knock(ticket uint64) {
	C.maestro_knock(in.c, C.uint64_t(ticket))
	runtime.KeepAlive(in)
}

// Park has the threads wait for ever that run for the call with that ticket and
// compute in C code at this moment; with holder also the one that holds the GIL,
// of any call. Their processor time is free from then on, and their
// interpreter is lost. Parked says afterwards how many wait. It needs no GIL and never
// blocks for long; any goroutine may call it.
func (in *Interpreter) Park(ticket uint64, holder bool) {
	C.maestro_park(in.c, C.uint64_t(ticket), C.int(boolInt(holder)))
	runtime.KeepAlive(in)
}

// Cut ends what runs at the end of the interpreter and takes too long: SystemExit is raised in it, each
// time that this is called, until End returns. It needs no GIL and never blocks for
// long; any goroutine may call it.
func (in *Interpreter) Cut() {
	C.maestro_cut(in.c)
	runtime.KeepAlive(in)
}

// Parked is how many threads of the interpreter are parked. It needs no GIL.
func (in *Interpreter) Parked() int {
	parked := C.maestro_parked(in.c)
	runtime.KeepAlive(in)
	return int(parked)
}

// Unpark lets the parked threads of the interpreter go on. It needs no GIL.
func (in *Interpreter) Unpark() {
	C.maestro_unpark(in.c)
	runtime.KeepAlive(in)
}

// ProbeShared takes the locks that libpython shares between all interpreters, and gives
// them back. It does not return while a parked thread holds one: call it on a locked OS
// thread that no other work waits for. It leaves no thread state there.
func ProbeShared() { C.maestro_park_probe() }

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// LeftUsed is the processor time that the threads which the interpreter's code has
// begun have used since it was asked for last. It needs no GIL and never blocks for
// long; any goroutine may call it.
func (in *Interpreter) LeftUsed() time.Duration {
	used := C.maestro_left_used(in.c)
	runtime.KeepAlive(in)
	return time.Duration(used)
}

// Budget is processor time.
type Budget struct {
	Most   time.Duration // that can be used at once
	Refill float64       // share of the time that passes
}

// LeftFound is what JudgeLeft has found.
type LeftFound struct {
	Evicted int  // threads that are being stopped
	Fresh   int  // those of them that were not before
	Loop    bool // the event loop has been kept for too long by tasks that calls have left behind
}

func limitsOf(left, own Budget) C.struct_maestro_left_limits {
	return C.struct_maestro_left_limits{
		left: C.struct_maestro_budget{C.int64_t(left.Most), C.double(left.Refill)},
		own:  C.struct_maestro_budget{C.int64_t(own.Most), C.double(own.Refill)},
	}
}

// JudgeLeft stops the threads that have used up their budget for work of no running
// call: left is that of threads of calls that are over, own that of threads that
// module-level code has begun. Like Stop it may block for ever.
func (in *Interpreter) JudgeLeft(left, own Budget) LeftFound {
	limits := limitsOf(left, own)
	var found C.struct_maestro_left_found
	stopping := C.maestro_left_judge(in.c, &limits, &found)
	runtime.KeepAlive(in)
	return LeftFound{Evicted: int(stopping), Fresh: int(found.fresh), Loop: found.loop != 0}
}

// KnockLeft is Knock for the thread that keeps the GIL from JudgeLeft.
func (in *Interpreter) KnockLeft() {
	C.maestro_left_knock(in.c)
	runtime.KeepAlive(in)
}

// FinishChildren kills the processes that the call with that ticket, which is over, has
// left behind. It needs no GIL; any goroutine may call it.
func (in *Interpreter) FinishChildren(ticket uint64) {
	C.maestro_children_finish(in.c, C.uint64_t(ticket))
	runtime.KeepAlive(in)
}

// ChargeChildren charges the interpreter's processes with the processor time that they have used
// since it was called last, which is so long ago, if no call ran meanwhile (idle), and kills those that
// have used up their budget: left is that of a process which a call has started, own that of one of
// module-level code. It returns whether there are any, how many are killed, and the time that all have used.
// It needs no GIL; any goroutine may call it.
func (in *Interpreter) ChargeChildren(idle bool, passed time.Duration, left, own Budget) (there bool, killed int, used time.Duration) {
	var all C.int64_t
	limits := limitsOf(left, own)
	over := C.maestro_children_charge(in.c, C.int(boolInt(idle)), C.int64_t(passed), &limits, &all)
	runtime.KeepAlive(in)
	return over >= 0, max(0, int(over)), time.Duration(all)
}

// Running reports whether the call with that ticket is in Python: its thread
// has attached and not left since. It needs no GIL and never blocks for long;
// any goroutine may call it.
func (in *Interpreter) Running(ticket uint64) bool {
	found := C.maestro_running(in.c, C.uint64_t(ticket))
	runtime.KeepAlive(in)
	return found != 0
}

// DropThread deletes the calling OS thread's own thread state for this
// interpreter, if it has one. Every worker does so before the interpreter ends.
func (in *Interpreter) DropThread() {
	C.maestro_drop(in.c)
	C.maestro_result_clear() // the result of its last call; the thread may be about to end
	runtime.KeepAlive(in)
}

// LeaveThread leaves the calling OS thread's own thread state for this
// interpreter without waiting for its GIL: End deletes it, or has done so. It is
// for a thread that never attaches to any interpreter again, and for one that
// End did not wait for.
func (in *Interpreter) LeaveThread() {
	C.maestro_leave(in.c)
	runtime.KeepAlive(in)
}

// End ends the interpreter. All other OS threads have dropped or left their
// thread states, or are in a call of another interpreter, the Running of which
// was seen to be true; those call LeaveThread when they have returned, before
// they attach to any. It runs the finalizers of the subtenant's code, which may
// never return: call it on a locked OS thread that no other work waits for. No
// method but WakeSleeper may be called afterwards.
func (in *Interpreter) End() {
	C.maestro_interp_end(in.c)
	C.maestro_result_clear()
	runtime.KeepAlive(in)
}

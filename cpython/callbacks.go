package cpython

// #include <stdint.h>
// #include <stdlib.h>
// #include "border.h"
// #include "counter.h"
import "C"

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"unsafe"
)

// Caller is the code that calls Go.
type Caller struct {
	Interp uint64 // its interpreter
	// Frame is the frame that C found for the code (frame.h), 0 if it runs for
	// no call. It is valid only if its call runs in Interp.
	Frame uint64
}

// Callbacks are the requests of running Python code to Go. The methods may be
// called on any OS thread, several at once, with the GIL released. Each has the
// Caller as its first parameter.
type Callbacks interface {
	// BeginStep starts a sibling call from the caller's frame. input belongs to the callee.
	BeginStep(from Caller, name string, input []byte) Begun
	// EndStep ends the step of the caller's frame: exc is nil when it has an output.
	EndStep(from Caller, output []byte, exc *Exception) *Raise
	// Lookup resolves a sibling without calling it; Frame in the answer is 0.
	Lookup(from Caller, name string) Begun
	// Module returns the code of a program that this interpreter has not loaded.
	Module(from Caller, key uint64) (Module, bool)
	// Stored returns the key of the stored module of that name, 0 if there is
	// none; answered is false if no call is in progress.
	Stored(from Caller, name string) (key uint64, answered bool, raise *Raise)
	// Siblings returns the names that can be called at present.
	Siblings(from Caller) (names []string, generation uint64)
	// Log takes one line: of stream "stdout" or "stderr" with level "", or of
	// logging with stream "". fields is a JSON object or nil.
	Log(from Caller, stream, level, text string, fields []byte)
	// Context returns the JSON object behind maestro.context().
	Context(from Caller) []byte
	// Spawn queues a run, which begins after delay seconds at the earliest, and
	// returns the id of its execution.
	Spawn(from Caller, name string, input []byte, delay float64) (string, *Raise)
	// Request returns the result of maestro.request(); nil if the call has no request.
	Request(from Caller) (*Request, *Raise)
	// Emit takes a piece of what the generator of the caller's call yields: kind is a
	// model.EmitKind, value JSON. wait has it wait until there is room for more. It
	// returns a model.EmitState.
	Emit(from Caller, kind int, value []byte, wait bool) int
	// Secret returns the value behind maestro.secret().
	Secret(from Caller, name string) (string, *Raise)
}

// Loops are the requests of interpreters' event loops to Go. The methods are
// called with the GIL released, by loops made with that number.
type Loops interface {
	// Carried reports that the thread which called Run last carries the loop.
	Carried(loop uint64)
	// Take returns the loop's next call.
	Take(loop uint64) Taken
	// Done takes the end of a call that the loop took, possibly on another
	// thread than the loop's.
	Done(loop, ticket uint64, result CallResult)
}

// Taken is the next task of a loop: a call, nothing, or its own end.
type Taken struct {
	Call *CallArgs // nil: there is none at present
	End  bool
}

// Begun is the answer to BeginStep and Lookup.
type Begun struct {
	Frame      uint64 // of the step; the running code passes it back
	Key        uint64 // of the program to run
	Async      bool
	Generation uint64 // of the sibling names: if it is new to the interpreter, it requests the names
	Raise      *Raise // instead of all other fields
}

// Request is the HTTP request behind a call.
type Request struct {
	Method, URL string
	Headers     []byte // a JSON object of texts
	Body        []byte
}

// Raise is an exception to raise in the calling function.
type Raise struct {
	Kind     uint8 // a model.RaiseKind
	Message  string
	Name     string // of the missing sibling or secret
	Problems []byte // a JSON array, for the exceptions about schemas
}

// Module is a program's text and code.
type Module struct {
	Key     uint64
	Name    string
	Version int
	Source  string
	Code    []byte // marshalled
	Async   bool
	Imports []string // the modules that the source imports, by the first part of their names; functions.NAME in full
}

// holder gives atomic.Pointer a concrete type to point to.
type holder struct {
	Callbacks
	Loops
}

var callbacks atomic.Pointer[holder]

// SetCallbacks installs the functions that Python code and event loops reach. It
// is called once, before the first interpreter is created.
func SetCallbacks(c Callbacks, l Loops) { callbacks.Store(&holder{c, l}) }

func caller(interp, frame C.uint64_t) Caller { return Caller{uint64(interp), uint64(frame)} }

// raiseEngine is model.RaiseEngine, a RuntimeError for an internal error. The
// value is part of the border; this room may not import model.
const raiseEngine = 6

// recovered turns a panic of a callback into a RuntimeError in the calling
// function: an exported function that panics would end the process.
func recovered(raise *C.struct_maestro_raise) {
	if r := recover(); r != nil && raise != nil {
		fillRaise(raise, &Raise{Kind: raiseEngine, Message: fmt.Sprintf("internal error: %v", r)})
	}
}

// text copies s into C's memory; the C side frees it.
func text(s string) C.struct_maestro_text {
	if s == "" {
		return C.struct_maestro_text{}
	}
	C.maestro_count(C.COUNT_BUFFERS, 1)
	return C.struct_maestro_text{data: C.CString(s), size: C.size_t(len(s))}
}

// textBytes is text for bytes.
func textBytes(b []byte) C.struct_maestro_text {
	if len(b) == 0 {
		return C.struct_maestro_text{}
	}
	C.maestro_count(C.COUNT_BUFFERS, 1)
	return C.struct_maestro_text{data: (*C.char)(C.CBytes(b)), size: C.size_t(len(b))}
}

// bytesOf copies C's bytes. An empty text is not nil: it is a value.
func bytesOf(data *C.char, size C.size_t) []byte {
	return append([]byte{}, unsafe.Slice((*byte)(unsafe.Pointer(data)), int(size))...)
}

func stringOf(data *C.char, size C.size_t) string {
	return string(unsafe.Slice((*byte)(unsafe.Pointer(data)), int(size)))
}

func textOf(t C.struct_maestro_text) string { return stringOf(t.data, t.size) }

func fillRaise(out *C.struct_maestro_raise, raise *Raise) {
	out.kind = C.int(raise.Kind)
	out.message = text(raise.Message)
	out.name = text(raise.Name)
	out.problems = textBytes(raise.Problems)
}

func fillBegun(out *C.struct_maestro_begun, begun Begun) {
	if begun.Raise != nil {
		fillRaise(&out.raise, begun.Raise)
		return
	}
	out.frame = C.uint64_t(begun.Frame)
	out.key = C.uint64_t(begun.Key)
	out.generation = C.uint64_t(begun.Generation)
	if begun.Async {
		out.async = 1
	}
}

// Locks a thread that Python has made to Go's record of it, for as long as it lives: on a
// locked thread Go starts no other one (place.h).
//
//export go_maestro_hold
func go_maestro_hold() {
	defer recovered(nil) // of too many locks: it is locked
	runtime.LockOSThread()
}

//export go_maestro_begin_step
func go_maestro_begin_step(interp, frame C.uint64_t, name *C.char, nameSize C.size_t, input *C.char, size C.size_t, out *C.struct_maestro_begun) {
	defer recovered(&out.raise)
	fillBegun(out, callbacks.Load().BeginStep(caller(interp, frame), stringOf(name, nameSize), bytesOf(input, size)))
}

//export go_maestro_lookup
func go_maestro_lookup(interp, frame C.uint64_t, name *C.char, nameSize C.size_t, out *C.struct_maestro_begun) {
	defer recovered(&out.raise)
	fillBegun(out, callbacks.Load().Lookup(caller(interp, frame), stringOf(name, nameSize)))
}

//export go_maestro_end_step
func go_maestro_end_step(interp, frame C.uint64_t, output *C.char, size C.size_t, exception *C.struct_maestro_exception, out *C.struct_maestro_raise) {
	defer recovered(out)
	var raise *Raise
	if exception == nil {
		raise = callbacks.Load().EndStep(caller(interp, frame), bytesOf(output, size), nil)
	} else {
		raise = callbacks.Load().EndStep(caller(interp, frame), nil, exceptionOf(exception))
	}
	if raise != nil {
		fillRaise(out, raise)
	}
}

//export go_maestro_module
func go_maestro_module(interp, key C.uint64_t, out *C.struct_maestro_source) {
	defer recovered(nil) // C reports that the program does not exist
	module, found := callbacks.Load().Module(caller(interp, 0), uint64(key))
	if !found {
		return
	}
	out.version = C.int(module.Version)
	if module.Async {
		out.async = 1
	}
	out.name = text(module.Name)
	out.source = text(module.Source)
	out.code = textBytes(module.Code)
	out.imports = text(strings.Join(module.Imports, "\n"))
	out.found = 1
}

//export go_maestro_stored
func go_maestro_stored(interp, frame C.uint64_t, name *C.char, size C.size_t, key *C.uint64_t, raise *C.struct_maestro_raise) C.int {
	defer recovered(raise)
	found, answered, refused := callbacks.Load().Stored(caller(interp, frame), stringOf(name, size))
	if refused != nil {
		fillRaise(raise, refused)
	}
	*key = C.uint64_t(found)
	if answered {
		return 1
	}
	return 0
}

//export go_maestro_siblings
func go_maestro_siblings(interp, frame C.uint64_t, names *C.struct_maestro_text, generation *C.uint64_t) (answered C.int) {
	defer recovered(nil) // not answered
	list, now := callbacks.Load().Siblings(caller(interp, frame))
	*names = text(strings.Join(list, "\n"))
	*generation = C.uint64_t(now)
	return 1
}

//export go_maestro_log
func go_maestro_log(interp, frame C.uint64_t, stream, level, line *C.char, size C.size_t, fields *C.char, fieldsSize C.size_t) {
	defer recovered(nil) // a line is lost
	var object []byte
	if fields != nil {
		object = bytesOf(fields, fieldsSize)
	}
	callbacks.Load().Log(caller(interp, frame), C.GoString(stream), C.GoString(level), stringOf(line, size), object)
}

//export go_maestro_context
func go_maestro_context(interp, frame C.uint64_t, out *C.struct_maestro_text) {
	defer recovered(nil) // an empty context
	*out = textBytes(callbacks.Load().Context(caller(interp, frame)))
}

//export go_maestro_secret
func go_maestro_secret(interp, frame C.uint64_t, name *C.char, size C.size_t, out *C.struct_maestro_text, raise *C.struct_maestro_raise) {
	defer recovered(raise)
	value, refused := callbacks.Load().Secret(caller(interp, frame), stringOf(name, size))
	if refused != nil {
		fillRaise(raise, refused)
		return
	}
	*out = text(value)
}

//export go_maestro_request
func go_maestro_request(interp, frame C.uint64_t, out *C.struct_maestro_request, raise *C.struct_maestro_raise) {
	defer recovered(raise)
	request, refused := callbacks.Load().Request(caller(interp, frame))
	switch {
	case refused != nil:
		fillRaise(raise, refused)
	case request != nil:
		out.method = text(request.Method)
		out.url = text(request.URL)
		out.headers = textBytes(request.Headers)
		out.body = textBytes(request.Body)
		out.found = 1
	}
}

//export go_maestro_spawn
func go_maestro_spawn(interp, frame C.uint64_t, name *C.char, nameSize C.size_t, input *C.char, size C.size_t, delay C.double, out *C.struct_maestro_text, raise *C.struct_maestro_raise) {
	defer recovered(raise)
	id, refused := callbacks.Load().Spawn(caller(interp, frame), stringOf(name, nameSize), bytesOf(input, size), float64(delay))
	if refused != nil {
		fillRaise(raise, refused)
		return
	}
	*out = text(id)
}

//export go_maestro_emit
func go_maestro_emit(interp, frame C.uint64_t, kind C.int, data *C.char, size C.size_t, wait C.int) (state C.int) {
	defer recovered(nil)
	state = 2 //nolint:wastedassign // the answer after a panic: no more is taken
	return C.int(callbacks.Load().Emit(caller(interp, frame), int(kind), bytesOf(data, size), wait != 0))
}

//export go_maestro_carried
func go_maestro_carried(loop C.uint64_t) {
	defer recovered(nil) // no other thread takes over
	callbacks.Load().Carried(uint64(loop))
}

//export go_maestro_take
func go_maestro_take(loop C.uint64_t, out *C.struct_maestro_taken) {
	defer recovered(nil) // it takes nothing
	taken := callbacks.Load().Take(uint64(loop))
	switch {
	case taken.End:
		out.what = C.TAKEN_END
	case taken.Call != nil:
		out.what = C.TAKEN_CALL
		out.frame = C.uint64_t(taken.Call.Frame)
		out.key = C.uint64_t(taken.Call.Key)
		out.generation = C.uint64_t(taken.Call.Generation)
		out.input = textBytes(taken.Call.Input)
		if taken.Call.Request {
			out.request = 1
		}
	}
}

//export go_maestro_done
func go_maestro_done(loop, ticket C.uint64_t, result *C.struct_maestro_result) {
	defer recovered(nil) // the call ends at its deadline
	callbacks.Load().Done(uint64(loop), uint64(ticket), resultOf(result))
}

//export go_maestro_child_output
func go_maestro_child_output(interp, frame C.uint64_t, stdout, stderr C.int) C.uint64_t {
	defer recovered(nil) // the output is lost
	return C.uint64_t(readChild(caller(interp, frame), int(stdout), int(stderr)))
}

//export go_maestro_child_read
func go_maestro_child_read(output C.uint64_t) {
	defer recovered(nil)
	awaitChild(uint64(output))
}

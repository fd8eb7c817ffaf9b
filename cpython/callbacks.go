package cpython

// #include <stdint.h>
// #include <stdlib.h>
// #include "border.h"
// #include "counter.h"
import "C"

import (
	"fmt"
	"strings"
	"sync/atomic"
	"unsafe"
)

// Callbacks is what running Python code asks of Go. Its methods may be called
// on any OS thread, several at once, with the GIL released. interp is the
// interpreter that asks. frame is the number that Call or BeginStep gave out, 0
// where no execution is known; the code that hands it back may have made it up,
// so it counts only if its call runs in interp.
type Callbacks interface {
	// BeginStep starts a sibling call from frame. input belongs to the callee.
	BeginStep(interp, frame uint64, name string, input []byte) Begun
	// EndStep ends the step of that frame: exc is nil when it has an output.
	EndStep(interp, frame uint64, output []byte, exc *Exception) *Raise
	// Lookup resolves a sibling without calling it; Frame in the answer is 0.
	Lookup(interp, frame uint64, name string) Begun
	// Module gives the code of a program that this interpreter has not loaded.
	Module(interp, key uint64) (Module, bool)
	// Siblings gives the names that can be called at present.
	Siblings(interp, frame uint64) (names []string, generation uint64)
	// Log takes one line: of stream "stdout" or "stderr" with level "", or of
	// logging with stream "". fields is a JSON object or nil.
	Log(interp, frame uint64, stream, level, text string, fields []byte)
	// Context gives the JSON object behind maestro.context().
	Context(interp, frame uint64) []byte
	// Spawn queues a run, not before delay seconds are over, and gives the id of
	// its execution.
	Spawn(frame uint64, name string, input []byte, delay float64) (string, *Raise)
	// Secret gives the value behind maestro.secret().
	Secret(interp, frame uint64, name string) (string, *Raise)
}

// Begun is the answer to BeginStep and Lookup.
type Begun struct {
	Frame      uint64 // of the step; the running code hands it back
	Key        uint64 // of the program to run
	Async      bool
	Generation uint64 // of the sibling names: another one than the interpreter knows makes it ask for them
	Raise      *Raise // instead of all else
}

// Raise is an exception to raise in the calling function.
type Raise struct {
	Kind     uint8 // a model.RaiseKind
	Message  string
	Name     string // of the sibling or the secret that is not there
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
	Bound   []string // names that the source binds at module level
}

// holder gives atomic.Pointer a concrete type to point to.
type holder struct{ Callbacks }

var callbacks atomic.Pointer[holder]

// SetCallbacks installs what Python code reaches. It is called once, before the
// first interpreter is made.
func SetCallbacks(c Callbacks) { callbacks.Store(&holder{c}) }

// raiseEngine is model.RaiseEngine, a RuntimeError: a fault of ours. The value
// is part of the border; this room may not import model.
const raiseEngine = 6

// recovered turns a panic of a callback into a RuntimeError in the function
// that asked: an exported function that panics would end the process.
func recovered(raise *C.struct_maestro_raise) {
	if r := recover(); r != nil && raise != nil {
		fillRaise(raise, &Raise{Kind: raiseEngine, Message: fmt.Sprintf("internal fault: %v", r)})
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

// bytesOf copies what C lends. An empty text is not nil: it is a value.
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

//export go_maestro_begin_step
func go_maestro_begin_step(interp, frame C.uint64_t, name *C.char, nameSize C.size_t, input *C.char, size C.size_t, out *C.struct_maestro_begun) {
	defer recovered(&out.raise)
	fillBegun(out, callbacks.Load().BeginStep(uint64(interp), uint64(frame), stringOf(name, nameSize), bytesOf(input, size)))
}

//export go_maestro_lookup
func go_maestro_lookup(interp, frame C.uint64_t, name *C.char, nameSize C.size_t, out *C.struct_maestro_begun) {
	defer recovered(&out.raise)
	fillBegun(out, callbacks.Load().Lookup(uint64(interp), uint64(frame), stringOf(name, nameSize)))
}

//export go_maestro_end_step
func go_maestro_end_step(interp, frame C.uint64_t, output *C.char, size C.size_t, exception *C.struct_maestro_exception, out *C.struct_maestro_raise) {
	defer recovered(out)
	var raise *Raise
	if exception == nil {
		raise = callbacks.Load().EndStep(uint64(interp), uint64(frame), bytesOf(output, size), nil)
	} else {
		raise = callbacks.Load().EndStep(uint64(interp), uint64(frame), nil, exceptionOf(exception))
	}
	if raise != nil {
		fillRaise(out, raise)
	}
}

//export go_maestro_module
func go_maestro_module(interp, key C.uint64_t, out *C.struct_maestro_source) {
	defer recovered(nil) // C says that the program is gone
	module, found := callbacks.Load().Module(uint64(interp), uint64(key))
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
	out.bound = text(strings.Join(module.Bound, "\n"))
	out.found = 1
}

//export go_maestro_siblings
func go_maestro_siblings(interp, frame C.uint64_t, names *C.struct_maestro_text, generation *C.uint64_t) (answered C.int) {
	defer recovered(nil) // not answered
	list, now := callbacks.Load().Siblings(uint64(interp), uint64(frame))
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
	callbacks.Load().Log(uint64(interp), uint64(frame), C.GoString(stream), C.GoString(level), stringOf(line, size), object)
}

//export go_maestro_context
func go_maestro_context(interp, frame C.uint64_t, out *C.struct_maestro_text) {
	defer recovered(nil) // an empty context
	*out = textBytes(callbacks.Load().Context(uint64(interp), uint64(frame)))
}

//export go_maestro_secret
func go_maestro_secret(interp, frame C.uint64_t, name *C.char, size C.size_t, out *C.struct_maestro_text, raise *C.struct_maestro_raise) {
	defer recovered(raise)
	value, refused := callbacks.Load().Secret(uint64(interp), uint64(frame), stringOf(name, size))
	if refused != nil {
		fillRaise(raise, refused)
		return
	}
	*out = text(value)
}

//export go_maestro_spawn
func go_maestro_spawn(frame C.uint64_t, name *C.char, nameSize C.size_t, input *C.char, size C.size_t, delay C.double, out *C.struct_maestro_text, raise *C.struct_maestro_raise) {
	defer recovered(raise)
	id, refused := callbacks.Load().Spawn(uint64(frame), stringOf(name, nameSize), bytesOf(input, size), float64(delay))
	if refused != nil {
		fillRaise(raise, refused)
		return
	}
	*out = text(id)
}

//export go_maestro_child_output
func go_maestro_child_output(interp, frame C.uint64_t, stdout, stderr C.int) C.uint64_t {
	defer recovered(nil) // the output is lost
	return C.uint64_t(readChild(uint64(interp), uint64(frame), int(stdout), int(stderr)))
}

//export go_maestro_child_read
func go_maestro_child_read(output C.uint64_t) {
	defer recovered(nil)
	awaitChild(uint64(output))
}

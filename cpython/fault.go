package cpython

// #include <stdlib.h>
// #include "fault.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"unsafe"
)

var watching sync.Once

// WatchFaults has the process leave a marker, as text in the file at path, when a
// subtenant's code ends it: by a fault in C, one of Python's fatal errors, or a call of
// exit. Call it once, after Load; the file stays open. Core files are left with
// GOTRACEBACK=crash, as Go does it.
func WatchFaults(path string) error {
	err := errors.New("faults are watched already")
	watching.Do(func() {
		err = nil
		from, to := goCode()
		name := C.CString(path)
		defer C.free(unsafe.Pointer(name))
		var dump C.int
		if os.Getenv("GOTRACEBACK") == "crash" {
			dump = 1
		}
		if message := C.maestro_fault_watch(name, C.uintptr_t(from), C.uintptr_t(to), dump); message != nil {
			err = fmt.Errorf("open the marker of crashes: %s", C.GoString(message))
			C.free(unsafe.Pointer(message))
		}
	})
	return err
}

// SetOwner names the owner of the interpreter in markers.
func (in *Interpreter) SetOwner(name string) {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	C.maestro_fault_owner(in.c, text)
}

// goCode returns the range of addresses of Go's machine code, which has no gaps: a
// fault there is Go's own. C code is in the same file, beside it.
func goCode() (from, to uintptr) {
	here, _, _, _ := runtime.Caller(0)
	known := func(pc uintptr) bool { return runtime.FuncForPC(pc) != nil }
	border := func(step func(uintptr, uintptr) uintptr) uintptr {
		inside, distance := here, uintptr(1)
		for known(step(inside, distance)) {
			inside = step(inside, distance)
			distance *= 2
		}
		for ; distance > 0; distance /= 2 {
			if next := step(inside, distance); known(next) {
				inside = next
			}
		}
		return inside
	}
	from = border(func(pc, distance uintptr) uintptr { return pc - distance })
	to = border(func(pc, distance uintptr) uintptr { return pc + distance })
	return from, to + 1
}

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

// marker is kept open for as long as the process lives.
var marker *os.File

// WatchFaults has the process leave a marker, as text in the file at path, when a
// subtenant's code ends it: by a fault in C, one of Python's fatal errors, or a call of
// exit. Call it once, after Load; the file stays open. Core files are left with
// GOTRACEBACK=crash, as Go does it.
func WatchFaults(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the marker of crashes: %w", err)
	}
	if err := watchFaults(file, 1); err != nil {
		_ = file.Close()
		return err
	}
	return nil
}

// WatchFaultsIn is WatchFaults with a file that is open, and says nothing on standard
// error: for a process whose parent reads the file. It takes over the file.
func WatchFaultsIn(file *os.File) error { return watchFaults(file, 0) }

func watchFaults(file *os.File, tells C.int) error {
	err := errors.New("faults are watched already")
	watching.Do(func() {
		err = nil
		from, to := goCode()
		var dump C.int
		if os.Getenv("GOTRACEBACK") == "crash" {
			dump = 1
		}
		marker = file
		C.maestro_fault_watch(C.int(file.Fd()), tells, C.uintptr_t(from), C.uintptr_t(to), dump)
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

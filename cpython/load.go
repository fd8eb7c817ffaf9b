package cpython

// #include <stdlib.h>
// #include "load.h"
// #include "zygote.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"
)

// The process's first OS thread is kept out of every pool: attaching there
// costs 70–100 µs, because glibc reads /proc/self/maps to find its stack.
// Locking it to the main goroutine leaves all other goroutines elsewhere.
func init() { runtime.LockOSThread() }

var loaded struct {
	sync.Mutex // guards the fields below
	home       string
	alone      bool
	err        error
}

// Load loads the libpython of the kit at home into the process and initialises
// its main interpreter on a separate OS thread, which then sleeps for ever. It
// happens once per process: a second call with the same home returns the result
// of the first, one with another home is an error.
func Load(home string) error { return load(home, false) }

// LoadAlone is Load for a process that belongs to a single subtenant, whose code runs in
// the main interpreter (Main): what would affect other subtenants is not refused there.
func LoadAlone(home string) error { return load(home, true) }

func load(home string, alone bool) error {
	loaded.Lock()
	defer loaded.Unlock()
	if loaded.home != "" {
		if loaded.home != home || loaded.alone != alone {
			return fmt.Errorf("load python from %s: this process has already loaded %s", home, loaded.home)
		}
		return loaded.err
	}
	loaded.home, loaded.alone = home, alone
	if C.maestro_zygote_home() != nil {
		loaded.err = adopt(home, alone)
		return loaded.err
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		cHome := C.CString(home)
		message := C.maestro_load(cHome, C.int(boolInt(alone)))
		C.free(unsafe.Pointer(cHome))
		if message != nil {
			done <- errors.New(C.GoString(message))
			C.free(unsafe.Pointer(message))
			return
		}
		done <- nil
		select {} // CPython's main thread; it must outlive the process's last call
	}()
	if err := <-done; err != nil {
		loaded.err = fmt.Errorf("load python from %s: %w", home, err)
	}
	return loaded.err
}

// Version is CPython's own version text, such as "3.14.6 (main, …)". Empty
// before Load.
func Version() string {
	loaded.Lock()
	defer loaded.Unlock()
	if loaded.home == "" || loaded.err != nil {
		return ""
	}
	return C.GoString(C.maestro_version())
}

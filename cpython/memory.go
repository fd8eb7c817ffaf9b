package cpython

// #include <malloc.h>
// #include <sys/eventfd.h>
// #include "interp.h"
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"sync"
)

// Memory returns the bytes that the interpreter holds: its arenas, its larger
// blocks, and its mappings without a file. It needs no GIL; any goroutine may
// call it.
func (in *Interpreter) Memory() int64 {
	used := C.maestro_memory_used(&in.c.memory)
	runtime.KeepAlive(in)
	return int64(used)
}

// AnnounceEnd has the interpreter's event loop end before it runs another task, with a
// raised bound on its memory: ending needs some, where the tasks hold all there is. It
// needs no GIL.
func (in *Interpreter) AnnounceEnd() {
	C.maestro_interp_announce_end(in.c)
	runtime.KeepAlive(in)
}

// TotalMemory returns the bytes that all interpreters of the process hold.
func TotalMemory() int64 { return int64(C.maestro_memory_total()) }

// Trim returns the memory that was freed to the system. It takes some 40 ms after
// many interpreters have ended.
func Trim() { C.malloc_trim(0) }

// budget is the descriptor through which C reports that memory is short.
var budget struct {
	sync.Mutex // guards the rest
	alarm      *os.File
}

// SetMemoryBudget bounds the memory of all interpreters together: requests of those
// that hold more than an equal share fail beyond it. 0 means no bound, as at
// the start.
func SetMemoryBudget(bytes int64) error {
	budget.Lock()
	defer budget.Unlock()
	if budget.alarm == nil {
		fd, err := C.eventfd(0, C.EFD_CLOEXEC|C.EFD_NONBLOCK)
		if fd < 0 {
			return fmt.Errorf("watch the memory of interpreters: %w", err)
		}
		budget.alarm = os.NewFile(uintptr(fd), "memory")
	}
	C.maestro_memory_budget(C.int64_t(bytes), C.int(budget.alarm.Fd()))
	return nil
}

// AwaitMemoryAlarm returns when seven eighths of the budget are used, or
// EndMemoryAlarm is called. SetMemoryBudget was called before; one goroutine
// waits at a time.
func AwaitMemoryAlarm() {
	budget.Lock()
	alarm := budget.alarm
	budget.Unlock()
	C.maestro_memory_watch()
	var count [8]byte
	_, _ = alarm.Read(count[:])
}

// SetMemoryHopeless says whether there is nothing that could be ended for its memory.
// Until it says so, requests beyond the budget wait, a second at most.
func SetMemoryHopeless(yes bool) {
	hopeless := C.int(0)
	if yes {
		hopeless = 1
	}
	C.maestro_memory_hopeless(hopeless)
}

// EndMemoryAlarm makes AwaitMemoryAlarm return.
func EndMemoryAlarm() { C.maestro_memory_wake() }

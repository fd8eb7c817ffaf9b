package cpython

// #include "interp.h"
import "C"

import "runtime"

// Memory returns the bytes that the interpreter holds: its arenas, its larger
// blocks, and its mappings without a file. It needs no GIL; any goroutine may
// call it.
func (in *Interpreter) Memory() int64 {
	used := C.maestro_memory_used(&in.c.memory)
	runtime.KeepAlive(in)
	return int64(used)
}

// TotalMemory returns the bytes that all interpreters of the process hold.
func TotalMemory() int64 { return int64(C.maestro_memory_total()) }

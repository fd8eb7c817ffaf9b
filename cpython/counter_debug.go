//go:build debug_cpython

package cpython

// -DMAESTRO_DEBUG switches the counters of counter.h on.

// #cgo CFLAGS: -DMAESTRO_DEBUG
// #include "counter.h"
import "C"

// Counters returns the living objects on the C side: interpreters, thread_states,
// buffers and handles. Empty without the build tag debug_cpython.
func Counters() map[string]int64 {
	return map[string]int64{
		"interpreters":  int64(C.maestro_counted(C.COUNT_INTERPRETERS)),
		"thread_states": int64(C.maestro_counted(C.COUNT_THREAD_STATES)),
		"buffers":       int64(C.maestro_counted(C.COUNT_BUFFERS)),
		"handles":       int64(C.maestro_counted(C.COUNT_HANDLES)),
	}
}

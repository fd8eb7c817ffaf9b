package cpython

// #include "thread_check.h"
import "C"

// ThreadsChanged is how many calls have left their OS thread changed: its signal
// mask, current directory, umask, processor affinity or nice value. Each was
// restored.
func ThreadsChanged() uint64 { return uint64(C.maestro_threads_changed()) }

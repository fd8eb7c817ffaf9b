// Package embed runs subtenants' Python functions in this process: it is the
// embedded lane (model.Lane). Each subtenant has one interpreter with its own
// GIL; a pool of operating system threads, shared by all, runs the calls in
// them; deadlines are kept even if the Python code does not end.
//
// It must not hold C types, "unsafe" or knowledge of Python's C interface:
// that is package cpython. It must not know of HTTP, the database or the
// record of a run either: a running call requests all of these from its
// model.Host.
//
// The process's first operating system thread must not be among the pool's,
// because attaching there costs a hundred times as much: the main package
// calls runtime.LockOSThread in an init function and leaves it locked.
//
// docs/internals.md has the threads, the locks and the states; a test compares
// its tables with states.go.
package embed

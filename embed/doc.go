// Package embed runs subtenants' Python functions in this process: it is the
// embedded lane (model.Lane). Each subtenant has one interpreter with a GIL of
// its own; a pool of operating system threads, shared by all, carries the
// calls into them; deadlines are kept whatever the Python code does.
//
// It must not hold C types, "unsafe" or knowledge of Python's C interface:
// that is package cpython. It must not know of HTTP, the database or the
// record of a run either: whatever a running call needs from outside it asks
// of the call's model.Host.
//
// The process's first operating system thread must not be among the pool's,
// attaching there costs a hundred times as much: the main package calls
// runtime.LockOSThread in an init function and leaves it locked.
//
// docs/internals.md has the threads, the locks and the states; a test holds
// its tables against states.go.
package embed

// Package cpython is the raw layer between Go and CPython, and the only one
// with C in it: it loads libpython, makes and ends interpreters, carries calls
// in as bytes of JSON, and carries what running functions ask for out through
// Callbacks.
//
// It must not hold any policy: no tenants, no pools, no deadlines, no names of
// functions. No Python object leaves it, and no Go pointer that C could keep
// enters C. docs/internals.md tells who owns which OS thread, thread state and
// reference.
package cpython

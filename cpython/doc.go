// Package cpython is the raw layer between Go and CPython, and the only package
// with C in it: it loads libpython, creates and ends interpreters, passes calls
// in as bytes of JSON, and passes the requests of running functions out through
// Callbacks.
//
// It must not hold any policy: no tenants, no pools, no deadlines, no names of
// functions. No Python object leaves it, and no Go pointer that C could keep
// enters C. docs/internals.md states who owns which OS thread, thread state and
// reference.
package cpython

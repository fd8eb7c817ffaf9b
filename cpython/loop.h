// loop.h: the event loop of an interpreter, on which its async functions run.
//
// An OS thread carries the loop. It takes calls from Go when it is woken,
// and each becomes a task in a context of its own; so thousands can wait on one
// thread, and objects of asyncio that a module made work in every call of it.
// While code blocks that thread another one carries the loop, the same one as far as
// Python is concerned; the first leaves it as soon as it can.
#ifndef MAESTRO_LOOP_H
#define MAESTRO_LOOP_H

#include "border.h"
#include "interp.h"

#include <stdatomic.h>

// One event loop. Made and freed by Go.
struct maestro_loop {
    struct maestro_interp *in; // outlives it
    uint64_t id;               // Go's number for it; written once
    int wake;                  // eventfd: Go has something for it
    atomic_llong busy;         // when it last showed a sign of life, nanoseconds (CLOCK_MONOTONIC); 0: it waits
    _Atomic(void *) carrier;   // the thread that carries it: the address of its `serving`; NULL: none does
};

// Makes a loop. NULL with errno set when there are no more descriptors or memory.
struct maestro_loop *maestro_loop_new(struct maestro_interp *in, uint64_t id);

// Closes its descriptor and frees it. It does not run, and nothing wakes it any more.
void maestro_loop_free(struct maestro_loop *loop);

// Carries it on the calling OS thread, which is locked, until go_maestro_take tells
// it to end or another thread has taken it over. Where another one carries it this
// one takes over if code blocks that one, and returns at once if not. The answer
// has an exception when it could not be started; it is valid until the thread's
// next call. Not attached before or after.
struct maestro_result *maestro_loop_run(struct maestro_loop *loop);

// Has it look for calls. Any thread, no GIL.
void maestro_loop_wake(struct maestro_loop *loop);

// For how many nanoseconds it has shown no sign of life: no wait for events, no call
// that began or ended. 0: it waits. Any thread, no GIL.
long long maestro_loop_busy(struct maestro_loop *loop);

// Builtins of _maestro (module.c), for embed/python/loop.py. All but fail are
// called on threads that carry a loop, or did until they were blocked.

// take() -> (call, context), None when there is nothing to do, False at the end.
PyObject *maestro_loop_take(PyObject *module, PyObject *unused);

// begin(call) -> the function's result if it must be awaited. Otherwise
// the call has ended, and the answer is None.
PyObject *maestro_loop_begin(PyObject *module, PyObject *call);

// complete(call, value): ends the call with a result. The answer is None, or what must be
// awaited first, for the result: value is a generator (stream.h).
PyObject *maestro_loop_complete(PyObject *module, PyObject *const *args, Py_ssize_t count);

// fail(call, exception): ends the call, if it has not ended. Any thread.
PyObject *maestro_loop_fail(PyObject *module, PyObject *const *args, Py_ssize_t count);

// settle(call, task): ends the call with the outcome of its task, if it has not
// ended.
PyObject *maestro_loop_settle(PyObject *module, PyObject *const *args, Py_ssize_t count);

// carry(): the calling thread carries the loop from now on.
PyObject *maestro_loop_carry(PyObject *module, PyObject *unused);

// rests() and works(): the loop begins to wait, and has stopped waiting. works returns
// True, once, when the interpreter's end has been announced.
PyObject *maestro_loop_rests(PyObject *module, PyObject *unused);
PyObject *maestro_loop_works(PyObject *module, PyObject *unused);

#endif

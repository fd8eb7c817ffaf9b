// stop_check.h: where C code of libpython that waits or computes answers a stop.
//
// An asynchronous exception is raised between two steps of Python code only. Code
// in C that takes long asks CPython from time to time whether to go on: after each
// interrupted system call (PyErr_CheckSignals), in each wait for a lock that was
// interrupted (Py_MakePendingCalls), and in long computations, such as those of re
// and of large integers. On any other thread than the process's first, CPython's
// answer is always yes. All of libpython's references to both functions lead to
// this file instead: where the calling thread's call is to be stopped, Stopped is
// raised, in the same orderly way as a KeyboardInterrupt in any Python.
//
// Iterators that can be endless are asked too (stop_iterate.c): a loop in C over
// one of them, such as sum(), makes no check of its own.
//
// What waits in the kernel is interrupted by a signal, which a thread gets with
// each order to stop. It comes with every order, so that one that arrives just before
// the wait begins is no loss.
#ifndef MAESTRO_STOP_CHECK_H
#define MAESTRO_STOP_CHECK_H

#include "interp.h"

// Replaces the references of the loaded libpython, and installs the signal's handler.
// Once, before Python is initialised. Returns NULL, or a malloc'ed message.
char *maestro_stop_check_load(void);

// The handler alone, once more: Go's runtime, where it starts after Python, has replaced it.
char *maestro_stop_signal_load(void);

// Returns -1 with Stopped raised if the calling thread's call is to be stopped and
// an order is new to this thread; otherwise 0. Attached.
int maestro_stop_check(void);

// Whether to refuse the calling thread memory, so that it comes to its end: its call is
// to be stopped, and it keeps the GIL in C code that makes no check but requests much
// memory, as computations with large integers do in this build. Once for each order
// that is given without the GIL. Needs no thread state.
int maestro_stop_refuses(void);

// Interrupts the wait of a thread in the kernel. The thread must live: its thread
// state is in an interpreter's list and the GIL is held, or its run is in the list of
// runs and the lock is held.
void maestro_thread_interrupt(unsigned long thread);

// Has the iterators of an interpreter that can be endless make the check. Attached to
// it, before its code runs. Returns 0 with an exception.
int maestro_iterators_check(void);

// The same for the types that all interpreters share. Once, attached to the main one.
// Returns NULL, or a malloc'ed message.
char *maestro_iterators_load(void);

#endif

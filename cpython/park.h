// park.h: the last rung. A thread that computes in C code of libpython and answers no
// check (stop_check.h) is parked: a signal, the handler of which waits for ever.
// Its processor time is free; its memory, its interpreter and its GIL are lost.
//
// A parked thread must hold no lock that others need. So it parks only
//
//   - while it runs the interpreter's code (here.h), for the call that is meant, or as
//     the one that holds the interpreter's GIL and does not give it up;
//   - while its next instruction is in libpython or in an extension module: not in
//     libc (the allocator's locks), not in the dynamic loader, not in Go, and not in
//     this package (the locks of a struct maestro_interp);
//   - until it turns out that it holds one of libpython's own locks that all
//     interpreters share, of which there are few, held for a few instructions each:
//     after each parking maestro_park_probe does what takes them, on a thread of its
//     own, and if it does not come back the parked thread is let go and parked elsewhere.
#ifndef MAESTRO_PARK_H
#define MAESTRO_PARK_H

#include "interp.h"

// The signal that interrupts waits and parks threads. Go uses none of the real-time
// signals; the first two belong to glibc, and debuggers and profilers take low ones.
#define MAESTRO_SIGNAL (SIGRTMIN + 5)

// Notes where the code is in which a thread may be parked: libpython's, and then
// that of each library that an interpreter has loaded since. Any thread.
void maestro_park_map(void);

// Asks a worker of Go's that carries a call, and the threads that the call has begun, to
// park where they compute; with `holder` also the thread that holds the GIL, of
// any call. They do so at once or not at all. No thread state.
void maestro_park(struct maestro_interp *in, uint64_t ticket, int holder);

// The same for one thread. The GIL is held, and its thread state is in the list.
void maestro_park_thread(unsigned long thread);

// Ends what runs at the end of an interpreter (atexit functions, finalizers, threads that
// will not end): SystemExit is raised in its threads, as often as this is called. Its own structures are not
// touched, which may be freed at any moment. No thread state.
void maestro_cut(struct maestro_interp *in);

// How many threads of the interpreter are parked. No thread state.
int maestro_parked(const struct maestro_interp *in);

// Lets all parked threads of the interpreter go on. No thread state.
void maestro_unpark(struct maestro_interp *in);

// Takes the locks that libpython shares between interpreters, and gives them back. It
// waits for ever where a parked thread holds one. No thread state before or after; not
// on a thread that has one for the main interpreter.
void maestro_park_probe(void);

// The part of the signal's handler that parks; value is what the signal carries.
void maestro_park_here(uint64_t value, const void *context);

#endif

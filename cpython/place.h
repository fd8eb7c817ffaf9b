// place.h: the current directory and the umask of each subtenant.
//
// Linux keeps both for each thread that has said so (unshare(CLONE_FS), which
// needs no privilege), so each thread that runs Python code has its own. A call
// begins with those of its subtenant. What it sets is its own until it ends,
// and its subtenant's then: of two calls that change the directory and back at
// the same time, neither finds itself where the other one is. Threads that the
// call has started follow it; those that other calls have left, a pool for one,
// follow the last change.
//
// A change is a record with a number that is never used again. A thread
// remembers the number that it has, and the last change that it has looked at:
// where nothing was changed, entering an interpreter costs one comparison.
#ifndef MAESTRO_PLACE_H
#define MAESTRO_PLACE_H

#include "here.h"

// Remembers the server's own. Called once, on the thread that initialises
// Python, which has its own afterwards.
void maestro_place_load(void);

// Gives the calling OS thread a current directory and umask of its own, for good.
// No thread state.
void maestro_place_own(void);

// Calls hold, which locks the thread for Go: on one that Python has made, Go starts threads
// of its own, and Linux makes them share the directory and umask of this one for good. Those
// started before the lock get a copy of the server's. Attached or not.
void maestro_place_hold(void (*hold)(void));

// Gives the thread those that it shall have, where it begins a call or goes on
// with one. Attached or not.
void maestro_place_take(int begins);

// Before a call: the subtenant's.
static inline void maestro_place_begin(void) {
    struct maestro_here *here = &maestro_here;
    if (here->change != atomic_load_explicit(&here->in->place.change, memory_order_acquire))
        maestro_place_take(1);
}

// Where a path is used: those that the call has set meanwhile.
static inline void maestro_place_sync(void) {
    struct maestro_here *here = &maestro_here;
    if (here->in && !here->forking && here->change != atomic_load_explicit(&here->in->place.change, memory_order_acquire))
        maestro_place_take(0);
}

// Stores the calling thread's present values for its call: after a change of the
// directory, or of the umask. Attached.
void maestro_place_keep(int directory_changed, mode_t umask);

// Makes the values that the call has set its subtenant's. On the call's own thread, at its
// end.
void maestro_place_end(void);

// Reports whether the thread has the directory and umask that it shall have, and
// puts right what differs. Attached or not.
int maestro_place_check(void);

// Frees the values of an ended interpreter.
void maestro_place_clear(struct maestro_interp *in);

#endif

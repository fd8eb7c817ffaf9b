// place.h: the current directory and the umask of each subtenant.
//
// Linux keeps both for each thread that has said so (unshare(CLONE_FS), which
// needs no privilege), so each thread that runs Python code has its own. What
// an interpreter's code sets is kept with the interpreter, under a number that
// is never used again; a thread remembers the number of what it has, and
// compares the two where it enters the interpreter and where a path is used.
// Interpreters that have set nothing have the number 0, and the server's own.
#ifndef MAESTRO_PLACE_H
#define MAESTRO_PLACE_H

#include "here.h"

// Remembers the server's own. Called once, on the thread that initialises
// Python, which has its own afterwards.
void maestro_place_load(void);

// Gives the calling OS thread a current directory and umask of its own, for good.
// No thread state.
void maestro_place_own(void);

// Gives the thread those of its interpreter. No thread state; may be attached.
void maestro_place_take(void);

static inline void maestro_place_sync(void) {
    struct maestro_here *here = &maestro_here;
    if (here->in && !here->forking && here->place != atomic_load_explicit(&here->in->place.number, memory_order_acquire))
        maestro_place_take();
}

// Keeps what the calling thread has now as its interpreter's: after a change of
// the directory, or of the umask. Attached.
void maestro_place_keep(int directory_changed, mode_t umask);

// Reports whether the thread has the server's directory and umask, or its
// interpreter's; where it has not, they are put right. Attached or not.
int maestro_place_check(void);

// Gives up what an ended interpreter has kept.
void maestro_place_clear(struct maestro_interp *in);

#endif

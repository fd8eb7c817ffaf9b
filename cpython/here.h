// here.h: the calling OS thread's work for Python, where no thread state is
// available: inside calls of libc, which Python makes with its GIL released.
#ifndef MAESTRO_HERE_H
#define MAESTRO_HERE_H

#include "interp.h"

#include <signal.h>

// How a thread is being stopped that computes for no call.
enum { EVICTED = 1, EVICTED_AND_TRACED = 2 };

struct maestro_here {
    struct maestro_interp *in;     // whose code runs here; NULL: none of a subtenant's. Alive while attached to it
    uint32_t id;                   // in->id, also when the interpreter has ended; 0: none
    uint64_t frame;                // of the outer call that a worker carries, or that began a Python thread; 0: none
    uint64_t place;                // the number of the directory and umask that the thread has (place.h); 0: the server's
    uint64_t change;               // the change that it has seen
    int own_place;                 // they are the thread's alone
    int go_unheld;                 // a thread that Python has started, which has not called Go (place.h)
    int worker;                    // one of the server's threads; not one that Python has started
    int forking;                   // a child of this process is being made, perhaps in this memory
    int confined;                  // that child has its rails
    uint64_t heard_call;           // the call of which the thread has heard an order to stop (stop_check.h)
    unsigned heard;                // and the order
    unsigned refused;              // the order for which memory was refused last
    unsigned wedge, heard_count;   // the time of waiting in which it has heard knocks, and how many
    unsigned heard_knocks;         // of the interpreter, when it was wedged (left.h)
    struct maestro_native *native; // of a thread that code has begun, or NULL (thread.h)
    unsigned heard_cut;            // how often it was told that its interpreter's end is cut short
    atomic_int evicted;            // it computes for no call and is being stopped (left.h)
    int masked;                    // mask is set
    sigset_t mask;                 // the signal mask that the thread shall have (thread_check.h)
};

extern __thread struct maestro_here maestro_here;

// Notes that the thread runs code of `in`, to which its memory is charged; NULL: of none.
static inline void maestro_here_is(struct maestro_interp *in) {
    maestro_memory_enter(in ? &in->memory : NULL);
    maestro_here.in = in;
    maestro_here.id = in ? (uint32_t)in->id : 0;
}

#endif

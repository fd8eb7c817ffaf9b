// stop.h: the outer calls that run in an interpreter, and how one is stopped.
//
// A call is known by its ticket. The list of running calls changes with both
// the GIL and the interpreter's lock held, so a thread that is attached sees it
// at rest, and one that only holds the lock does too. A stop is therefore given
// to a call that is in the list, and the call's own thread takes back what was
// given and not yet delivered in the same moment as it leaves the list: a late
// stop can never hit the next call of that thread.
#ifndef MAESTRO_STOP_H
#define MAESTRO_STOP_H

#include "interp.h"

// One running outer call; it lives on the C stack of its thread.
struct maestro_run {
    uint64_t ticket;
    uint64_t call;        // MAESTRO_CALL_OF its frames
    unsigned long thread; // as PyThread_get_thread_ident knows it
    int stopping;         // Stop has been asked for
    int tracing;          // rung 1 has been asked for
    int told;             // its threads have been told to stop at least once
    int asleep;           // its own thread is in maestro_sleep, which raises by itself
    int interrupted;      // an exception was raised at whatever line a thread had reached
    struct maestro_run *next;
};

// The running call that a frame belongs to, or NULL. Attached, or with the lock
// held.
struct maestro_run *maestro_run_of_call(const struct maestro_interp *in, uint64_t call);

// Enters a call in the list; attached, on the thread that runs it.
void maestro_run_enter(struct maestro_interp *in, struct maestro_run *run);

// Takes it out again and clears the thread's pending exception and trace.
void maestro_run_leave(struct maestro_interp *in, struct maestro_run *run);

// Stops the call with that ticket, by the rung: 0 an asynchronous exception in
// its threads, 1 a trace function that raises each time. Returns 0 when it runs
// no more. Not attached before or after; waits for the GIL, perhaps for ever.
int maestro_stop(struct maestro_interp *in, uint64_t ticket, int rung);

// Reports whether the call with that ticket is in Python: its thread has attached
// and not left since. No GIL.
int maestro_running(struct maestro_interp *in, uint64_t ticket);

// Ends the sleep of that call's threads at once: each raises Stopped. No GIL.
void maestro_wake(struct maestro_interp *in, uint64_t ticket);

#endif

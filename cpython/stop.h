// stop.h: the outer calls that run in an interpreter, and how one is stopped.
//
// A call is known by its ticket, which is its number. The list of running calls changes with both
// the GIL and the interpreter's lock held, so a thread that is attached sees it
// unchanged, and so does one that only holds the lock. A stop is therefore given
// to a call that is in the list, and the call's own thread takes back an
// undelivered stop in the same moment as it leaves the list: a late stop can
// never hit the next call of that thread.
#ifndef MAESTRO_STOP_H
#define MAESTRO_STOP_H

#include "interp.h"

// One running outer call; it lives on the C stack of the thread that carries it, or
// is an event loop's (loop.c).
struct maestro_run {
    struct maestro_interp *in;
    uint64_t call;                    // MAESTRO_CALL_OF its frames; the ticket by which Go knows it
    uint64_t frame;                   // of the innermost step that its thread has entered; its own thread's
    unsigned long thread;             // that carries it, as PyThread_get_thread_ident knows it; 0: an event loop's task
    int stopping;                     // Stop has been asked for
    int tracing;                      // rung 1 has been asked for
    int told;                         // its threads have been told to stop at least once
    int asleep;                       // its own thread is in maestro_sleep, which raises by itself
    int roused;                       // a stop has woken it there, and it raises
    int settles;                      // its log records are handled by another thread: its end waits for them
    int interrupted;                  // exceptions that were raised at the lines that its threads had reached
    atomic_uint refusals;             // those of knocks that were given without the GIL
    atomic_uint knocks;               // orders that were given without the GIL, or to a thread in an import
    struct maestro_run *next;         // of the same bucket
    struct maestro_run *next_carried; // of those that have a thread
};

// The running call that a frame belongs to, or NULL. Attached, or with the lock
// held.
struct maestro_run *maestro_run_of_call(const struct maestro_interp *in, uint64_t call);

// Enters a call in the list; attached. With a thread set it is the one that calls.
void maestro_run_add(struct maestro_interp *in, struct maestro_run *run);

// Takes it out again, and clears its thread's pending exception and trace.
void maestro_run_remove(struct maestro_interp *in, struct maestro_run *run);

// The rungs, in the order in which they are climbed.
enum {
    STOP_RAISE,   // an asynchronous exception in each thread that runs for the call now
    STOP_TRACE,   // and a trace function that raises each time
    STOP_CANCEL,  // an event loop's task: task.cancel(), by its loop
    STOP_ABANDON, // an event loop's task: its coroutine is closed, the call ends
    STOP_PARK,    // threads that run for the call and compute without the GIL are parked (park.h)
};

// What a stop has met.
enum {
    STOP_GONE,      // the call runs no more
    STOP_WAITING,   // no thread runs for it: its task waits
    STOP_EXECUTING, // a thread runs for it
};

// Stops the call with that ticket by a rung. Not attached before or after; waits
// for the GIL, perhaps for ever.
int maestro_stop(struct maestro_interp *in, uint64_t ticket, int rung);

// How many calls are being stopped, of all interpreters: checks are made only while
// there are any (stop_check.h).
extern atomic_int maestro_alarms;

// Orders the threads of a call to stop at their next check, without the GIL, which one of
// them may not give up, and ends the wait of the call's own thread in the kernel. No
// thread state.
void maestro_knock(struct maestro_interp *in, uint64_t ticket);

// The exception by which code is stopped: Stopped, or SystemExit at the end of the
// interpreter, where threads end by it without a word. Borrowed, or NULL. Attached.
PyObject *maestro_stop_exception(struct maestro_interp *in);

// Has every event of all threads of the interpreter that are being stopped raise.
// Attached.
void maestro_trace_all(struct maestro_interp *in);

// Whether a thread that waits for the GIL is in an import. Attached.
int maestro_is_importing(PyThreadState *state);

// Whether the calling thread is being stopped because it computes for no call, and runs
// for none now. Attached.
int maestro_is_evicted(struct maestro_interp *in);

// Whether a thread is at a step of the import system's own, which locks and unlocks.
// Attached, to the thread state or with the thread at rest.
int maestro_is_import_step(PyThreadState *state);

// Reports whether the call with that ticket is in Python: its thread has attached
// and not left since. No GIL.
int maestro_running(struct maestro_interp *in, uint64_t ticket);

// Ends the sleep of that call's threads at once: each raises Stopped. No GIL.
void maestro_wake(struct maestro_interp *in, uint64_t ticket);

#endif

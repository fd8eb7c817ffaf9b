// thread.h: the thread states and their owners.
//
// There is at most one per interpreter and OS thread. It is made on the
// thread's first call into the interpreter, kept in C thread-local storage
// under the interpreter's id, which is never reused, and deleted by the same
// OS thread: deleting another thread's leaves that thread's gilstate slot
// pointing to freed memory, which its next attaching writes to. There are two
// exceptions, because a thread must not keep interpreters alive that it only
// once visited. The slot points to the thread state that was attached last. So
// while a thread is in a call of another interpreter, having attached there, and
// when it never attaches again, its states for all others are in no slot: the
// end of their interpreter deletes them.
//
// A thread state never moves to another OS thread: since 3.14 it holds the
// limits of that thread's C stack.
//
// Threads that Python made have one of Python's; they reach us attached, and
// callbacks detach and attach that one.
#ifndef MAESTRO_THREAD_H
#define MAESTRO_THREAD_H

#include "interp.h"

// Attaches the calling OS thread, making its thread state when it has none, and
// blocking SIGPIPE there for good.
// Returns 0 when there is no memory. Waits for the GIL.
int maestro_attach(struct maestro_interp *in);

// Blocks SIGPIPE on the calling OS thread, and so on those that Python makes
// from it: a write to a disconnected peer is then an EPIPE, as in any Python.
// Go's handler would end the process for a write that did not come from Go.
void maestro_block_sigpipe(void);

// Detaches the calling OS thread; the thread state is kept.
void maestro_detach(void);

// Deletes the calling OS thread's own thread state for `in`, if there is one,
// and frees its last answer (call.h).
// Not attached before and after. Waits for the GIL.
void maestro_drop(struct maestro_interp *in);

// Gives up the calling OS thread's thread state for `in`, if there is one and
// the interpreter has not ended meanwhile: another thread will delete it. The
// caller's gilstate slot points elsewhere, or the caller never attaches to
// anything again. No thread state; never waits for a GIL.
void maestro_leave(struct maestro_interp *in);

// Forgets the calling OS thread's thread state for `in` without deleting it and
// returns it, or NULL. For the end of an interpreter, which deletes it.
PyThreadState *maestro_take(struct maestro_interp *in);

// A thread that code of an interpreter has begun, or that carries its event loop; on
// that thread's stack. In the interpreter's list as long as it runs.
struct maestro_native {
    pthread_t thread;
    struct maestro_here *here; // the thread's
    int loop;                  // it carries the event loop
    int left;                  // a thread that worked for no running call has begun it
    int64_t seen;              // its processor time when maestro_left_used asked for it last
    struct maestro_native *next;

    // Of maestro_left_judge, with the GIL held.
    int known;       // it was looked at before
    int64_t charged; // its processor time when it was charged last
    int64_t used;    // what it had used then for no running call
    int64_t level;   // what it has used of its own budget
    int64_t since;   // when it was begun to be stopped; 0: it is not
    uint64_t tasks;  // how many calls had ended on the loop by then
    int claims;      // it works for a call that is over
    int rests;       // how often in a row it was found at rest
};

void maestro_begun_add(struct maestro_interp *in, struct maestro_native *begun);
void maestro_begun_remove(struct maestro_interp *in, struct maestro_native *begun);

// Visits the threads that have been in an interpreter: those that its code has begun, and
// Go's, which may be in another one by now. The lock is held, and as long as it is they live.
void maestro_threads_each(struct maestro_interp *in, void (*visit)(pthread_t, void *), void *argument);

// Deletes all thread states in the list: of threads that have left, and that are
// in calls elsewhere. For the end of an interpreter. Attached, with a thread
// state that is not in the list.
void maestro_held_clear(struct maestro_interp *in);

#endif

// left.h: the threads that are left behind when their call is over.
//
// A thread that outlives its call goes on: libraries start threads at their first use,
// within some call, and use them in all later ones (a client's pool, a sender of
// telemetry). Such a thread waits nearly always. One that computes for no running call is
// a fault: nothing it makes can reach a caller. So each thread has a budget of processor
// time for what it does for no running call, which is refilled slowly, and one that
// has used it up is stopped by the same means as a call: Stopped is raised in it, at each
// line in the end; what answers none of that is parked (park.h).
//
// The budget of a thread that works for a call that is over is small. That of a thread
// that works for none is larger: module-level code has begun it, to serve all calls.
#ifndef MAESTRO_LEFT_H
#define MAESTRO_LEFT_H

#include "interp.h"

// Nanoseconds of processor time.
struct maestro_budget {
    int64_t most;  // that can be used at once
    double refill; // for each nanosecond that passes
};

struct maestro_native; // thread.h

struct maestro_left_limits {
    struct maestro_budget left, own; // of a thread of an ended call, and of no call's
};

// The processor time that the threads which an interpreter's code has begun have used
// since the last time that this was asked. No thread state.
int64_t maestro_left_used(struct maestro_interp *in);

struct maestro_left_found {
    int fresh; // threads that are being stopped, and were not before
    int loop;  // the event loop has been kept for too long by tasks that calls have left behind
};

// Charges the threads with what they have used, and stops those that have used up their budget.
// Returns how many are being stopped. Not attached before or after; waits for the GIL, perhaps
// for ever.
int maestro_left_judge(struct maestro_interp *in, const struct maestro_left_limits *limits,
                       struct maestro_left_found *found);

// Orders the thread that holds the GIL to stop at its next check, if it runs for no
// running call. For a judge that waits for the GIL. No thread state.
void maestro_left_knock(struct maestro_interp *in);

// Whether the calling thread, which begins another one, works for a call that is over: 1, or
// -1 where that one is refused, because threads that are left behind have used up their
// budget by beginning one another. Called with the GIL or without.
int maestro_left_begins(struct maestro_interp *in);

// Charges a thread that ends, if such a thread has begun it. On that thread; the lock is held.
void maestro_left_ended(struct maestro_interp *in, const struct maestro_native *native);

// Ends the account of the work done for a call until now: of the calling thread,
// which a call's work item has occupied, and of all threads that run for a call that ends.
// Attached.
void maestro_left_settle(void);
void maestro_left_settle_call(struct maestro_interp *in, uint64_t call);

// Stops the threads that compute at the end of their interpreter, for that many
// milliseconds at the most. Those that wait stay: atexit functions may need them, such as
// those of a process pool. Attached with `own`, which is let go meanwhile.
void maestro_left_end(struct maestro_interp *in, PyThreadState *own, int patience);

// The event loop's thread, on which tasks may be left behind, counts as one that code has
// begun while it is in the interpreter.
#endif

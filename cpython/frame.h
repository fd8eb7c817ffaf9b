// frame.h: which call the running Python code belongs to, and which step of it.
//
// Frames are numbers that Go gives out (embed/call.go). The one that code runs
// for is stored in a context variable, which is inherited by threads, tasks and
// executors. Code can set that variable, keep a context over calls, and run in
// an empty one, so its value is a claim and not an identity. Identity comes from
// where the code runs:
//
//   - A thread that Go sent into a call belongs to that call, regardless of the
//     context that its code has entered. The variable only selects the step.
//   - Any other thread (one created by Python, or that of an event loop) belongs
//     to the call that the outermost of its entered contexts names. A context
//     that a task or a work item enters on top of that, such as one kept from
//     another call, changes nothing.
//
// A call is valid only while it is in the interpreter's list of calls (stop.h): a
// frame of another interpreter, or of a call that has ended, is ignored.
#ifndef MAESTRO_FRAME_H
#define MAESTRO_FRAME_H

#include "interp.h"

struct maestro_run; // stop.h

// The number of the outer call that a frame belongs to.
#define MAESTRO_CALL_OF(frame) ((frame) >> 20)

// The frame that the calling thread runs for, or 0 when it runs for no call.
// Attached. Never fails.
uint64_t maestro_frame(struct maestro_interp *in);

// The call that another thread of the interpreter runs for, or 0. Attached.
uint64_t maestro_call_of_thread(struct maestro_interp *in, PyThreadState *state);

// The call that another thread claims to run for, running or ended, or 0. Attached.
uint64_t maestro_claim_of_thread(struct maestro_interp *in, PyThreadState *state);

// Whether a thread is in a context. Attached.
int maestro_has_context(const PyThreadState *state);

// The same of the calling thread.
uint64_t maestro_claim(struct maestro_interp *in);

// maestro_frame and the thread state of the calling thread, for the handler of a fault
// (fault.h): they take no lock, allocate nothing, and work without the GIL as far as
// that goes. They may fault.
uint64_t maestro_frame_at_fault(struct maestro_interp *in);
PyThreadState *maestro_state_at_fault(struct maestro_interp *in);

// The identifier of the thread that a thread state belongs to, as
// PyThread_get_thread_ident gives it.
unsigned long maestro_thread_of(PyThreadState *state);

// The asynchronous exception that a thread has still to raise, or NULL. Borrowed.
PyObject *maestro_async_of(PyThreadState *state);

// Has the calling thread raise a static, immortal exception at its next step of Python, if it
// has none to raise already. state is its own, attached, or NULL: then nothing happens.
// Safe in a signal's handler.
void maestro_async_here(PyThreadState *state, PyObject *exception);

// Sets the call that this thread carries, until the previous one, which is
// returned, is set again. NULL: none.
struct maestro_run *maestro_carry(struct maestro_run *run);

// One stay of a thread in a context of the runtime.
struct maestro_stay {
    PyObject *context;       // strong; stolen by maestro_context_leave
    struct maestro_run *run; // of the thread, or NULL
    uint64_t outer;          // the frame that run had before
};

// The initial context of a call: that in which its module was loaded, and the object
// that a copy would still share with it. Borrowed where it is passed on.
struct maestro_base {
    PyObject *context; // NULL: an empty one
    PyObject *fresh;   // NULL, or (variable, value): each call has the variable set to value.copy()
};

// Enters a copy of the base with frame as the current one: context variables that
// a function sets, such as decimal's precision, reach neither its caller nor the
// next call. Returns 0 with an exception.
int maestro_context_enter(struct maestro_interp *in, const struct maestro_base *base, uint64_t frame,
                          struct maestro_stay *stay);

// Enters a context again that maestro_context_leave gave back (borrowed).
// Returns 0 with an exception.
int maestro_context_resume(struct maestro_interp *in, PyObject *context, uint64_t frame, struct maestro_stay *stay);

// Leaves the context. Returns it when keep is set (the caller owns it), else
// NULL. An exception that is set stays set.
PyObject *maestro_context_leave(struct maestro_stay *stay, int keep);

// Makes the calling thread or task run for the frame of an item that it took
// out of a queue, if it runs for no call otherwise, until maestro_release or the
// next item. Returns 0 with an exception.
int maestro_adopt(struct maestro_interp *in, uint64_t frame);

// Reverts maestro_adopt. Returns 0 with an exception.
int maestro_release(struct maestro_interp *in);

// Determines the offsets in a thread state and a context that this needs. Called once
// after initialisation, attached to the main interpreter. Returns 0 when this
// libpython keeps them elsewhere.
int maestro_frame_prepare(void);

#endif

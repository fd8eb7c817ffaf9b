// frame.h: which call of which execution the running Python code belongs to: a
// context variable that follows into threads, tasks and executors.
#ifndef MAESTRO_FRAME_H
#define MAESTRO_FRAME_H

#include "interp.h"

// The number of the outer call that a frame belongs to.
#define MAESTRO_CALL_OF(frame) ((frame) >> 20)

// The current frame, or 0 where no execution is known. Never fails.
uint64_t maestro_frame(struct maestro_interp *in);

// Enters a fresh context with frame as the current one: what a function sets in
// context variables (decimal's precision is one) does not reach the next call
// of this thread. Returns the context (new reference) that goes back to
// maestro_context_leave, or NULL with an exception.
PyObject *maestro_context_enter(struct maestro_interp *in, uint64_t frame);

// Leaves the context and steals it. No exception is set before or after.
void maestro_context_leave(PyObject *context);

// Makes frame the current one for a while. Returns the token (new reference) that goes back
// to maestro_frame_leave, or NULL with an exception.
PyObject *maestro_frame_enter(struct maestro_interp *in, uint64_t frame);

// Makes the frame before the token the current one; steals the token. An
// exception that is set stays set.
void maestro_frame_leave(struct maestro_interp *in, PyObject *token);

#endif

// call.h: Go's calls into an interpreter. One crossing per call.
#ifndef MAESTRO_CALL_H
#define MAESTRO_CALL_H

#include "border.h"
#include "interp.h"

// Runs an outer call on the calling OS thread, which is locked and gets a
// thread state of its own on first use. The call's number, by which it is
// stopped, is in its frame. input is lent by Go until the function
// is entered. The answer belongs to this OS thread and is valid until its next
// call; maestro_result_clear may free its memory earlier. Not attached before
// or after.
struct maestro_result *maestro_call(struct maestro_interp *in, uint64_t frame, uint64_t key, uint64_t generation,
                                    const char *input, size_t size, int request);

// Calls a function of runtime.py with bytes; it answers with bytes. The rest is
// as with maestro_call. name is borrowed, NUL-terminated.
struct maestro_result *maestro_invoke(struct maestro_interp *in, const char *name, const char *argument, size_t size);

// Frees the texts of the calling OS thread's last answer. No thread state.
void maestro_result_clear(void);

// Whether value is something to await. The result of an async def is; so may be
// that of an ordinary function, by a decorator. -1 with an exception. Attached.
int maestro_is_awaitable(PyObject *value);

// The parts of the end of a call, for loop.c as well.

// Writes the function's result as JSON. Returns 0 with an exception. Attached.
int maestro_result_set(struct maestro_interp *in, PyObject *value, struct maestro_result *out);

// Writes the exception that is set, which is cleared, as the end of the call.
void maestro_result_fail(struct maestro_interp *in, int kind, struct maestro_result *out);

// Collects garbage where much memory has been added since it was last collected, or
// requests have failed; then it determines whether the interpreter still holds
// much of what it may when the calls have let go of theirs. No exception
// is set before or after; it may run finalizers. Attached.
void maestro_weigh(struct maestro_interp *in);

// Notes that in the result, and whether much was freed.
void maestro_result_weigh(struct maestro_interp *in, struct maestro_result *out);

// Frees the texts of a result. No thread state.
void maestro_result_free(struct maestro_result *out);

#endif

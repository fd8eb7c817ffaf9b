// call.h: what Go calls in an interpreter. One crossing per call.
#ifndef MAESTRO_CALL_H
#define MAESTRO_CALL_H

#include "border.h"
#include "interp.h"

// Runs an outer call on the calling OS thread, which is locked and gets a
// thread state of its own on first use. input is lent by Go until the function
// is entered. The answer belongs to this OS thread and is valid until its next
// call; maestro_result_clear may free its memory earlier. Not attached before
// or after.
struct maestro_result *maestro_call(struct maestro_interp *in, uint64_t frame, uint64_t key, uint64_t ticket,
                                    uint64_t generation, const char *input, size_t size, int request);

// Calls a function of runtime.py with bytes; it answers with bytes. The rest is
// as with maestro_call. name is borrowed, NUL-terminated.
struct maestro_result *maestro_invoke(struct maestro_interp *in, const char *name, const char *argument, size_t size);

// Frees the texts of the calling OS thread's last answer. No thread state.
void maestro_result_clear(void);

#endif

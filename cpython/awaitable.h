// awaitable.h: the coroutine of an async sibling. Its input is taken by value
// when the sibling is called, its step begins when it is first awaited, as with
// any coroutine. collections.abc.Coroutine accepts it, and so do
// asyncio.create_task and gather.
#ifndef MAESTRO_AWAITABLE_H
#define MAESTRO_AWAITABLE_H

#include "sibling.h"

// Makes the type. New reference, or NULL with an exception.
PyObject *maestro_awaitable_type(PyObject *module);

// The coroutine of a call from the frame parent. Takes over *input, also when
// it fails. New reference, or NULL with an exception.
PyObject *maestro_awaitable_new(struct maestro_sibling *sibling, uint64_t parent, struct maestro_json_text *input);

// The same for a step that has begun. On failure the step is ended.
PyObject *maestro_awaitable_begun(struct maestro_sibling *sibling, const struct maestro_begun *begun,
                                  struct maestro_json_text *input);

#endif

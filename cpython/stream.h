// stream.h: generators that functions return. What an outer call's generator yields
// leaves piece by piece while it runs; that of a sibling is a step until it ends
// (embed/python/stream.py).
#ifndef MAESTRO_STREAM_H
#define MAESTRO_STREAM_H

#include "interp.h"

// Whether value is the result of a generator function, sync or async, or an iterator that
// a step stands behind. Attached, as with all here.
static inline int maestro_is_generator(struct maestro_interp *in, PyObject *value) {
    PyTypeObject *type = value->ob_type;
    return type == py.PyGen_Type || type == py.PyAsyncGen_Type || (PyObject *)type == in->hooks[HOOK_STEPS] ||
           (PyObject *)type == in->hooks[HOOK_ASYNC_STEPS];
}

// Whether the result of an outer call is to be run to its end: a generator, or a Response
// whose body is an iterator.
int maestro_streams(struct maestro_interp *in, PyObject *value);

// Runs it there; steals value. What takes its place as the result (new reference), or
// NULL with an exception.
PyObject *maestro_stream_run(struct maestro_interp *in, PyObject *value);

// The coroutine that does the same on an event loop; steals value.
PyObject *maestro_stream_later(struct maestro_interp *in, PyObject *value);

// The iterator by which the caller of a step takes what the step's generator (borrowed)
// yields; the step ends with it. context is the step's. New reference, or NULL with an
// exception: then the step has ended.
PyObject *maestro_step_iterate(struct maestro_interp *in, uint64_t frame, PyObject *generator, PyObject *context);

// Builtins of _maestro (module.c), for embed/python/stream.py.

// emit(kind, value, total, wait) -> int: passes a piece on. The answer is the total of bytes
// with it, shifted by two, and the next step (model.EmitState).
PyObject *maestro_stream_emit(PyObject *module, PyObject *const *args, Py_ssize_t count);

// copy(value, total) -> (value, bytes): value as another function sees it, and its JSON.
PyObject *maestro_stream_copy(PyObject *module, PyObject *const *args, Py_ssize_t count);

// end_step(frame, bytes): ends a step with its output. Raises when that does not fit.
PyObject *maestro_stream_end_step(PyObject *module, PyObject *const *args, Py_ssize_t count);

// fail_step(frame, exception): ends a step, and raises.
PyObject *maestro_stream_fail_step(PyObject *module, PyObject *const *args, Py_ssize_t count);

#endif

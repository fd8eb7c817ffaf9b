#include "call.h"

#include "counter.h"
#include "error.h"
#include "frame.h"
#include "here.h"
#include "print.h"
#include "program.h"
#include "sibling.h"
#include "stop.h"
#include "thread.h"

#include <stdlib.h>

static __thread struct maestro_result result;

void maestro_result_clear(void) {
    maestro_text_free(&result.output);
    maestro_exception_free(&result.exception);
    result.response = result.interrupted = 0;
}

static struct maestro_result *no_memory(void) {
    maestro_describe_plain(EXCEPTION_ENGINE, "MemoryError", "no memory for a thread state", &result.exception);
    return &result;
}

// Whether value is something to await. An async def's result is; so may be that
// of an ordinary function, by a decorator. -1 with an exception.
static int is_awaitable(PyObject *value) {
    PyObject *await = NULL;
    int found = py.PyObject_GetOptionalAttrString((PyObject *)value->ob_type, "__await__", &await);
    py.Py_DecRef(await);
    return found;
}

// Runs an awaitable result to its end in an event loop; steals value.
static PyObject *run_async(struct maestro_interp *in, PyObject *value) {
    int awaitable = is_awaitable(value);
    if (awaitable == 0)
        return value;
    PyObject *done = awaitable > 0 ? py.PyObject_CallOneArg(in->hooks[HOOK_RUN], value) : NULL;
    py.Py_DecRef(value);
    return done;
}

// Runs the function and writes its result. Returns 0 with an exception, *kind
// then says which.
static int run(struct maestro_interp *in, uint64_t key, const char *input, size_t size, int request, int *kind) {
    int async = 0, loading;
    *kind = EXCEPTION_ENGINE;
    PyObject *function = maestro_program_function(in, key, &async, &loading);
    if (!function) {
        if (loading)
            *kind = EXCEPTION_LOAD;
        return 0;
    }
    *kind = EXCEPTION_INPUT_JSON;
    const struct maestro_json_how how = {.request = request};
    PyObject *argument = maestro_json_load(&in->json, input, size, "input", &how), *value = NULL;
    if (argument) {
        *kind = EXCEPTION_RAISED;
        value = py.PyObject_Vectorcall(function, &argument, 1, NULL);
        if (value)
            value = run_async(in, value);
    }
    int done = 0;
    if (value) {
        *kind = EXCEPTION_OUTPUT_JSON;
        result.response = py.PyType_IsSubtype(value->ob_type, (PyTypeObject *)in->hooks[HOOK_RESPONSE]);
        struct maestro_json_text text;
        done = maestro_json_dump(&in->json, value, "output", &text) == 0;
        if (done) {
            free(text.marks.offsets); // nobody reads it as Python objects again
            result.output = (struct maestro_text){text.data, text.size};
            maestro_count(COUNT_BUFFERS, 1);
        }
    }
    py.Py_DecRef(value);
    py.Py_DecRef(argument);
    py.Py_DecRef(function);
    return done;
}

struct maestro_result *maestro_call(struct maestro_interp *in, uint64_t frame, uint64_t key, uint64_t ticket,
                                    uint64_t generation, const char *input, size_t size, int request) {
    maestro_result_clear();
    if (!in->hooks[0]) {
        maestro_describe_plain(EXCEPTION_ENGINE, "RuntimeError", "this interpreter runs no functions", &result.exception);
        return &result;
    }
    if (!maestro_attach(in))
        return no_memory();
    maestro_here.frame = frame;
    struct maestro_run entry = {.ticket = ticket, .call = MAESTRO_CALL_OF(frame)};
    maestro_run_enter(in, &entry);
    int kind = EXCEPTION_ENGINE, done = 0;
    PyObject *context = maestro_context_enter(in, frame);
    if (context)
        done = maestro_siblings_refresh(in, frame, generation) && run(in, key, input, size, request, &kind);
    if (!done) {
        PyObject *raised = py.PyErr_GetRaisedException();
        maestro_describe(in, raised, kind, &result.exception);
        maestro_describe_classes(in, raised, &result.exception);
        py.Py_DecRef(raised);
    }
    if (context)
        maestro_context_leave(context);
    maestro_run_leave(in, &entry);
    result.interrupted = entry.interrupted;
    maestro_print_flush(in, entry.call);
    maestro_detach();
    return &result;
}

struct maestro_result *maestro_invoke(struct maestro_interp *in, const char *name, const char *argument, size_t size) {
    maestro_result_clear();
    if (!maestro_attach(in))
        return no_memory();
    PyObject *function = NULL, *answer = NULL;
    PyObject *bytes = py.PyBytes_FromStringAndSize(argument, (Py_ssize_t)size);
    char *data;
    Py_ssize_t length;
    if (bytes && in->runtime && py.PyDict_GetItemStringRef(in->runtime, name, &function) == 1)
        answer = py.PyObject_CallOneArg(function, bytes);
    else if (!py.PyErr_Occurred())
        py.PyErr_Format(py.PyExc_KeyError, "%s", name);
    if (answer && py.PyBytes_AsStringAndSize(answer, &data, &length) == 0)
        result.output = maestro_text_copy(data, (size_t)length);
    PyObject *raised = py.PyErr_GetRaisedException();
    if (raised)
        maestro_describe(in, raised, EXCEPTION_RAISED, &result.exception);
    py.Py_DecRef(raised);
    py.Py_DecRef(answer);
    py.Py_DecRef(function);
    py.Py_DecRef(bytes);
    maestro_print_flush(in, 0);
    maestro_detach();
    return &result;
}

#include "call.h"

#include "children.h"
#include "counter.h"
#include "error.h"
#include "frame.h"
#include "go_gate.h"
#include "here.h"
#include "json_part.h"
#include "left.h"
#include "output.h"
#include "print.h"
#include "program.h"
#include "sibling.h"
#include "stop.h"
#include "stream.h"
#include "thread.h"

#include <stdlib.h>

static __thread struct maestro_result result;

void maestro_result_clear(void) { maestro_result_free(&result); }

static struct maestro_result *no_memory(void) {
    maestro_describe_plain(EXCEPTION_ENGINE, "MemoryError", "no memory for a thread state", &result.exception);
    return &result;
}

int maestro_is_awaitable(PyObject *value) {
    PyObject *await = NULL;
    int found = py.PyObject_GetOptionalAttrString((PyObject *)value->ob_type, "__await__", &await);
    py.Py_DecRef(await);
    return found;
}

// Runs an awaitable result to its end in an event loop; steals value.
static PyObject *run_async(struct maestro_interp *in, PyObject *value) {
    int awaitable = maestro_is_awaitable(value);
    if (awaitable == 0)
        return value;
    PyObject *done = awaitable > 0 ? py.PyObject_CallOneArg(in->hooks[HOOK_RUN], value) : NULL;
    py.Py_DecRef(value);
    return done;
}

// Whether the body of the response that value represents is bytes: value itself, or
// the body of a Response, or of a dict that describes one. What value's own code
// raises means that it is not.
static int has_bytes(struct maestro_interp *in, PyObject *value, int response) {
    if (py.PyObject_CheckBuffer(value))
        return 1;
    PyObject *body = NULL, *status = NULL;
    Py_ssize_t size = maestro_has_flag(value, Py_TPFLAGS_DICT_SUBCLASS) ? py.PyDict_Size(value) : 0;
    if (response) {
        py.PyObject_GetOptionalAttrString(value, "body", &body);
    } else if (size >= 2 && size <= 3) {
        PyObject *name = maestro_json_key(&in->json, "status_code", 11);
        if (name && py.PyDict_GetItemRef(value, name, &status) == 1)
            py.PyDict_GetItemStringRef(value, "body", &body);
        py.Py_DecRef(name);
        py.Py_DecRef(status);
    }
    int found = body && py.PyObject_CheckBuffer(body);
    py.Py_DecRef(body);
    py.PyErr_Clear();
    return found;
}

int maestro_result_set(struct maestro_interp *in, PyObject *value, struct maestro_result *out) {
    out->response = py.PyType_IsSubtype(value->ob_type, (PyTypeObject *)in->hooks[HOOK_RESPONSE]);
    struct maestro_json_text text;
    if (maestro_json_dump(&in->json, value, "output", &text) < 0)
        return 0;
    out->bytes = has_bytes(in, value, out->response);
    free(text.marks.offsets); // nothing reads it as Python objects again
    out->output = (struct maestro_text){text.data, text.size};
    maestro_count(COUNT_BUFFERS, 1);
    return 1;
}

void maestro_result_fail(struct maestro_interp *in, int kind, struct maestro_result *out) {
    PyObject *raised = py.PyErr_GetRaisedException();
    maestro_describe(in, raised, kind, &out->exception);
    maestro_describe_classes(in, raised, &out->exception);
    py.Py_DecRef(raised);
}

void maestro_result_free(struct maestro_result *out) {
    maestro_text_free(&out->output);
    maestro_exception_free(&out->exception);
    out->response = out->bytes = out->interrupted = out->exhausted = out->denied = out->freed = 0;
    out->threads = out->outlived = out->children = out->spoilt = 0;
}

// Runs the function in the context of its call and writes its result. Returns 0
// with an exception, *kind then says which.
static int run_in_context(struct maestro_interp *in, PyObject *function, const char *input, size_t size, int request,
                          int *kind) {
    *kind = EXCEPTION_INPUT_JSON;
    const struct maestro_json_how how = {.request = request};
    PyObject *argument = maestro_json_load(&in->json, input, size, "input", &how), *value = NULL;
    if (argument) {
        *kind = EXCEPTION_RAISED;
        value = py.PyObject_Vectorcall(function, &argument, 1, NULL);
        if (value)
            value = run_async(in, value);
        if (value && maestro_streams(in, value))
            value = maestro_stream_run(in, value);
    }
    int done = 0;
    if (value) {
        *kind = EXCEPTION_OUTPUT_JSON;
        done = maestro_result_set(in, value, &result);
    }
    py.Py_DecRef(value);
    py.Py_DecRef(argument);
    return done;
}

// Runs the call; failures are in the result afterwards.
static void run(struct maestro_interp *in, uint64_t frame, uint64_t key, uint64_t generation, const char *input, size_t size,
                int request) {
    int kind = EXCEPTION_ENGINE, loading = 0, done = 0;
    struct maestro_entry entry = {0};
    struct maestro_stay stay;
    if (maestro_siblings_refresh(in, frame, generation) && maestro_program_enter(in, key, frame, &entry, &loading) &&
        maestro_context_enter(in, &entry.base, frame, &stay)) {
        done = run_in_context(in, entry.function, input, size, request, &kind);
        maestro_go_leave();
        if (!done)
            maestro_result_fail(in, kind, &result); // str(exception) is the author's code, in this context
        maestro_context_leave(&stay, 0);
    } else {
        maestro_result_fail(in, loading ? EXCEPTION_LOAD : kind, &result);
    }
    maestro_entry_clear(&entry);
}

// Waits for the log lines that another thread writes for the call.
static void settle(struct maestro_interp *in, uint64_t call) {
    PyObject *number = py.PyLong_FromUnsignedLongLong(call);
    PyObject *none = number ? py.PyObject_CallOneArg(in->hooks[HOOK_SETTLE], number) : NULL;
    if (!none)
        py.PyErr_Clear(); // stopped meanwhile
    py.Py_DecRef(none);
    py.Py_DecRef(number);
}

void maestro_weigh(struct maestro_interp *in) {
    enum { MUCH = 64 * 1024 * 1024 };
    unsigned denied = atomic_load_explicit(&in->memory.denied, memory_order_relaxed);
    int64_t used = maestro_memory_used(&in->memory);
    if (used < in->collected)
        in->collected = used;
    if (denied == in->weighed && used < in->collected + MUCH)
        return;
    // Cycles of garbage, such as an exception with its frames: Python itself
    // collects them by their number, not by their size.
    py.PyGC_Collect();
    in->collected = maestro_memory_used(&in->memory);
    if (denied != in->weighed)
        in->exhausted = in->collected > atomic_load(&in->memory.limit) / 2;
    in->weighed = denied;
}

void maestro_result_weigh(struct maestro_interp *in, struct maestro_result *out) {
    out->exhausted = in->exhausted;
    out->outlived = in->outlived;
    out->spoilt = in->spoilt;
    out->denied = atomic_load_explicit(&in->memory.denied, memory_order_relaxed) != in->weighed;
    out->freed = maestro_memory_freed(&in->memory);
}

struct maestro_result *maestro_call(struct maestro_interp *in, uint64_t frame, uint64_t key, uint64_t generation,
                                    const char *input, size_t size, int request) {
    maestro_result_clear();
    if (!in->hooks[0]) {
        maestro_describe_plain(EXCEPTION_ENGINE, "RuntimeError", "this interpreter runs no functions", &result.exception);
        return &result;
    }
    if (!maestro_attach(in))
        return no_memory();
    maestro_here.frame = frame;
    struct maestro_run entry = {.call = MAESTRO_CALL_OF(frame), .frame = frame, .thread = py.PyThread_get_thread_ident()};
    maestro_run_add(in, &entry);
    struct maestro_run *before = maestro_carry(&entry);
    run(in, frame, key, generation, input, size, request);
    maestro_output_end(in, entry.call);
    if (entry.settles && !entry.stopping)
        settle(in, entry.call);
    if (!entry.stopping)
        maestro_weigh(in);
    maestro_result_weigh(in, &result);
    maestro_carry(before);
    maestro_left_settle_call(in, entry.call);
    maestro_run_remove(in, &entry);
    result.interrupted = entry.interrupted;
    maestro_print_flush(in, entry.call);
    result.threads = in->begun || atomic_load(&in->threads); // one may be about to run
    result.processes = in->children.count > 0;
    result.children = in->children.count && maestro_children_of(in, entry.call);
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

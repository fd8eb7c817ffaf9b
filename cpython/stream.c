#include "stream.h"

#include "error.h"
#include "frame.h"
#include "sibling.h"

#include "go_gate.h"

int maestro_streams(struct maestro_interp *in, PyObject *value) {
    PyTypeObject *type = value->ob_type;
    if (type == py.PyDict_Type || type == py.PyUnicode_Type || type == py.PyList_Type || value == py.None)
        return 0;
    if (maestro_is_generator(in, value))
        return 1;
    if (!py.PyType_IsSubtype(type, (PyTypeObject *)in->hooks[HOOK_RESPONSE]))
        return 0;
    PyObject *body = NULL, *next = NULL;
    if (py.PyObject_GetOptionalAttrString(value, "body", &body) > 0)
        for (int i = 0; i < 2 && !next; i++)
            py.PyObject_GetOptionalAttrString((PyObject *)body->ob_type, i ? "__anext__" : "__next__", &next);
    int found = next != NULL;
    py.Py_DecRef(next);
    py.Py_DecRef(body);
    py.PyErr_Clear(); // the body of a subclass may be its own code: then it is no iterator
    return found;
}

static PyObject *call_hook(struct maestro_interp *in, int hook, PyObject *value) {
    PyObject *result = py.PyObject_CallOneArg(in->hooks[hook], value);
    py.Py_DecRef(value);
    return result;
}

PyObject *maestro_stream_run(struct maestro_interp *in, PyObject *value) { return call_hook(in, HOOK_STREAM, value); }

PyObject *maestro_stream_later(struct maestro_interp *in, PyObject *value) {
    return call_hook(in, HOOK_STREAM_ASYNC, value);
}

PyObject *maestro_step_iterate(struct maestro_interp *in, uint64_t frame, PyObject *generator, PyObject *context) {
    int async = generator->ob_type == py.PyAsyncGen_Type || (PyObject *)generator->ob_type == in->hooks[HOOK_ASYNC_STEPS];
    PyObject *number = py.PyLong_FromUnsignedLongLong(frame);
    PyObject *args[] = {generator, context, number};
    PyObject *iterator =
        number ? py.PyObject_Vectorcall(in->hooks[async ? HOOK_ASYNC_STEPS : HOOK_STEPS], args, 3, NULL) : NULL;
    py.Py_DecRef(number);
    if (!iterator)
        maestro_step_fail(in, frame, EXCEPTION_ENGINE);
    return iterator;
}

// Whether one more text of that size is within the bound of a value; raises where it is not.
static int fits(struct maestro_interp *in, unsigned long long total, size_t size) {
    if (!in->json.most || total + size <= in->json.most)
        return 1;
    py.PyErr_Format(py.PyExc_ValueError,
                    "what the function has yielded makes more than %zu bytes as JSON, the most that a value may have "
                    "(MAX_VALUE_BYTES)",
                    in->json.most);
    return 0;
}

PyObject *maestro_stream_emit(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    struct maestro_interp *in = maestro_of(module);
    long kind = count == 4 ? py.PyLong_AsLong(args[0]) : 0;
    unsigned long long total = count == 4 ? py.PyLong_AsUnsignedLongLong(args[2]) : 0;
    if (count != 4)
        py.PyErr_SetString(py.PyExc_TypeError, "emit() takes a kind, a value, a total, and whether it waits");
    struct maestro_json_text text;
    if (py.PyErr_Occurred() || maestro_json_dump(&in->json, args[1], "item", &text) < 0)
        return NULL;
    PyObject *answer = NULL;
    if (fits(in, total, text.size)) {
        uint64_t current = maestro_frame(in);
        int wait = py.PyObject_IsTrue(args[3]);
        total += text.size + 1;
        PyThreadState *state = py.PyEval_SaveThread();
        int next = maestro_go_emit(in->id, current, (int)kind, text.data, text.size, wait);
        py.PyEval_RestoreThread(state);
        answer = py.PyLong_FromUnsignedLongLong(total << 2 | (unsigned)next);
    }
    maestro_json_free(&text);
    return answer;
}

PyObject *maestro_stream_copy(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    struct maestro_interp *in = maestro_of(module);
    unsigned long long total = count == 2 ? py.PyLong_AsUnsignedLongLong(args[1]) : 0;
    if (count != 2)
        py.PyErr_SetString(py.PyExc_TypeError, "copy() takes a value and a total");
    struct maestro_json_text text;
    if (py.PyErr_Occurred() || maestro_json_dump(&in->json, args[0], "item", &text) < 0)
        return NULL;
    const struct maestro_json_how how = {.offsets = text.marks.offsets, .count = text.marks.count};
    PyObject *value = fits(in, total, text.size) ? maestro_json_load(&in->json, text.data, text.size, "item", &how) : NULL;
    PyObject *bytes = value ? py.PyBytes_FromStringAndSize(text.data, (Py_ssize_t)text.size) : NULL;
    PyObject *pair = bytes ? py.PyTuple_Pack(2, value, bytes) : NULL;
    py.Py_DecRef(value);
    py.Py_DecRef(bytes);
    maestro_json_free(&text);
    return pair;
}

// The frame of a step that the runtime has been given. 0 with an exception.
static uint64_t frame_of(PyObject *const *args, Py_ssize_t count) {
    uint64_t frame = count == 2 ? py.PyLong_AsUnsignedLongLong(args[0]) : 0;
    if (count != 2)
        py.PyErr_SetString(py.PyExc_TypeError, "it takes the frame of a step, and its end");
    return py.PyErr_Occurred() ? 0 : frame;
}

PyObject *maestro_stream_end_step(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    struct maestro_interp *in = maestro_of(module);
    uint64_t frame = frame_of(args, count);
    char *output;
    Py_ssize_t size;
    if (!frame || py.PyBytes_AsStringAndSize(args[1], &output, &size) < 0)
        return NULL;
    struct maestro_raise raise = {0};
    PyThreadState *state = py.PyEval_SaveThread();
    maestro_go_end_step(in->id, frame, output, (size_t)size, NULL, &raise);
    py.PyEval_RestoreThread(state);
    if (!raise.kind)
        return py.Py_NewRef(py.None);
    maestro_raise_now(in, &raise);
    return NULL;
}

PyObject *maestro_stream_fail_step(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    uint64_t frame = frame_of(args, count);
    if (frame) {
        py.PyErr_SetRaisedException(py.Py_NewRef(args[1]));
        maestro_step_fail(maestro_of(module), frame, EXCEPTION_RAISED);
    }
    return NULL;
}

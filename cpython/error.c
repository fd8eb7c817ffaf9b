#include "error.h"

#include "counter.h"

#include <stdlib.h>
#include <string.h>

struct maestro_text maestro_text_copy(const char *data, size_t size) {
    char *copied = malloc(size ? size : 1);
    if (!copied)
        return (struct maestro_text){0};
    memcpy(copied, data, size);
    maestro_count(COUNT_BUFFERS, 1);
    return (struct maestro_text){copied, size};
}

struct maestro_text maestro_text_of(PyObject *object) {
    struct maestro_text text = {0};
    if (!object || !maestro_has_flag(object, Py_TPFLAGS_UNICODE_SUBCLASS))
        return text;
    Py_ssize_t size;
    const char *data = py.PyUnicode_AsUTF8AndSize(object, &size);
    if (data)
        return maestro_text_copy(data, (size_t)size);
    py.PyErr_Clear(); // a lone surrogate
    PyObject *bytes = py.PyUnicode_AsEncodedString(object, "utf-8", "backslashreplace");
    char *encoded;
    if (bytes && py.PyBytes_AsStringAndSize(bytes, &encoded, &size) == 0)
        text = maestro_text_copy(encoded, (size_t)size);
    else
        py.PyErr_Clear();
    py.Py_DecRef(bytes);
    return text;
}

PyObject *maestro_str(const struct maestro_text *text) {
    return py.PyUnicode_DecodeUTF8(text->data ? text->data : "", (Py_ssize_t)text->size, "replace");
}

void maestro_text_free(struct maestro_text *text) {
    if (text->data)
        maestro_count(COUNT_BUFFERS, -1);
    free(text->data);
    *text = (struct maestro_text){0};
}

void maestro_raise_now(struct maestro_interp *in, struct maestro_raise *raise) {
    PyObject *arguments[] = {
        py.PyLong_FromLongLong(raise->kind),
        maestro_str(&raise->message),
        maestro_str(&raise->name),
        maestro_str(&raise->problems),
    };
    PyObject *exception = NULL;
    if (!in->hooks[HOOK_EXCEPTION])
        py.PyErr_SetString(py.PyExc_RuntimeError, "the interpreter is ending");
    else if (arguments[0] && arguments[1] && arguments[2] && arguments[3])
        exception = py.PyObject_Vectorcall(in->hooks[HOOK_EXCEPTION], arguments, 4, NULL);
    if (exception)
        py.PyErr_SetObject((PyObject *)exception->ob_type, exception);
    py.Py_DecRef(exception);
    for (int i = 0; i < 4; i++)
        py.Py_DecRef(arguments[i]);
    maestro_text_free(&raise->message);
    maestro_text_free(&raise->name);
    maestro_text_free(&raise->problems);
}

static int is_a(struct maestro_interp *in, PyObject *exception, enum maestro_hook class) {
    PyObject *type = in->hooks[class];
    return type && py.PyType_IsSubtype(exception->ob_type, (PyTypeObject *)type);
}

static int kind_of(struct maestro_interp *in, PyObject *raised, int kind) {
    if (is_a(in, raised, HOOK_STOPPED))
        return EXCEPTION_STOPPED;
    if ((kind == EXCEPTION_INPUT_JSON || kind == EXCEPTION_OUTPUT_JSON) &&
        py.PyErr_GivenExceptionMatches(raised, py.PyExc_MemoryError))
        return EXCEPTION_RAISED; // the value may be valid
    if (kind != EXCEPTION_RAISED)
        return kind;
    if (is_a(in, raised, HOOK_INPUT_INVALID))
        return EXCEPTION_INPUT_INVALID;
    if (is_a(in, raised, HOOK_OUTPUT_INVALID))
        return EXCEPTION_OUTPUT_INVALID;
    return kind;
}

// Says what the bound on memory is where CPython's MemoryError says nothing.
static void describe_bound(struct maestro_interp *in, PyObject *raised, struct maestro_exception *out) {
    char text[300];
    if (out->message.size || raised->ob_type != (PyTypeObject *)py.PyExc_MemoryError)
        return;
    size_t size = maestro_memory_reason(&in->memory, text, sizeof text);
    if (!size)
        return;
    maestro_text_free(&out->message);
    out->message = maestro_text_copy(text, size);
}

void maestro_describe(struct maestro_interp *in, PyObject *raised, int kind, struct maestro_exception *out) {
    if (!raised) { // C code that failed and did not say why
        maestro_describe_plain(EXCEPTION_ENGINE, "SystemError", "failed without an exception", out);
        return;
    }
    out->kind = kind_of(in, raised, kind);
    maestro_memory_reserve(1); // there may be none left
    PyObject *hook = in->hooks[HOOK_DESCRIBE];
    PyObject *texts = hook ? py.PyObject_CallOneArg(hook, raised) : NULL;
    if (texts && texts->ob_type == py.PyTuple_Type && py.PyTuple_Size(texts) == 3) {
        out->type = maestro_text_of(py.PyTuple_GetItem(texts, 0));
        out->message = maestro_text_of(py.PyTuple_GetItem(texts, 1));
        out->traceback = maestro_text_of(py.PyTuple_GetItem(texts, 2));
    } else { // no hook, stopped in the midst of it, or no memory
        py.PyErr_Clear();
        PyObject *name = py.PyType_GetName(raised->ob_type);
        out->type = maestro_text_of(name);
        py.Py_DecRef(name);
        if (!name && raised->ob_type == (PyTypeObject *)py.PyExc_MemoryError)
            out->type = maestro_text_copy("MemoryError", strlen("MemoryError"));
        PyObject *text = py.PyObject_Str(raised);
        out->message = maestro_text_of(text);
        py.Py_DecRef(text);
        py.PyErr_Clear();
    }
    py.Py_DecRef(texts);
    describe_bound(in, raised, out);
    maestro_memory_reserve(0);
}

void maestro_describe_classes(struct maestro_interp *in, PyObject *raised, struct maestro_exception *out) {
    maestro_memory_reserve(1);
    PyObject *hook = in->hooks[HOOK_CLASSES];
    PyObject *names = raised && hook ? py.PyObject_CallOneArg(hook, raised) : NULL;
    if (names)
        out->classes = maestro_text_of(names);
    else
        py.PyErr_Clear(); // stopped in the midst of it, or no memory: the type is known all the same
    py.Py_DecRef(names);
    maestro_memory_reserve(0);
}

void maestro_describe_plain(int kind, const char *type, const char *message, struct maestro_exception *out) {
    out->kind = kind;
    out->type = maestro_text_copy(type, strlen(type));
    out->message = maestro_text_copy(message, strlen(message));
}

void maestro_exception_free(struct maestro_exception *exception) {
    maestro_text_free(&exception->type);
    maestro_text_free(&exception->message);
    maestro_text_free(&exception->traceback);
    maestro_text_free(&exception->classes);
    exception->kind = 0;
}

#include "json_probe.h"

#include "json.h"

#include <stdlib.h>
#include <string.h>

// Both guarded by the GIL of the main interpreter, which never ends.
static struct maestro_json probe_json;
static PyObject *probe_namespace; // strong

static PyObject *probe_load(PyObject *self, PyObject *args) {
    size_t offsets[64];
    struct maestro_json_how how = {.offsets = offsets};
    char *data;
    Py_ssize_t size;
    if (py.PyTuple_Size(args) != 3 || py.PyBytes_AsStringAndSize(py.PyTuple_GetItem(args, 0), &data, &size) < 0)
        return NULL;
    how.request = py.PyObject_IsTrue(py.PyTuple_GetItem(args, 1));
    PyObject *marks = py.PyTuple_GetItem(args, 2);
    for (; how.count < 64 && (Py_ssize_t)how.count < py.PyTuple_Size(marks); how.count++)
        offsets[how.count] = py.PyLong_AsUnsignedLongLong(py.PyTuple_GetItem(marks, (Py_ssize_t)how.count));
    return maestro_json_load(&probe_json, data, (size_t)size, "input", &how);
}

static PyObject *probe_dump(PyObject *self, PyObject *value) {
    struct maestro_json_text text;
    if (maestro_json_dump(&probe_json, value, "output", &text) < 0)
        return NULL;
    PyObject *result = py.PyTuple_New(2), *marks = py.PyTuple_New((Py_ssize_t)text.marks.count);
    for (size_t i = 0; marks && i < text.marks.count; i++)
        py.PyTuple_SetItem(marks, (Py_ssize_t)i, py.PyLong_FromUnsignedLongLong(text.marks.offsets[i]));
    if (result) {
        py.PyTuple_SetItem(result, 0, py.PyBytes_FromStringAndSize(text.data, (Py_ssize_t)text.size));
        py.PyTuple_SetItem(result, 1, marks);
    }
    maestro_json_free(&text);
    return result;
}

static PyObject *probe_set_hooks(PyObject *self, PyObject *args) {
    PyObject *hooks[2];
    if (py.PyTuple_Size(args) != 2)
        return NULL;
    for (int i = 0; i < 2; i++) {
        hooks[i] = py.PyTuple_GetItem(args, i);
        if (hooks[i] == py.None)
            hooks[i] = NULL;
    }
    maestro_json_set(&probe_json, hooks[0], hooks[1]);
    return py.None;
}

static PyMethodDef probe_methods[] = {
    {"load", probe_load, METH_VARARGS, NULL},
    {"dump", probe_dump, METH_O, NULL},
    {"set_hooks", probe_set_hooks, METH_VARARGS, NULL},
};

// Attaches the calling thread to the main interpreter and makes the namespace
// when there is none yet. Returns 0 with an exception set.
static int attach(void) {
    py.PyEval_RestoreThread(py.PyThreadState_New(py.PyInterpreterState_Main()));
    if (probe_namespace)
        return 1;
    PyObject *namespace = py.PyDict_New();
    for (size_t i = 0; namespace && i < sizeof probe_methods / sizeof *probe_methods; i++) {
        PyObject *method = py.PyCFunction_NewEx(&probe_methods[i], NULL, NULL);
        if (!method || py.PyDict_SetItemString(namespace, probe_methods[i].ml_name, method) < 0)
            maestro_clear(&namespace);
        py.Py_DecRef(method);
    }
    probe_namespace = namespace;
    return namespace != NULL;
}

// Detaches, and turns the exception that is set into a message.
static char *detach(void) {
    char *message = NULL;
    PyObject *exception = py.PyErr_GetRaisedException();
    if (exception) {
        PyObject *type = py.PyType_GetName(exception->ob_type), *value = py.PyObject_Str(exception);
        PyObject *text = type && value ? py.PyUnicode_FromFormat("%U: %U", type, value) : NULL;
        PyObject *bytes = text ? py.PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace") : NULL;
        Py_ssize_t size;
        char *data;
        if (bytes && py.PyBytes_AsStringAndSize(bytes, &data, &size) == 0)
            message = strndup(data, (size_t)size);
        else
            message = strdup("an exception without a text");
        py.PyErr_Clear();
        py.Py_DecRef(bytes);
        py.Py_DecRef(text);
        py.Py_DecRef(value);
        py.Py_DecRef(type);
        py.Py_DecRef(exception);
    }
    py.PyThreadState_Clear(py.PyThreadState_GetUnchecked());
    py.PyThreadState_DeleteCurrent();
    return message;
}

static void store(struct maestro_text *out, const char *data, size_t size) {
    out->data = malloc(size ? size : 1);
    out->size = size;
    memcpy(out->data, data, size);
}

char *maestro_probe_run(const char *source) {
    if (attach()) {
        enum { FILE_INPUT = 257 }; // Py_file_input
        PyObject *code = py.Py_CompileString(source, "<probe>", FILE_INPUT);
        py.Py_DecRef(code ? py.PyEval_EvalCode(code, probe_namespace, probe_namespace) : NULL);
        py.Py_DecRef(code);
    }
    return detach();
}

char *maestro_probe_call(const char *function, const char *data, size_t size, struct maestro_text *out) {
    *out = (struct maestro_text){0};
    if (attach()) {
        PyObject *callable = NULL, *argument = py.PyBytes_FromStringAndSize(data, (Py_ssize_t)size);
        if (py.PyDict_GetItemStringRef(probe_namespace, function, &callable) == 0)
            py.PyErr_SetString(py.PyExc_NameError, function);
        PyObject *result = callable && argument ? py.PyObject_CallOneArg(callable, argument) : NULL;
        char *bytes;
        Py_ssize_t length;
        if (result && py.PyBytes_AsStringAndSize(result, &bytes, &length) == 0)
            store(out, bytes, (size_t)length);
        py.Py_DecRef(result);
        py.Py_DecRef(argument);
        py.Py_DecRef(callable);
    }
    return detach();
}

char *maestro_probe_round(const char *data, size_t size, struct maestro_text *out) {
    *out = (struct maestro_text){0};
    if (attach()) {
        struct maestro_json plain = {0};
        struct maestro_json_text text;
        PyObject *value = maestro_json_load(&plain, data, size, "input", NULL);
        if (value && maestro_json_dump(&plain, value, "output", &text) == 0) {
            store(out, text.data, text.size);
            maestro_json_free(&text);
        }
        py.Py_DecRef(value);
        maestro_json_clear(&plain);
    }
    return detach();
}

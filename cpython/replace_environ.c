#include "replace.h"

#include "error.h"
#include "here.h"
#include "libc.h"
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The environment of the interpreter's children: os.environ reaches it by
// putenv(), as in any Python. The C library's environment is the server's, and never changes.

static int add_variable(PyObject *environment, const char *entry) {
    const char *sign = strchr(entry, '=');
    if (!sign)
        return 1;
    PyObject *name = py.PyBytes_FromStringAndSize(entry, sign - entry);
    PyObject *value = py.PyBytes_FromStringAndSize(sign + 1, (Py_ssize_t)strlen(sign + 1));
    int added = name && value && py.PyDict_SetItem(environment, name, value) == 0;
    py.Py_DecRef(name);
    py.Py_DecRef(value);
    return added;
}

static PyObject *fresh_environment(void) {
    PyObject *environment = py.PyDict_New();
    for (char **entry = maestro_environ; environment && *entry; entry++)
        if (!add_variable(environment, *entry))
            maestro_clear(&environment);
    return environment;
}

// Borrowed, or NULL with an exception; of an interpreter that ends, new ones.
PyObject *maestro_environment_of(struct maestro_interp *in) {
    if (!in->environ)
        in->environ = fresh_environment();
    return in->environ;
}

// _create_environ() -> dict: read by os.reload_environ().
PyObject *maestro_os_create_environ(PyObject *module, PyObject *unused) {
    struct maestro_interp *in = maestro_here.in;
    PyObject *environment = in ? maestro_environment_of(in) : NULL;
    if (in)
        return environment ? py.PyDict_Copy(environment) : NULL;
    return fresh_environment();
}

// The bytes of a name or value: new reference, or NULL with an exception.
static PyObject *encoded(PyObject *object) {
    if (object->ob_type == py.PyBytes_Type)
        return py.Py_NewRef(object);
    if (object->ob_type == py.PyUnicode_Type)
        return py.PyUnicode_AsEncodedString(object, "utf-8", "surrogateescape");
    return py.PyErr_Format(py.PyExc_TypeError, "expected str or bytes, not %N", object->ob_type);
}

static PyObject *checked(PyObject *object, int is_name) {
    PyObject *bytes = encoded(object);
    char *data;
    Py_ssize_t size;
    if (!bytes || py.PyBytes_AsStringAndSize(bytes, &data, &size) < 0)
        return bytes;
    const char *wrong = strlen(data) != (size_t)size   ? "embedded null byte"
                        : is_name && strchr(data, '=') ? "illegal environment variable name"
                        : is_name && size == 0         ? "illegal environment variable name"
                                                       : NULL;
    if (!wrong)
        return bytes;
    py.Py_DecRef(bytes);
    py.PyErr_SetString(py.PyExc_ValueError, wrong);
    return NULL;
}

PyObject *maestro_os_putenv(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (count != 2)
        return py.PyErr_Format(py.PyExc_TypeError, "putenv expected 2 arguments, got %zd", count);
    struct maestro_interp *in = maestro_here.in;
    PyObject *environment = in ? maestro_environment_of(in) : NULL;
    PyObject *name = environment ? checked(args[0], 1) : NULL, *value = name ? checked(args[1], 0) : NULL;
    int done = !in || (value && py.PyDict_SetItem(environment, name, value) == 0);
    char *left, *right;
    Py_ssize_t size;
    if (maestro_alone && done && in && py.PyBytes_AsStringAndSize(name, &left, &size) == 0 &&
        py.PyBytes_AsStringAndSize(value, &right, &size) == 0)
        setenv(left, right, 1); // libraries in C look there
    py.Py_DecRef(value);
    py.Py_DecRef(name);
    return done ? py.Py_NewRef(py.None) : NULL;
}

PyObject *maestro_os_unsetenv(PyObject *module, PyObject *variable) {
    struct maestro_interp *in = maestro_here.in;
    PyObject *environment = in ? maestro_environment_of(in) : NULL;
    PyObject *name = environment ? checked(variable, 1) : NULL, *value = NULL;
    int found = name ? py.PyDict_GetItemRef(environment, name, &value) : -1;
    int done = !in || (found == 1 ? py.PyDict_DelItem(environment, name) == 0 : found == 0);
    char *text;
    Py_ssize_t size;
    if (maestro_alone && done && in && py.PyBytes_AsStringAndSize(name, &text, &size) == 0)
        unsetenv(text);
    py.Py_DecRef(value);
    py.Py_DecRef(name);
    return done ? py.Py_NewRef(py.None) : NULL;
}

// The environment as a list of b"NAME=value".
PyObject *maestro_environment_list(struct maestro_interp *in) {
    PyObject *environment = maestro_environment_of(in), *list = environment ? py.PyList_New(0) : NULL;
    PyObject *name, *value;
    for (Py_ssize_t place = 0; list && py.PyDict_Next(environment, &place, &name, &value);) {
        char *left, *right, *text;
        Py_ssize_t left_size, right_size;
        py.PyBytes_AsStringAndSize(name, &left, &left_size);
        py.PyBytes_AsStringAndSize(value, &right, &right_size);
        int size = asprintf(&text, "%s=%s", left, right);
        PyObject *entry = size < 0 ? py.PyErr_NoMemory() : py.PyBytes_FromStringAndSize(text, size);
        if (size >= 0)
            free(text);
        if (!entry || py.PyList_Append(list, entry) < 0)
            maestro_clear(&list);
        py.Py_DecRef(entry);
    }
    return list;
}

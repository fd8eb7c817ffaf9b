#include "json_part.h"

// Of a long path the first and the last steps are named.
enum { FIRST = 12, LAST = 4, MOST = 2 * MAESTRO_JSON_DEPTH };

// Appends to *path, stealing more; *path is NULL after a failure.
static void append(PyObject **path, PyObject *more) {
    PyObject *both = *path && more ? py.PyUnicode_Concat(*path, more) : NULL;
    py.Py_DecRef(*path);
    py.Py_DecRef(more);
    *path = both;
}

PyObject *maestro_json_path(const char *root, const struct maestro_json_step *step) {
    const struct maestro_json_step *steps[MOST];
    int count = 0;
    for (; step && count < MOST; step = step->parent)
        steps[count++] = step;
    PyObject *path = py.PyUnicode_FromString(root);
    for (int i = 0; i < count; i++) {
        if (count > FIRST + LAST && i == FIRST) {
            append(&path, py.PyUnicode_FromString("…"));
            i = count - LAST;
        }
        step = steps[count - 1 - i];
        if (!step->key)
            append(&path, py.PyUnicode_FromFormat("[%zd]", step->index));
        else if (step->key->ob_type == py.PyUnicode_Type && py.PyUnicode_IsIdentifier(step->key))
            append(&path, py.PyUnicode_FromFormat(".%.100U", step->key));
        else
            append(&path, py.PyUnicode_FromFormat("[%.100R]", step->key));
    }
    return path;
}

int maestro_json_refuse(const char *root, const struct maestro_json_step *step, PyObject *exception, const char *reason,
                        PyTypeObject *type) {
    PyObject *path = maestro_json_path(root, step);
    PyObject *name = type ? py.PyType_GetName(type) : NULL;
    PyObject *text = NULL;
    if (path && (name || !type))
        text = py.PyUnicode_FromFormat(reason, name); // an argument too many does no harm
    if (text)
        py.PyErr_Format(exception, "%U: %U", path, text);
    py.Py_DecRef(text);
    py.Py_DecRef(name);
    py.Py_DecRef(path);
    return -1;
}

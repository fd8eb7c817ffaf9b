#include "replace.h"

#include "error.h"
#include "here.h"
#include "park.h"
#include "rails.h"

#include <errno.h>
#include <string.h>

static size_t identifier_offset; // of PyThreadState.thread_id, in bytes; written once

int maestro_view_load(void) {
    enum { WORDS = 64 };
    unsigned long identifier = py.PyThread_get_thread_ident();
    const unsigned long *words = (const unsigned long *)py.PyThreadState_GetUnchecked();
    for (size_t i = 0; words && i < WORDS; i++)
        if (words[i] == identifier) {
            identifier_offset = i * sizeof *words;
            return 1;
        }
    return 0;
}

static PyObject *identifier_of(PyThreadState *state) {
    unsigned long identifier;
    memcpy(&identifier, (const char *)state + identifier_offset, sizeof identifier);
    return py.PyLong_FromUnsignedLongLong(identifier);
}

// sys._current_frames() -> dict of the interpreter's own threads. CPython's walks
// those of all interpreters, whose objects may be used with their GIL only.
PyObject *maestro_sys_current_frames(PyObject *module, PyObject *unused) {
    PyObject *frames = py.PyDict_New();
    PyThreadState *state = py.PyInterpreterState_ThreadHead(py.PyInterpreterState_Get());
    for (; frames && state; state = py.PyThreadState_Next(state)) {
        PyObject *frame = (PyObject *)py.PyThreadState_GetFrame(state);
        if (!frame)
            continue;
        PyObject *identifier = identifier_of(state);
        if (!identifier || py.PyDict_SetItem(frames, identifier, frame) < 0)
            maestro_clear(&frames);
        py.Py_DecRef(identifier);
        py.Py_DecRef(frame);
    }
    return frames;
}

// sys._current_exceptions() -> dict with the calling thread's only: those that other
// threads handle cannot be asked for without changing them.
PyObject *maestro_sys_current_exceptions(PyObject *module, PyObject *unused) {
    PyObject *handled = py.PyErr_GetHandledException();
    if (!handled)
        handled = py.Py_NewRef(py.None);
    PyObject *exceptions = py.PyDict_New();
    PyObject *identifier = py.PyLong_FromUnsignedLongLong(py.PyThread_get_thread_ident());
    if (!exceptions || !identifier || py.PyDict_SetItem(exceptions, identifier, handled) < 0)
        maestro_clear(&exceptions);
    py.Py_DecRef(identifier);
    py.Py_DecRef(handled);
    return exceptions;
}

// From now on the interpreter's calls may change their threads in ways that
// nothing here sees.
static void note_foreign(void) {
    if (maestro_here.in)
        maestro_here.in->foreign = 1;
}

// create_builtin(spec): ctypes reaches all of C.
PyObject *maestro_imp_create_builtin(PyObject *module, PyObject *spec) {
    PyObject *name = py.PyObject_GetAttrString(spec, "name");
    const char *text = name ? py.PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    if (text && strcmp(text, "_ctypes") == 0)
        note_foreign();
    py.PyErr_Clear();
    py.Py_DecRef(name);
    return maestro_real_create_builtin(module, spec);
}

// create_dynamic(spec, file=None): an extension module, not of the kit's.
PyObject *maestro_imp_create_dynamic(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    note_foreign();
    PyObject *extension = ((maestro_fast)(void (*)(void))maestro_real_create_dynamic)(module, args, count);
    maestro_park_map();
    return extension;
}

PyCFunction maestro_real_create_builtin, maestro_real_create_dynamic;

PyCFunction maestro_real_gc_get_objects, maestro_real_gc_get_referrers;

// The objects of a list without the runtime's own: its module, its namespace and the dict of the module.
// What follows from them is found by other ways; what they show is the calling interpreter's alone. Steals the list.
static PyObject *without_runtime(PyObject *objects) {
    struct maestro_interp *in = maestro_here.in;
    if (!objects || !in || !in->module || objects->ob_type != py.PyList_Type)
        return objects;
    PyObject *left = py.PyList_New(0), *names = py.PyModule_GetDict(in->module);
    Py_ssize_t count = py.PyList_Size(objects);
    for (Py_ssize_t i = 0; left && i < count; i++) {
        PyObject *object = py.PyList_GetItem(objects, i);
        if (object != in->module && object != in->runtime && object != names && py.PyList_Append(left, object) < 0)
            maestro_clear(&left);
    }
    py.Py_DecRef(objects);
    return left;
}

// get_objects(generation=None)
PyObject *maestro_gc_get_objects(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    return without_runtime(((maestro_fast_keywords)(void (*)(void))maestro_real_gc_get_objects)(module, args, count, names));
}

// get_referrers(*objects)
PyObject *maestro_gc_get_referrers(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    return without_runtime(((maestro_fast)(void (*)(void))maestro_real_gc_get_referrers)(module, args, count));
}

// _override_multi_interp_extensions_check(value): it lets modules be imported whose data all interpreters share.
PyObject *maestro_imp_override(PyObject *module, PyObject *value) {
    return maestro_rail_raise(RAIL_INTERNALS, EPERM, "_imp._override_multi_interp_extensions_check()");
}

#include "sibling.h"

#include "awaitable.h"
#include "error.h"
#include "frame.h"

#include "_cgo_export.h"

// The input of a call: the one positional argument, or an object of the keyword
// arguments, or {}. New reference, or NULL with the TypeError.
static PyObject *gather(PyObject *name, PyObject *const *args, Py_ssize_t count, PyObject *kwnames) {
    Py_ssize_t keywords = kwnames ? py.PyTuple_Size(kwnames) : 0;
    if (count > 1)
        return py.PyErr_Format(py.PyExc_TypeError, "%U() takes 1 positional argument but %zd were given", name, count);
    if (count && keywords)
        return py.PyErr_Format(py.PyExc_TypeError, "%U() takes one input or keyword arguments, not both", name);
    if (count)
        return py.Py_NewRef(args[0]);
    PyObject *input = py.PyDict_New();
    for (Py_ssize_t i = 0; input && i < keywords; i++)
        if (py.PyDict_SetItem(input, py.PyTuple_GetItem(kwnames, i), args[i]) < 0)
            maestro_clear(&input);
    return input;
}

// Asks Go whether the sibling exists and is an async def, when that is not
// known. Returns 0 with an exception (NameError). Detaches.
static int resolve(struct maestro_sibling *sibling, uint64_t frame) {
    struct maestro_begun found = {0};
    PyThreadState *state = py.PyEval_SaveThread();
    go_maestro_lookup(sibling->in->id, frame, (char *)sibling->utf8, sibling->size, &found);
    py.PyEval_RestoreThread(state);
    if (found.raise.kind) {
        maestro_raise_now(sibling->in, &found.raise);
        return 0;
    }
    sibling->known = 1;
    sibling->async = found.async;
    sibling->generation = found.generation;
    return 1;
}

// Runs the whole step of an ordinary sibling.
static PyObject *run(struct maestro_sibling *sibling, uint64_t frame, struct maestro_json_text *input) {
    struct maestro_interp *in = sibling->in;
    struct maestro_begun begun;
    if (!maestro_step_begin(sibling, frame, input, &begun))
        return NULL;
    if (begun.async) // it has changed since it was known
        return maestro_awaitable_begun(sibling, &begun, input);
    int kind;
    PyObject *result = maestro_step_run(in, &begun, input, &kind, NULL);
    if (!result) {
        maestro_step_fail(in, begun.frame, kind);
        return NULL;
    }
    PyObject *fresh = maestro_step_complete(in, begun.frame, result);
    py.Py_DecRef(result);
    return fresh;
}

static PyObject *call(struct maestro_sibling *sibling, PyObject *const *args, Py_ssize_t count, PyObject *kwnames) {
    struct maestro_interp *in = sibling->in;
    if (atomic_load_explicit(&in->ended, memory_order_relaxed)) {
        py.PyErr_SetString(py.PyExc_RuntimeError, "the interpreter is ending");
        return NULL;
    }
    uint64_t frame = maestro_frame(in);
    // An ordinary one shows soon enough when it has become async: begin_step
    // tells. An async one is begun later, so it is asked for.
    if ((!sibling->known || (sibling->async && sibling->generation != in->generation)) && !resolve(sibling, frame))
        return NULL;
    PyObject *value = gather(sibling->name, args, count, kwnames);
    if (!value)
        return NULL;
    struct maestro_json_text input;
    int dumped = maestro_json_dump(&in->json, value, "input", &input);
    py.Py_DecRef(value);
    if (dumped < 0)
        return NULL;
    PyObject *result = sibling->async ? maestro_awaitable_new(sibling, frame, &input) : run(sibling, frame, &input);
    maestro_json_free(&input); // empty when an awaitable has taken it
    return result;
}

static PyObject *vectorcall(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames) {
    return call((struct maestro_sibling *)self, args, PyVectorcall_NARGS(nargsf), kwnames);
}

// Looks a name up as a frame would: its globals, then its builtins. New
// reference in *found; 1, 0 or -1.
static int find(PyObject *name, PyObject **found) {
    PyObject *globals = py.PyEval_GetFrameGlobals();
    int there = globals ? py.PyMapping_GetOptionalItem(globals, name, found) : 0;
    py.Py_DecRef(globals);
    if (there != 0)
        return there;
    PyObject *builtins = py.PyEval_GetFrameBuiltins();
    if (!builtins)
        return -1;
    there = py.PyMapping_GetOptionalItem(builtins, name, found);
    py.Py_DecRef(builtins);
    return there;
}

PyObject *maestro_call_by_name(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *kwnames) {
    struct maestro_interp *in = maestro_of(module);
    if (count < 1 || args[0]->ob_type != py.PyUnicode_Type) {
        py.PyErr_SetString(py.PyExc_TypeError, "__maestro_call() needs a name");
        return NULL;
    }
    PyObject *found = NULL;
    int there = find(args[0], &found);
    if (there == 0)
        found = maestro_sibling_named(in, args[0]);
    if (!found)
        return NULL;
    PyObject *result = found->ob_type == in->sibling_type
                           ? call((struct maestro_sibling *)found, args + 1, count - 1, kwnames)
                           : py.PyObject_Vectorcall(found, args + 1, (size_t)(count - 1), kwnames);
    py.Py_DecRef(found);
    return result;
}

PyObject *maestro_sibling_named(struct maestro_interp *in, PyObject *name) {
    PyObject *found = NULL;
    if (!in->siblings) {
        py.PyErr_SetString(py.PyExc_RuntimeError, "the interpreter is ending");
        return NULL;
    }
    if (py.PyDict_GetItemRef(in->siblings, name, &found) != 0)
        return found;
    Py_ssize_t size;
    const char *utf8 = py.PyUnicode_AsUTF8AndSize(name, &size);
    struct maestro_sibling *sibling = utf8 ? (void *)py.PyType_GenericAlloc(in->sibling_type, 0) : NULL;
    if (!sibling)
        return NULL;
    sibling->vectorcall = vectorcall;
    sibling->in = in;
    sibling->name = py.Py_NewRef(name);
    sibling->utf8 = utf8;
    sibling->size = (size_t)size;
    if (py.PyDict_SetItem(in->siblings, name, (PyObject *)sibling) < 0) {
        py.Py_DecRef((PyObject *)sibling);
        return NULL;
    }
    return (PyObject *)sibling;
}

static void dealloc(PyObject *self) {
    PyTypeObject *type = self->ob_type;
    py.Py_DecRef(((struct maestro_sibling *)self)->name);
    void (*release)(void *) = (void (*)(void *))py.PyType_GetSlot(type, Py_tp_free);
    release(self);
    py.Py_DecRef((PyObject *)type);
}

static PyObject *repr(PyObject *self) {
    return py.PyUnicode_FromFormat("<function %U of this subtenant>", ((struct maestro_sibling *)self)->name);
}

static PyMemberDef members[] = {
    {"__vectorcalloffset__", Py_T_PYSSIZET, offsetof(struct maestro_sibling, vectorcall), Py_READONLY, NULL},
    {"__name__", Py_T_OBJECT_EX, offsetof(struct maestro_sibling, name), Py_READONLY, NULL},
    {"__qualname__", Py_T_OBJECT_EX, offsetof(struct maestro_sibling, name), Py_READONLY, NULL},
    {0},
};

PyObject *maestro_sibling_type(PyObject *module) {
    PyType_Slot slots[] = {
        {Py_tp_doc, "Another function of the same subtenant; each call is a step of its own."},
        {Py_tp_call, (void *)py.PyVectorcall_Call},
        {Py_tp_dealloc, (void *)dealloc},
        {Py_tp_repr, (void *)repr},
        {Py_tp_members, members},
        {0, NULL},
    };
    PyType_Spec spec = {
        .name = "_maestro.Sibling",
        .basicsize = sizeof(struct maestro_sibling),
        .flags = Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = slots,
    };
    return py.PyType_FromModuleAndSpec(module, &spec, NULL);
}

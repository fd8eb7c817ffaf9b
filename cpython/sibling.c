#include "sibling.h"

#include "awaitable.h"
#include "error.h"
#include "frame.h"
#include "program.h"
#include "stream.h"

#include "go_gate.h"

#include <string.h>

static int is_input(PyObject *keyword) {
    Py_ssize_t size;
    const char *utf8 = py.PyUnicode_AsUTF8AndSize(keyword, &size);
    if (!utf8)
        py.PyErr_Clear(); // a lone surrogate, by **: no "input"
    return utf8 && size == 5 && memcmp(utf8, "input", 5) == 0;
}

// The input of a call: the one positional argument or a lone keyword `input`,
// or an object of the keyword arguments, or {}. New reference, or NULL with the
// TypeError.
static PyObject *gather(PyObject *name, PyObject *const *args, Py_ssize_t count, PyObject *kwnames) {
    Py_ssize_t keywords = kwnames ? py.PyTuple_Size(kwnames) : 0;
    if (count > 1)
        return py.PyErr_Format(py.PyExc_TypeError, "%U() takes 1 positional argument but %zd were given", name, count);
    if (count && keywords)
        return py.PyErr_Format(py.PyExc_TypeError, "%U() takes one input or keyword arguments, not both", name);
    if (count || (keywords == 1 && is_input(py.PyTuple_GetItem(kwnames, 0))))
        return py.Py_NewRef(args[0]);
    PyObject *input = py.PyDict_New();
    for (Py_ssize_t i = 0; input && i < keywords; i++)
        if (py.PyDict_SetItem(input, py.PyTuple_GetItem(kwnames, i), args[i]) < 0)
            maestro_clear(&input);
    return input;
}

// Asks Go for the program of that name. Returns 0 with an exception
// (NameError). Detaches.
static int lookup(struct maestro_interp *in, const char *utf8, size_t size, struct maestro_begun *found) {
    uint64_t frame = maestro_frame(in);
    *found = (struct maestro_begun){0};
    PyThreadState *state = py.PyEval_SaveThread();
    maestro_go_lookup(in->id, frame, (char *)utf8, size, found);
    py.PyEval_RestoreThread(state);
    if (found->raise.kind)
        maestro_raise_now(in, &found->raise);
    return !py.PyErr_Occurred();
}

// Asks Go whether the sibling exists and is an async def, when that is not
// known. Returns 0 with an exception (NameError). Detaches.
static int resolve(struct maestro_sibling *sibling) {
    struct maestro_begun found;
    if (!lookup(sibling->in, sibling->utf8, sibling->size, &found))
        return 0;
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
    PyObject *context = NULL, *fresh = NULL;
    PyObject *result = maestro_step_run(in, &begun, input, &kind, &context);
    if (!result)
        maestro_step_fail(in, begun.frame, kind);
    else if (maestro_is_generator(in, result))
        fresh = maestro_step_iterate(in, begun.frame, result, context);
    else
        fresh = maestro_step_complete(in, begun.frame, result);
    py.Py_DecRef(result);
    py.Py_DecRef(context);
    return fresh;
}

// Whether the kind of the sibling must be requested. begin_step reports soon
// enough that an ordinary one has become async. An async one is begun
// later, so it is asked for.
static int unsure(const struct maestro_sibling *sibling) {
    return !sibling->known || (sibling->async && sibling->generation != sibling->in->generation);
}

static PyObject *call(struct maestro_sibling *sibling, PyObject *const *args, Py_ssize_t count, PyObject *kwnames) {
    struct maestro_interp *in = sibling->in;
    if (atomic_load_explicit(&in->ended, memory_order_relaxed)) {
        py.PyErr_SetString(py.PyExc_RuntimeError, "the interpreter is ending");
        return NULL;
    }
    uint64_t frame = maestro_frame(in);
    if (unsure(sibling) && !resolve(sibling))
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

PyObject *maestro_call_computed(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    struct maestro_interp *in = maestro_of(module);
    if (count != 2 || args[0]->ob_type != py.PyUnicode_Type) {
        py.PyErr_SetString(py.PyExc_TypeError, "call_function() takes a name and an input");
        return NULL;
    }
    struct maestro_sibling *sibling = (void *)maestro_sibling_named(in, args[0]);
    if (!sibling)
        return NULL;
    PyObject *result = call(sibling, args + 1, 1, NULL);
    // Computed names can be any: those that no function has must not add up.
    if (!result && !sibling->known && in->siblings) {
        PyObject *raised = py.PyErr_GetRaisedException();
        if (py.PyDict_DelItem(in->siblings, args[0]) < 0)
            py.PyErr_Clear();
        py.PyErr_SetRaisedException(raised);
    }
    py.Py_DecRef((PyObject *)sibling);
    return result;
}

PyObject *maestro_load_by_name(PyObject *module, PyObject *name) {
    struct maestro_interp *in = maestro_of(module);
    Py_ssize_t size;
    const char *utf8 = py.PyUnicode_AsUTF8AndSize(name, &size);
    struct maestro_begun found;
    if (!utf8 || !lookup(in, utf8, (size_t)size, &found))
        return NULL;
    int loading;
    struct maestro_entry entry;
    PyObject *key = NULL;
    if (maestro_program_enter(in, found.key, maestro_frame(in), &entry, &loading))
        key = py.PyLong_FromUnsignedLongLong(found.key);
    maestro_entry_clear(&entry);
    return key;
}

static void dealloc(PyObject *self) {
    PyTypeObject *type = self->ob_type;
    py.PyObject_ClearWeakRefs(self);
    py.Py_DecRef(((struct maestro_sibling *)self)->name);
    void (*release)(void *) = (void (*)(void *))py.PyType_GetSlot(type, Py_tp_free);
    release(self);
    py.Py_DecRef((PyObject *)type);
}

static PyObject *repr(PyObject *self) {
    return py.PyUnicode_FromFormat("<function %U of this subtenant>", ((struct maestro_sibling *)self)->name);
}

// Siblings are copied and pickled by name: there is one of each in an
// interpreter, and elsewhere the name means the function that has it there.
static PyObject *reduce(PyObject *self, PyObject *unused) {
    struct maestro_sibling *sibling = (struct maestro_sibling *)self;
    PyObject *make = NULL, *arguments = NULL, *reduced = NULL;
    if (!sibling->in->runtime || py.PyDict_GetItemStringRef(sibling->in->runtime, "_sibling", &make) != 1)
        return py.PyErr_Occurred() ? NULL : py.PyErr_Format(py.PyExc_RuntimeError, "%s", "the interpreter is ending");
    if ((arguments = py.PyTuple_Pack(1, sibling->name)))
        reduced = py.PyTuple_Pack(2, make, arguments);
    py.Py_DecRef(arguments);
    py.Py_DecRef(make);
    return reduced;
}

// Where a function of that name would come from, as its own module says.
static PyObject *module_name(PyObject *self, void *unused) {
    return py.PyUnicode_FromFormat("functions.%U", ((struct maestro_sibling *)self)->name);
}

static PyObject *doc(PyObject *self, void *unused) {
    return py.PyUnicode_FromFormat("The function %U of this subtenant. Each call of it is a step of its own.",
                                   ((struct maestro_sibling *)self)->name);
}

// Read by inspect.signature.
static PyObject *signature(PyObject *self, void *unused) { return py.PyUnicode_FromString("(input={}, **fields)"); }

// The attributes by which inspect.iscoroutinefunction and its like in asyncio
// know an async def that is no Python function, and the objects in those modules
// that they must be. Where a module has not been imported, its mark is not asked
// for.
static PyObject *mark(PyObject *self, void *closure) {
    static const char *const modules[] = {"inspect", "asyncio.coroutines"};
    static const char *const marks[] = {"_is_coroutine_mark", "_is_coroutine"};
    static const char *const names[] = {"_is_coroutine_marker", "_is_coroutine"};
    struct maestro_sibling *sibling = (struct maestro_sibling *)self;
    int which = closure != NULL;
    PyObject *module = NULL, *value = NULL;
    if (unsure(sibling) && !resolve(sibling)) {
        if (!py.PyErr_ExceptionMatches(py.PyExc_NameError))
            return NULL;
        py.PyErr_Clear(); // no such function any more: it is nothing in particular
    } else if (sibling->async && py.PyDict_GetItemStringRef(py.PyImport_GetModuleDict(), modules[which], &module) == 1) {
        value = py.PyObject_GetAttrString(module, marks[which]);
        py.Py_DecRef(module);
        return value;
    }
    return py.PyErr_Occurred() ? NULL : py.PyErr_Format(py.PyExc_AttributeError, "%s", names[which]);
}

static PyMethodDef methods[] = {
    {"__reduce__", reduce, METH_NOARGS, NULL},
    {0},
};

static PyGetSetDef getset[] = {
    {"__module__", module_name, NULL, NULL, NULL},       {"__doc__", doc, NULL, NULL, NULL},
    {"__text_signature__", signature, NULL, NULL, NULL}, {"_is_coroutine_marker", mark, NULL, NULL, NULL},
    {"_is_coroutine", mark, NULL, NULL, (void *)1},      {0},
};

static PyMemberDef members[] = {
    {"__weaklistoffset__", Py_T_PYSSIZET, offsetof(struct maestro_sibling, weak), Py_READONLY, NULL},
    {"__vectorcalloffset__", Py_T_PYSSIZET, offsetof(struct maestro_sibling, vectorcall), Py_READONLY, NULL},
    {"__name__", Py_T_OBJECT_EX, offsetof(struct maestro_sibling, name), Py_READONLY, NULL},
    {"__qualname__", Py_T_OBJECT_EX, offsetof(struct maestro_sibling, name), Py_READONLY, NULL},
    {0},
};

PyObject *maestro_sibling_type(PyObject *module) {
    PyType_Slot slots[] = {
        {Py_tp_call, (void *)py.PyVectorcall_Call},
        {Py_tp_dealloc, (void *)dealloc},
        {Py_tp_repr, (void *)repr},
        {Py_tp_methods, methods},
        {Py_tp_getset, getset},
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

#include "output.h"

#include "frame.h"
#include "json_part.h"
#include "print.h"

#include <string.h>

enum { STREAMS = 2 };

// A thread that outlives its call can set a value that no end of a call takes
// away again. More than this many at a time can only be such.
enum { MAX_REDIRECTS = 4096 };

// So many values of a call are remembered below the one that it has now.
enum { MAX_DEPTH = 64 };

// The getattro of modules, the same in all interpreters.
typedef PyObject *(*getattrofunc)(PyObject *, PyObject *);
static _Atomic getattrofunc module_getattro;

// The number of the stream that an attribute of sys is, or -1. It is asked for
// every attribute: the length is read without a call.
static int stream_of(PyObject *name) {
    if (name->ob_type != py.PyUnicode_Type || ((PyASCIIObject *)name)->length != 6)
        return -1;
    Py_ssize_t size;
    const char *utf8 = py.PyUnicode_AsUTF8AndSize(name, &size);
    if (!utf8) {
        py.PyErr_Clear();
        return -1;
    }
    if (size != 6 || memcmp(utf8, "std", 3) != 0)
        return -1;
    return memcmp(utf8, "stdout", 6) == 0 ? 0 : memcmp(utf8, "stderr", 6) == 0 ? 1 : -1;
}

static PyObject *call_number(struct maestro_interp *in) {
    return py.PyLong_FromUnsignedLongLong(MAESTRO_CALL_OF(maestro_frame(in)));
}

// The current call's value: a tuple of the value and the one that it had set before,
// such a tuple or None. New reference; 1, 0 when it has set nothing, -1 with an
// exception.
static int redirect_of(struct maestro_interp *in, int stream, PyObject **set) {
    *set = NULL;
    PyObject *redirects = in->redirects[stream];
    if (!redirects || py.PyDict_Size(redirects) == 0)
        return 0;
    PyObject *call = call_number(in);
    int found = call ? py.PyDict_GetItemRef(redirects, call, set) : -1;
    py.Py_DecRef(call);
    return found;
}

// The value of the current call. New reference; 1, 0 when it has set none, -1 with
// an exception.
static int redirected(struct maestro_interp *in, int stream, PyObject **target) {
    PyObject *set;
    int found = redirect_of(in, stream, &set);
    *target = found == 1 ? py.Py_NewRef(py.PyTuple_GetItem(set, 0)) : NULL;
    py.Py_DecRef(set);
    return found;
}

// Forgets the value that was set first, when there are too many.
static void bound(PyObject *redirects) {
    Py_ssize_t position = 0;
    PyObject *call, *target;
    if (py.PyDict_Size(redirects) < MAX_REDIRECTS || !py.PyDict_Next(redirects, &position, &call, &target))
        return;
    py.Py_IncRef(call);
    if (py.PyDict_DelItem(redirects, call) < 0)
        py.PyErr_Clear();
    py.Py_DecRef(call);
}

// The interpreter whose module sys this is; NULL where it is a module of a
// class that some library derived from type(sys).
static struct maestro_interp *interpreter_of(PyObject *sys) {
    PyObject *module = py.PyType_GetModule(sys->ob_type);
    if (module)
        return maestro_of(module);
    py.PyErr_Clear();
    return NULL;
}

static PyObject *get_attribute(PyObject *sys, PyObject *name) {
    int stream = stream_of(name);
    struct maestro_interp *in = stream < 0 ? NULL : interpreter_of(sys);
    if (in) {
        PyObject *target;
        if (redirected(in, stream, &target) != 0)
            return target;
        if (in->own[stream])
            return py.Py_NewRef(in->own[stream]);
    }
    return atomic_load_explicit(&module_getattro, memory_order_relaxed)(sys, name);
}

// Makes a wrapper of the call's own stream write through: text kept until the
// call ends would be taken for output of the outermost function.
static int settle(struct maestro_interp *in, PyObject *value) {
    PyObject *hook = NULL, *none = NULL;
    int done = in->runtime ? py.PyDict_GetItemStringRef(in->runtime, "settle_output", &hook) : 0;
    if (hook && !(none = py.PyObject_CallOneArg(hook, value)))
        done = -1;
    py.Py_DecRef(none);
    py.Py_DecRef(hook);
    return done < 0 ? -1 : 0;
}

// The call's values after it sets value: an earlier value is restored.
// New reference; NULL with an exception. set may be NULL.
static PyObject *redirect_to(PyObject *value, PyObject *set) {
    int depth = 0;
    for (PyObject *s = set; s && s != py.None; s = py.PyTuple_GetItem(s, 1), depth++)
        if (py.PyTuple_GetItem(s, 0) == value)
            return py.Py_NewRef(s);
    return py.PyTuple_Pack(2, value, set && depth < MAX_DEPTH ? set : py.None);
}

// Sets the current call's value. mock.patch("sys.stdout") takes what it puts back
// from sys.__dict__: it holds `current`, which means the previous value.
static int redirect(struct maestro_interp *in, int stream, PyObject *value, PyObject *current) {
    PyObject *redirects = in->redirects[stream], *call = call_number(in), *set = NULL, *next = NULL;
    int done = call && redirect_of(in, stream, &set) >= 0 ? 0 : -1;
    if (done == 0 && value == current)
        next = set ? py.Py_NewRef(py.PyTuple_GetItem(set, 1)) : NULL;
    else if (done == 0 && value != in->own[stream])
        done = settle(in, value) == 0 && (next = redirect_to(value, set)) ? 0 : -1;
    if (done == 0 && next && next != py.None) {
        bound(redirects);
        done = py.PyDict_SetItem(redirects, call, next);
    } else if (done == 0 && set) {
        done = py.PyDict_DelItem(redirects, call);
    }
    py.Py_DecRef(next);
    py.Py_DecRef(set);
    py.Py_DecRef(call);
    return done;
}

static int set_attribute(PyObject *sys, PyObject *name, PyObject *value) {
    int stream = stream_of(name);
    struct maestro_interp *in = stream < 0 ? NULL : interpreter_of(sys);
    if (!in || !in->redirects[stream])
        return py.PyObject_GenericSetAttr(sys, name, value);
    PyObject *current = NULL;
    if (py.PyDict_GetItemRef(py.PyModule_GetDict(sys), name, &current) < 0)
        return -1;
    int done = redirect(in, stream, value ? value : py.None, current); // del sys.stdout: prints go nowhere
    py.Py_DecRef(current);
    return done;
}

// type(sys)(name), by which importlib makes modules, makes ordinary ones.
static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    if (py.PyType_GetModule(type))
        return py.PyObject_Call((PyObject *)py.PyModule_Type, args, keywords);
    py.PyErr_Clear();
    newfunc make = (newfunc)py.PyType_GetSlot(py.PyModule_Type, Py_tp_new);
    return make(type, args, keywords);
}

// isinstance(module, type(sys)) and issubclass(class, type(sys)) are asked as of
// the type of modules.
static PyObject *is_instance(PyObject *type, PyObject *object) {
    int is = py.PyObject_IsInstance(object, (PyObject *)py.PyModule_Type);
    return is < 0 ? NULL : py.Py_NewRef(is ? py.True : py.False);
}

static PyObject *is_subclass(PyObject *type, PyObject *class) {
    int is = py.PyObject_IsSubclass(class, (PyObject *)py.PyModule_Type);
    return is < 0 ? NULL : py.Py_NewRef(is ? py.True : py.False);
}

// Types made in C inherit these from a base that is not, which leaves out what
// an object of theirs refers to besides: its type. A cycle through it would
// never be found, and keep all of the interpreter's memory.
static int traverse(PyObject *self, visitproc visit, void *arg, PyTypeObject *base) {
    int (*inherited)(PyObject *, visitproc, void *) =
        (int (*)(PyObject *, visitproc, void *))py.PyType_GetSlot(base, Py_tp_traverse);
    MAESTRO_VISIT(self->ob_type);
    return inherited(self, visit, arg);
}

static int traverse_module(PyObject *self, visitproc visit, void *arg) {
    return traverse(self, visit, arg, py.PyModule_Type);
}

static int traverse_type(PyObject *self, visitproc visit, void *arg) { return traverse(self, visit, arg, py.PyType_Type); }

static PyMethodDef checks[] = {
    {"__instancecheck__", is_instance, METH_O, NULL},
    {"__subclasscheck__", is_subclass, METH_O, NULL},
    {0},
};

PyObject *maestro_output_type(PyObject *module) {
    PyType_Slot meta_slots[] = {
        {Py_tp_methods, checks},
        {Py_tp_traverse, (void *)traverse_type},
        {Py_tp_clear, py.PyType_GetSlot(py.PyType_Type, Py_tp_clear)},
        {0, NULL},
    };
    PyType_Spec meta_spec = {
        .name = "_maestro.module_type",
        .flags = Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
        .slots = meta_slots,
    };
    PyType_Slot slots[] = {
        {Py_tp_getattro, (void *)get_attribute},
        {Py_tp_setattro, (void *)set_attribute},
        {Py_tp_new, (void *)new},
        {Py_tp_traverse, (void *)traverse_module},
        {Py_tp_clear, py.PyType_GetSlot(py.PyModule_Type, Py_tp_clear)},
        {0, NULL},
    };
    PyType_Spec spec = {
        .name = "_maestro.module",
        .flags = Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
        .slots = slots,
    };
    atomic_store(&module_getattro, (getattrofunc)py.PyType_GetSlot(py.PyModule_Type, Py_tp_getattro));
    PyObject *meta = py.PyType_FromModuleAndSpec(module, &meta_spec, (PyObject *)py.PyType_Type);
    PyObject *type =
        meta ? py.PyType_FromMetaclass((PyTypeObject *)meta, module, &spec, (PyObject *)py.PyModule_Type) : NULL;
    py.Py_DecRef(meta);
    return type;
}

PyObject *maestro_own_outputs(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    struct maestro_interp *in = maestro_of(module);
    if (count != STREAMS || in->own[0]) {
        py.PyErr_SetString(py.PyExc_TypeError, "own_outputs() takes two streams, and once");
        return NULL;
    }
    for (int i = 0; i < STREAMS; i++) {
        in->own[i] = py.Py_NewRef(args[i]);
        if (!(in->redirects[i] = py.PyDict_New()))
            return NULL;
    }
    return py.Py_NewRef(py.None);
}

static PyObject *print_to(PyObject *module, int stream, PyObject *text) {
    struct maestro_interp *in = maestro_of(module);
    PyObject *target;
    int found = redirected(in, stream, &target);
    if (found < 0)
        return NULL;
    if (found == 0)
        return maestro_print(in, stream + 1, text) ? py.PyLong_FromLongLong(py.PyUnicode_GetLength(text)) : NULL;
    PyObject *write = target == py.None ? NULL : py.PyObject_GetAttrString(target, "write");
    PyObject *written = write ? py.PyObject_CallOneArg(write, text) : NULL;
    if (target == py.None) // as print() does where sys.stdout is None
        written = py.Py_NewRef(py.None);
    py.Py_DecRef(write);
    py.Py_DecRef(target);
    return written;
}

PyObject *maestro_print_out(PyObject *module, PyObject *text) { return print_to(module, 0, text); }

PyObject *maestro_print_err(PyObject *module, PyObject *text) { return print_to(module, 1, text); }

static void flush(PyObject *target) {
    PyObject *method = NULL, *none = NULL;
    if (py.PyObject_GetOptionalAttrString(target, "flush", &method) == 1)
        none = py.PyObject_CallNoArgs(method);
    py.PyErr_Clear(); // a stream that was closed, for one: the call has ended as it has
    py.Py_DecRef(none);
    py.Py_DecRef(method);
}

static void end(PyObject *redirects, uint64_t number) {
    PyObject *call = py.PyLong_FromUnsignedLongLong(number), *set = NULL;
    if (call && py.PyDict_GetItemRef(redirects, call, &set) == 1 && py.PyDict_DelItem(redirects, call) == 0)
        for (PyObject *s = set; s != py.None; s = py.PyTuple_GetItem(s, 1))
            flush(py.PyTuple_GetItem(s, 0));
    py.PyErr_Clear();
    py.Py_DecRef(set);
    py.Py_DecRef(call);
}

void maestro_output_end(struct maestro_interp *in, uint64_t call) {
    for (int i = 0; i < STREAMS; i++)
        if (in->redirects[i] && py.PyDict_Size(in->redirects[i]) > 0)
            end(in->redirects[i], call);
}

void maestro_output_clear(struct maestro_interp *in) {
    for (int i = 0; i < STREAMS; i++) {
        maestro_clear(&in->redirects[i]);
        maestro_clear(&in->own[i]);
    }
}

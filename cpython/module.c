#include "module.h"

#include "awaitable.h"
#include "builtins.h"
#include "children.h"
#include "descriptor.h"
#include "error.h"
#include "frame.h"
#include "left.h"
#include "load.h"
#include "loop.h"
#include "output.h"
#include "print.h"
#include "program.h"
#include "rail_ctypes.h"
#include "request.h"
#include "shield.h"
#include "sibling.h"
#include "sleep.h"
#include "stop.h"
#include "stream.h"

#include "go_gate.h"

#include <math.h>

struct module_state {
    struct maestro_interp *in;
};

struct maestro_interp *maestro_of(PyObject *module) { return ((struct module_state *)py.PyModule_GetState(module))->in; }

// frame() -> int: the current frame, 0 where no execution is known.
static PyObject *frame(PyObject *module, PyObject *unused) {
    return py.PyLong_FromUnsignedLongLong(maestro_frame(maestro_of(module)));
}

// context() -> dict: the data of maestro.context().
static PyObject *context(PyObject *module, PyObject *unused) {
    struct maestro_interp *in = maestro_of(module);
    uint64_t current = maestro_frame(in);
    struct maestro_text json = {0};
    PyThreadState *state = py.PyEval_SaveThread();
    maestro_go_context(in->id, current, &json);
    py.PyEval_RestoreThread(state);
    PyObject *object =
        maestro_json_load(&in->json, json.data ? json.data : "{}", json.data ? json.size : 2, "context", NULL);
    maestro_text_free(&json);
    return object;
}

// secret(name) -> str: the result of maestro.secret().
static PyObject *secret(PyObject *module, PyObject *name) {
    struct maestro_interp *in = maestro_of(module);
    Py_ssize_t size;
    const char *utf8 = py.PyUnicode_AsUTF8AndSize(name, &size);
    if (!utf8)
        return NULL;
    uint64_t current = maestro_frame(in);
    struct maestro_text value = {0};
    struct maestro_raise raise = {0};
    PyThreadState *state = py.PyEval_SaveThread();
    maestro_go_secret(in->id, current, (char *)utf8, (size_t)size, &value, &raise);
    py.PyEval_RestoreThread(state);
    if (raise.kind) {
        maestro_raise_now(in, &raise);
        return NULL;
    }
    PyObject *text = maestro_str(&value);
    maestro_text_free(&value);
    return text;
}

// spawn(name, input, delay) -> str: the result of maestro.spawn().
static PyObject *spawn(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    struct maestro_interp *in = maestro_of(module);
    if (count != 3) {
        py.PyErr_SetString(py.PyExc_TypeError, "spawn() takes name, input and delay");
        return NULL;
    }
    Py_ssize_t size;
    const char *name = py.PyUnicode_AsUTF8AndSize(args[0], &size);
    double delay = py.PyFloat_AsDouble(args[2]);
    if (!name || (delay == -1.0 && py.PyErr_Occurred()))
        return NULL;
    struct maestro_json_text input = {0};
    if (maestro_json_dump(&in->json, args[1], "input", &input) < 0)
        return NULL;
    uint64_t current = maestro_frame(in);
    struct maestro_text id = {0};
    struct maestro_raise raise = {0};
    PyThreadState *state = py.PyEval_SaveThread();
    maestro_go_spawn(in->id, current, (char *)name, (size_t)size, input.data, input.size, delay, &id, &raise);
    py.PyEval_RestoreThread(state);
    maestro_json_free(&input);
    if (raise.kind) {
        maestro_raise_now(in, &raise);
        return NULL;
    }
    PyObject *text = maestro_str(&id);
    maestro_text_free(&id);
    return text;
}

// write_out(text), write_err(text) -> int: the functions that sys.stdout and sys.stderr are
// made of.
static PyObject *write_to(PyObject *module, int stream, PyObject *text) {
    if (!maestro_print(maestro_of(module), stream, text))
        return NULL;
    return py.PyLong_FromLongLong(py.PyUnicode_GetLength(text));
}

static PyObject *write_out(PyObject *module, PyObject *text) { return write_to(module, 1, text); }

static PyObject *write_err(PyObject *module, PyObject *text) { return write_to(module, 2, text); }

// log(level, text, fields): one line of logging; fields is a dict or None.
static PyObject *log_line(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    struct maestro_interp *in = maestro_of(module);
    if (count != 3) {
        py.PyErr_SetString(py.PyExc_TypeError, "log() takes level, text and fields");
        return NULL;
    }
    struct maestro_json_text fields = {0};
    if (args[2] != py.None && maestro_json_dump(&in->json, args[2], "fields", &fields) < 0)
        return NULL;
    const char *level = py.PyUnicode_AsUTF8AndSize(args[0], NULL);
    struct maestro_text text = maestro_text_of(args[1]);
    if (level) {
        uint64_t current = maestro_frame(in);
        PyThreadState *state = py.PyEval_SaveThread();
        maestro_go_log(in->id, current, "", (char *)level, text.data, text.size, fields.data, fields.size);
        py.PyEval_RestoreThread(state);
    }
    maestro_text_free(&text);
    maestro_json_free(&fields);
    return level ? py.Py_NewRef(py.None) : NULL;
}

// sleep(seconds): time.sleep.
static PyObject *sleep_for(PyObject *module, PyObject *argument) {
    double seconds = py.PyFloat_AsDouble(argument);
    if (seconds == -1.0 && py.PyErr_Occurred())
        return NULL;
    if (isnan(seconds) || seconds < 0) {
        py.PyErr_SetString(py.PyExc_ValueError,
                           isnan(seconds) ? "Invalid value NaN (not a number)" : "sleep length must be non-negative");
        return NULL;
    }
    if (seconds > 9.2e9) { // as time.sleep: 2**63 nanoseconds
        py.PyErr_SetString(py.PyExc_OverflowError, "timestamp too large to convert to C PyTime_t");
        return NULL;
    }
    return maestro_sleep(maestro_of(module), seconds) ? py.Py_NewRef(py.None) : NULL;
}

// dumps(object) -> bytes and loads(bytes) -> object: the converter.
static PyObject *dumps(PyObject *module, PyObject *object) {
    struct maestro_json_text text;
    if (maestro_json_dump(&maestro_of(module)->json, object, "value", &text) < 0)
        return NULL;
    PyObject *bytes = py.PyBytes_FromStringAndSize(text.data, (Py_ssize_t)text.size);
    maestro_json_free(&text);
    return bytes;
}

static PyObject *loads(PyObject *module, PyObject *bytes) {
    char *data;
    Py_ssize_t size;
    if (py.PyBytes_AsStringAndSize(bytes, &data, &size) < 0)
        return NULL;
    return maestro_json_load(&maestro_of(module)->json, data, (size_t)size, "value", NULL);
}

// run_code(code, namespace): exec for the author's module-level code, which may
// be stopped where the runtime around it may not.
static PyObject *run_code(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (count != 2) {
        py.PyErr_SetString(py.PyExc_TypeError, "run_code() takes code and namespace");
        return NULL;
    }
    return maestro_shield_run(maestro_of(module), args[0], args[1]);
}

// shielded(function, *arguments, **named): calls a function that must not be stopped half way.
static PyObject *shielded(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    if (count < 1) {
        py.PyErr_SetString(py.PyExc_TypeError, "shielded() takes a function and its arguments");
        return NULL;
    }
    struct maestro_interp *in = maestro_of(module);
    struct maestro_shield shield;
    maestro_shield_up(in, &shield);
    PyObject *result = py.PyObject_Vectorcall(args[0], args + 1, (size_t)(count - 1), names);
    maestro_shield_down(in, &shield);
    return result;
}

// sibling(name) -> Sibling: the callable for the builtins dicts.
static PyObject *sibling(PyObject *module, PyObject *name) {
    if (name->ob_type == py.PyUnicode_Type)
        return maestro_sibling_named(maestro_of(module), name);
    py.PyErr_SetString(py.PyExc_TypeError, "sibling() takes a name");
    return NULL;
}

// find_stored(name) -> int: the key of the subtenant's stored module of that
// name, 0 when there is none, None where no call is under way.
static PyObject *find_stored(PyObject *module, PyObject *name) {
    struct maestro_interp *in = maestro_of(module);
    Py_ssize_t size;
    const char *utf8 = py.PyUnicode_AsUTF8AndSize(name, &size);
    if (!utf8)
        return NULL;
    uint64_t current = maestro_frame(in), key = 0;
    struct maestro_raise raise = {0};
    PyThreadState *state = py.PyEval_SaveThread();
    int answered = maestro_go_stored(in->id, current, (char *)utf8, (size_t)size, &key, &raise);
    py.PyEval_RestoreThread(state);
    if (raise.kind) {
        maestro_raise_now(in, &raise);
        return NULL;
    }
    return answered ? py.PyLong_FromUnsignedLongLong(key) : py.Py_NewRef(py.None);
}

// load_stored(key, module): runs the code of a stored module in its module.
static PyObject *load_stored(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (count != 2) {
        py.PyErr_SetString(py.PyExc_TypeError, "load_stored() takes key and module");
        return NULL;
    }
    uint64_t key = py.PyLong_AsUnsignedLongLong(args[0]);
    if (py.PyErr_Occurred() || !maestro_program_fill(maestro_of(module), key, args[1]))
        return NULL;
    return py.Py_NewRef(py.None);
}

// keep_child(pid): it lives until after the interpreter's end (children.h).
static PyObject *keep_child(PyObject *module, PyObject *pid) {
    long number = py.PyLong_AsLong(pid);
    if (py.PyErr_Occurred())
        return NULL;
    maestro_child_keep(maestro_of(module), (pid_t)number);
    return py.Py_NewRef(py.None);
}

// spare_child(pid): it lives when its call is stopped.
static PyObject *spare_child(PyObject *module, PyObject *pid) {
    long number = py.PyLong_AsLong(pid);
    if (py.PyErr_Occurred())
        return NULL;
    maestro_child_spare(maestro_of(module), (pid_t)number);
    return py.Py_NewRef(py.None);
}

static PyObject *pool_child(PyObject *module, PyObject *pid) {
    long number = py.PyLong_AsLong(pid);
    if (py.PyErr_Occurred())
        return NULL;
    maestro_child_pool(maestro_of(module), (pid_t)number);
    return py.Py_NewRef(py.None);
}

static const char *const hook_names[] = {
#define HOOK(identifier, name) name,
    MAESTRO_HOOKS(HOOK) MAESTRO_CLASSES(HOOK)
#undef HOOK
};

// set_hooks(dict): the Python side of MAESTRO_HOOKS and MAESTRO_CLASSES; all of
// them, once.
static PyObject *set_hooks(PyObject *module, PyObject *hooks) {
    struct maestro_interp *in = maestro_of(module);
    if (in->hooks[0] || hooks->ob_type != py.PyDict_Type) {
        py.PyErr_SetString(py.PyExc_RuntimeError, "set_hooks() takes a dict, and once");
        return NULL;
    }
    for (int i = 0; i < HOOK_COUNT; i++)
        if (py.PyDict_GetItemStringRef(hooks, hook_names[i], &in->hooks[i]) != 1)
            return py.PyErr_Format(py.PyExc_KeyError, "%s", hook_names[i]);
    maestro_json_set(&in->json, in->hooks[HOOK_CONVERT], in->hooks[HOOK_HEADERS]);
    return py.Py_NewRef(py.None);
}

// adopt(frame) and release(): called by a thread that takes items out of a queue.
static PyObject *adopt(PyObject *module, PyObject *frame) {
    uint64_t number = py.PyLong_AsUnsignedLongLong(frame);
    if (number == UINT64_MAX && py.PyErr_Occurred())
        return NULL;
    return maestro_adopt(maestro_of(module), number) ? py.Py_NewRef(py.None) : NULL;
}

static PyObject *release(PyObject *module, PyObject *unused) {
    return maestro_release(maestro_of(module)) ? py.Py_NewRef(py.None) : NULL;
}

// account(): what the thread has done until now was a call's work (left.h).
static PyObject *account(PyObject *module, PyObject *unused) {
    maestro_left_settle();
    return py.Py_NewRef(py.None);
}

// settles(call): its end waits until its log records are handled.
static PyObject *settles(PyObject *module, PyObject *call) {
    uint64_t number = py.PyLong_AsUnsignedLongLong(call);
    struct maestro_run *run = maestro_run_of_call(maestro_of(module), number);
    if (run)
        run->settles = 1;
    py.PyErr_Clear();
    return py.Py_NewRef(py.None);
}

// guard(fd, guarded): whether code is kept from closing the descriptor.
static PyObject *guard(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    long fd = count == 2 ? py.PyLong_AsLong(args[0]) : -1;
    if (count != 2)
        py.PyErr_SetString(py.PyExc_TypeError, "guard() takes a descriptor and whether it is guarded");
    if (py.PyErr_Occurred())
        return NULL;
    maestro_descriptor_guard((int)fd, py.PyObject_IsTrue(args[1]));
    return py.Py_NewRef(py.None);
}

// keep(object): it is never collected, and keeps its interpreter's memory.
static PyObject *keep(PyObject *module, PyObject *object) {
    py.Py_NewRef(object);
    return py.Py_NewRef(py.None);
}

static PyObject *outlived(PyObject *module, PyObject *none) {
    maestro_of(module)->outlived = 1;
    return py.Py_NewRef(py.None);
}

static PyMethodDef methods[] = {
    {"account", account, METH_NOARGS, NULL},
    {"adopt", adopt, METH_O, NULL},
    {"begin", maestro_loop_begin, METH_O, NULL},
    {"call", (PyCFunction)(void (*)(void))maestro_call_by_name, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"call_function", (PyCFunction)(void (*)(void))maestro_call_computed, METH_FASTCALL, NULL},
    {"carry", maestro_loop_carry, METH_NOARGS, NULL},
    {"complete", (PyCFunction)(void (*)(void))maestro_loop_complete, METH_FASTCALL, NULL},
    {"context", context, METH_NOARGS, NULL},
    {"copy", (PyCFunction)(void (*)(void))maestro_stream_copy, METH_FASTCALL, NULL},
    {"dumps", dumps, METH_O, NULL},
    {"emit", (PyCFunction)(void (*)(void))maestro_stream_emit, METH_FASTCALL, NULL},
    {"end_step", (PyCFunction)(void (*)(void))maestro_stream_end_step, METH_FASTCALL, NULL},
    {"fail", (PyCFunction)(void (*)(void))maestro_loop_fail, METH_FASTCALL, NULL},
    {"fail_step", (PyCFunction)(void (*)(void))maestro_stream_fail_step, METH_FASTCALL, NULL},
    {"find_stored", find_stored, METH_O, NULL},
    {"follow_builtins", (PyCFunction)(void (*)(void))maestro_follow_builtins, METH_FASTCALL, NULL},
    {"check_addresses", maestro_check_addresses, METH_NOARGS, NULL},
    {"frame", frame, METH_NOARGS, NULL},
    {"guard", (PyCFunction)(void (*)(void))guard, METH_FASTCALL, NULL},
    {"keep", keep, METH_O, NULL},
    {"keep_child", keep_child, METH_O, NULL},
    {"load_function", maestro_load_by_name, METH_O, NULL},
    {"load_stored", (PyCFunction)(void (*)(void))load_stored, METH_FASTCALL, NULL},
    {"loads", loads, METH_O, NULL},
    {"log", (PyCFunction)(void (*)(void))log_line, METH_FASTCALL, NULL},
    {"outlived", outlived, METH_NOARGS, NULL},
    {"own_outputs", (PyCFunction)(void (*)(void))maestro_own_outputs, METH_FASTCALL, NULL},
    {"pool_child", pool_child, METH_O, NULL},
    {"print_err", maestro_print_err, METH_O, NULL},
    {"print_out", maestro_print_out, METH_O, NULL},
    {"release", release, METH_NOARGS, NULL},
    {"request", maestro_request_of, METH_NOARGS, NULL},
    {"rests", maestro_loop_rests, METH_NOARGS, NULL},
    {"run_code", (PyCFunction)(void (*)(void))run_code, METH_FASTCALL, NULL},
    {"secret", secret, METH_O, NULL},
    {"set_hooks", set_hooks, METH_O, NULL},
    {"settle", (PyCFunction)(void (*)(void))maestro_loop_settle, METH_FASTCALL, NULL},
    {"settles", settles, METH_O, NULL},
    {"shielded", (PyCFunction)(void (*)(void))shielded, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"sibling", sibling, METH_O, NULL},
    {"sleep", sleep_for, METH_O, "sleep(seconds)\n\nDelay execution for a given number of seconds."},
    {"spare_child", spare_child, METH_O, NULL},
    {"spawn", (PyCFunction)(void (*)(void))spawn, METH_FASTCALL, NULL},
    {"take", maestro_loop_take, METH_NOARGS, NULL},
    {"works", maestro_loop_works, METH_NOARGS, NULL},
    {"write_err", write_err, METH_O, NULL},
    {"write_out", write_out, METH_O, NULL},
    {0},
};

// Binds the module to the interpreter that is being made on this OS thread.
static int bind(PyObject *module) {
    struct maestro_interp *in = maestro_creating;
    if (!in || in->module) {
        py.PyErr_SetString(py.PyExc_ImportError, "_maestro belongs to the runtime");
        return -1;
    }
    ((struct module_state *)py.PyModule_GetState(module))->in = in;
    in->module = py.Py_NewRef(module);
    in->frame_var = py.PyContextVar_New("maestro_frame", NULL);
    in->siblings = py.PyDict_New();
    in->sibling_type = (PyTypeObject *)maestro_sibling_type(module);
    in->awaitable_type = (PyTypeObject *)maestro_awaitable_type(module);
    if (!in->frame_var || !in->siblings || !in->sibling_type || !in->awaitable_type)
        return -1;
    if (py.PyModule_AddObjectRef(module, "frame_var", in->frame_var) < 0)
        return -1;
    if (py.PyModule_AddObjectRef(module, "alone", maestro_alone ? py.True : py.False) < 0)
        return -1;
    PyObject *sys = maestro_output_type(module);
    int added = sys ? py.PyModule_AddObjectRef(module, "Sys", sys) : -1;
    py.Py_DecRef(sys);
    if (added < 0)
        return -1;
    return py.PyModule_AddObjectRef(module, "Sibling", (PyObject *)in->sibling_type);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)bind},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static PyModuleDef definition = {
    .ob_base = {.ob_refcnt = 1},
    .m_name = "_maestro",
    .m_size = sizeof(struct module_state),
    .m_methods = methods,
    .m_slots = slots,
};

PyObject *maestro_module_init(void) { return py.PyModuleDef_Init(&definition); }

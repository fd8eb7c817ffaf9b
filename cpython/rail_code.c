#include "rail_code.h"

#include "error.h"
#include "rail_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

PyCFunction maestro_real_marshal_load, maestro_real_marshal_loads, maestro_real_get_frozen_object;

static PyTypeObject *code_type; // static in libpython; written once

// marshal. Whether a value that it has read is code or holds some.
static int holds_code(PyObject *value, int depth) {
    PyTypeObject *type = value->ob_type;
    if (type == code_type)
        return 1;
    if (type != py.PyTuple_Type && type != py.PyList_Type && type != py.PyDict_Type && type != py.PySet_Type &&
        type != py.PyFrozenSet_Type)
        return 0;
    if (depth > 1000)
        return 1;
    int found = 0;
    if (type == py.PyDict_Type) {
        PyObject *key, *item;
        for (Py_ssize_t place = 0; !found && py.PyDict_Next(value, &place, &key, &item);)
            found = holds_code(key, depth + 1) || holds_code(item, depth + 1);
        return found;
    }
    PyObject *iterator = py.PyObject_GetIter(value), *item;
    while (iterator && !found && (item = py.PyIter_Next(iterator))) {
        found = holds_code(item, depth + 1);
        py.Py_DecRef(item);
    }
    py.Py_DecRef(iterator);
    if (py.PyErr_Occurred())
        py.PyErr_Clear();
    return found;
}

// The file that the import system is reading code from: a variable of the function that asks. malloc'ed, or NULL.
static char *file_being_imported(void) {
    PyFrameObject *frame = py.PyThreadState_GetFrame(py.PyThreadState_GetUnchecked());
    PyObject *path = frame ? py.PyFrame_GetVarString(frame, "bytecode_path") : NULL;
    const char *text = path && path->ob_type == py.PyUnicode_Type ? py.PyUnicode_AsUTF8AndSize(path, NULL) : NULL;
    char *copy = text ? strdup(text) : NULL;
    py.PyErr_Clear();
    py.Py_DecRef(path);
    py.Py_DecRef((PyObject *)frame);
    return copy;
}

// Whether those bytes are a compiled file of the kit or of an installed package, behind its head. Nothing that the
// caller says is believed: the file is read.
static int is_file_of_packages(const char *path, const char *data, size_t size) {
    enum { HEAD = 16 };
    char real[PATH_MAX], *resolved = realpath(path, real);
    const struct maestro_rails *rails = maestro_here.in->rails;
    int trusted = resolved && (maestro_path_within_any(real, rails->policy->readable) ||
                               (rails->packages && maestro_path_within(real, rails->packages)));
    struct stat found;
    int fd = trusted ? open(real, O_RDONLY | O_CLOEXEC) : -1, same = 0;
    if (fd >= 0 && fstat(fd, &found) == 0 && (size_t)found.st_size == size + HEAD) {
        char *content = malloc(size ? size : 1);
        same = content && pread(fd, content, size, HEAD) == (ssize_t)size && memcmp(content, data, size) == 0;
        free(content);
    }
    if (fd >= 0)
        close(fd);
    return same;
}

static int is_import(PyObject *data) {
    char *path = file_being_imported();
    PyObject *bytes = path ? py.PyObject_CallOneArg((PyObject *)py.PyBytes_Type, data) : NULL;
    char *text;
    Py_ssize_t size;
    int is = bytes && py.PyBytes_AsStringAndSize(bytes, &text, &size) == 0 && is_file_of_packages(path, text, (size_t)size);
    py.PyErr_Clear();
    py.Py_DecRef(bytes);
    free(path);
    return is;
}

static PyObject *checked(PyObject *value, const char *what, PyObject *data) {
    if (!value || !maestro_railed() || !holds_code(value, 0) || (data && is_import(data)))
        return value;
    py.Py_DecRef(value);
    return maestro_rail_raise(RAIL_CODE_OBJECTS, EPERM, what);
}

PyObject *maestro_marshal_loads(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    PyObject *value = ((maestro_fast_keywords)(void (*)(void))maestro_real_marshal_loads)(module, args, count, names);
    return checked(value, "marshal.loads() of code", count ? args[0] : NULL);
}

PyObject *maestro_marshal_load(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    PyObject *value = ((maestro_fast_keywords)(void (*)(void))maestro_real_marshal_load)(module, args, count, names);
    return checked(value, "marshal.load() of code", NULL);
}

// get_frozen_object(name, data=None): with data it reads code from bytes.
PyObject *maestro_imp_get_frozen_object(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (maestro_railed() && count > 1 && args[1] != py.None)
        return maestro_rail_raise(RAIL_CODE_OBJECTS, EPERM, "_imp.get_frozen_object() with data");
    return ((maestro_fast)(void (*)(void))maestro_real_get_frozen_object)(module, args, count);
}

// code.replace(). Names and positions may be changed, and the mark of a generator that is awaitable: what
// types.coroutine() and templating engines do.

static __thread int replacing;

int maestro_code_allowed(void) { return replacing; }

static long flags_of(PyObject *code) {
    PyObject *flags = py.PyObject_GetAttrString(code, "co_flags");
    long number = flags ? py.PyLong_AsLong(flags) : -1;
    py.Py_DecRef(flags);
    return number;
}

static int harmless(PyObject *code, const char *name, PyObject *value) {
    static const char *const names[] = {"co_filename", "co_name", "co_qualname", "co_firstlineno"};
    enum { ITERABLE_COROUTINE = 0x100 };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return 1;
    if (strcmp(name, "co_flags") != 0)
        return 0;
    long wanted = py.PyLong_AsLong(value), now = flags_of(code);
    if (py.PyErr_Occurred()) {
        py.PyErr_Clear();
        return 0;
    }
    return ((wanted ^ now) & ~ITERABLE_COROUTINE) == 0;
}

static maestro_fast_keywords real_replace;

static PyObject *code_replace(PyObject *code, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    Py_ssize_t named = names && maestro_railed() ? py.PyTuple_Size(names) : 0;
    for (Py_ssize_t i = 0; i < named; i++) {
        const char *name = py.PyUnicode_AsUTF8AndSize(py.PyTuple_GetItem(names, i), NULL);
        if (!name || !harmless(code, name, args[count + i])) {
            py.PyErr_Clear();
            return maestro_rail_raise(RAIL_CODE_OBJECTS, EPERM, "code.replace() of more than names and positions");
        }
    }
    int before = replacing;
    replacing = 1;
    PyObject *made = real_replace(code, args, count, names);
    replacing = before;
    return made;
}

// A method of a builtin type, as CPython keeps it.
struct method_descriptor {
    PyObject ob_base;
    PyTypeObject *d_type;
    PyObject *d_name, *d_qualname;
    PyMethodDef *d_method;
};

static int replace_method(const char *name) {
    PyObject *found = py.PyObject_GetAttrString((PyObject *)code_type, name);
    PyMethodDef *method = found ? ((struct method_descriptor *)found)->d_method : NULL;
    py.Py_DecRef(found);
    if (!method || strcmp(method->ml_name, name) != 0 || method->ml_flags != (METH_FASTCALL | METH_KEYWORDS))
        return 0;
    real_replace = (maestro_fast_keywords)(void (*)(void))method->ml_meth;
    method->ml_meth = (PyCFunction)(void (*)(void))code_replace;
    return 1;
}

char *maestro_code_replace(void) {
    enum { EVAL_INPUT = 258 };
    PyObject *code = py.Py_CompileString("0", "<maestro>", EVAL_INPUT);
    if (code)
        code_type = code->ob_type;
    py.Py_DecRef(code);
    if (!code_type || !replace_method("replace") || !replace_method("__replace__"))
        return strdup("look into libpython: code.replace() is called in another way");
    return NULL;
}

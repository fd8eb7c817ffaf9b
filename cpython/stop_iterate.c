// Iterators that can be endless, or nearly so, and that C code may iterate over
// without a step of Python: sum(range(10**12)), all(itertools.repeat(1)). While
// anything is being stopped, each of their steps makes the check of stop_check.h; at
// any other time it costs the reading of one variable. Loops in Python are not
// affected: they iterate over a range without calling it.
#include "stop.h"
#include "stop_check.h"

#include <stdio.h>
#include <string.h>

typedef PyObject *(*next_function)(PyObject *);

// Where a type has its tp_iternext, in bytes; compared with CPython's own answer.
enum { NEXT = 224 };

#define SHARED(X) X(PyCallIter_Type) X(PyLongRangeIter_Type) X(PyRangeIter_Type)

// Types of the module itertools, which each interpreter has for itself.
#define OWN(X) X(combinations) X(combinations_with_replacement) X(count) X(cycle) X(permutations) X(product) X(repeat)

#define X(name)                                                                                      \
    static next_function real_##name;                                                                \
    static PyObject *next_##name(PyObject *iterator) {                                               \
        if (atomic_load_explicit(&maestro_alarms, memory_order_relaxed) && maestro_stop_check() < 0) \
            return NULL;                                                                             \
        return real_##name(iterator);                                                                \
    }
SHARED(X)
OWN(X)
#undef X

// Puts a function in the place of a type's own, which *real keeps. Returns 0 where the type has
// it elsewhere.
static int replace(PyTypeObject *type, next_function function, next_function *real) {
    next_function *slot = (next_function *)((char *)type + NEXT);
    if ((void *)*slot != py.PyType_GetSlot(type, Py_tp_iternext))
        return 0;
    if (*slot != function) {
        *real = *slot;
        *slot = function;
    }
    return 1;
}

char *maestro_iterators_load(void) {
#define X(name)                                       \
    if (!replace(py.name, next_##name, &real_##name)) \
        return strdup("look into libpython: a type has another layout");
    SHARED(X)
#undef X
    return NULL;
}

static int replace_named(PyObject *module, const char *name, next_function function, next_function *real) {
    PyObject *type = py.PyObject_GetAttrString(module, name);
    int done = type && replace((PyTypeObject *)type, function, real);
    py.Py_DecRef(type);
    return done;
}

int maestro_iterators_check(void) {
    PyObject *module = py.PyImport_ImportModule("itertools");
    int done = module != NULL;
#define X(name) done = done && replace_named(module, #name, next_##name, &real_##name);
    OWN(X)
#undef X
    if (module && !done && !py.PyErr_Occurred())
        py.PyErr_SetString(py.PyExc_RuntimeError, "itertools has types of another layout");
    py.Py_DecRef(module);
    return done;
}

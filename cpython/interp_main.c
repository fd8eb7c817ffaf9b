// The main interpreter as that of the only subtenant of a process. It accepts every
// extension module, and there is one, for as long as the process: it is neither ended
// nor replaced.
#include "counter.h"
#include "here.h"
#include "interp.h"
#include "load.h"
#include "place.h"
#include "print.h"

#include <stdlib.h>
#include <string.h>

struct maestro_interp *maestro_main;
static atomic_int given;

int maestro_interp_main_make(const char *runtime, const char *site_packages, char **message) {
    struct maestro_interp *in = maestro_interp_allocate();
    if (!in) {
        *message = strdup("out of memory");
        return 0;
    }
    in->state = py.PyInterpreterState_Get();
    maestro_memory_open(&in->memory);
    maestro_creating = in;
    maestro_here_is(in);
    maestro_place_own();
    int started = maestro_interp_start(in, runtime, site_packages);
    maestro_creating = NULL;
    if (!started)
        *message = maestro_explain("start runtime");
    else
        maestro_main = in; // otherwise what it has is left: the process is of no use
    maestro_here_is(NULL);
    return started;
}

struct maestro_interp *maestro_interp_main(const char *runtime, const char *site_packages,
                                           const struct maestro_limits *limits, char **message) {
    if (!maestro_alone || atomic_exchange(&given, 1)) {
        *message = strdup(maestro_alone ? "this process has its subtenant" : "this process is not that of one subtenant");
        return NULL;
    }
    if (!maestro_main) {
        PyThreadState *state = py.PyThreadState_New(py.PyInterpreterState_Main());
        if (!state) {
            *message = strdup("out of memory");
            return NULL;
        }
        py.PyEval_RestoreThread(state);
        int made = maestro_interp_main_make(runtime, site_packages, message);
        py.PyThreadState_Clear(state);
        py.PyThreadState_DeleteCurrent();
        if (!made)
            return NULL;
    }
    maestro_interp_bound(maestro_main, limits);
    maestro_count(COUNT_INTERPRETERS, 1);
    return maestro_main;
}

void maestro_interp_leave(struct maestro_interp *in, PyThreadState *own) {
    PyObject *module = py.PyImport_ImportModule("atexit");
    PyObject *run = module ? py.PyObject_GetAttrString(module, "_run_exitfuncs") : NULL;
    PyObject *none = run ? py.PyObject_CallNoArgs(run) : NULL;
    py.PyErr_Clear();
    py.Py_DecRef(none);
    py.Py_DecRef(run);
    py.Py_DecRef(module);
    PyObject *function = NULL;
    none = NULL;
    if (in->runtime && py.PyDict_GetItemStringRef(in->runtime, "leave_tracker", &function) == 1)
        none = py.PyObject_CallNoArgs(function);
    py.PyErr_Clear();
    py.Py_DecRef(none);
    py.Py_DecRef(function);
    maestro_print_flush(in, 0);
    py.PyThreadState_Clear(own);
    py.PyThreadState_DeleteCurrent();
}

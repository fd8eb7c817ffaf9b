#include "replace.h"

#include "here.h"
#include "libc.h"

#include <time.h>

// The functions of _thread that start a thread: they say what the bound is,
// where CPython could only say that it failed.

PyCFunction maestro_real_start_new_thread, maestro_real_start_new, maestro_real_start_joinable_thread;

// Waits a moment for threads that are about to end: joining one returns a little
// before it has.
static int await_room(const struct maestro_interp *in) {
    static const struct timespec moment = {.tv_nsec = 1000000};
    PyThreadState *state = py.PyEval_SaveThread();
    int room = 0;
    for (int patience = 100; patience > 0 && !room; patience--) {
        nanosleep(&moment, NULL);
        room = maestro_thread_room(in);
    }
    py.PyEval_RestoreThread(state);
    return room;
}

// Whether another thread may start; if not, with a RuntimeError.
static int may_start(void) {
    struct maestro_interp *in = maestro_here.in;
    if (!in || maestro_thread_room(in) || await_room(in))
        return 1;
    py.PyErr_Format(
        py.PyExc_RuntimeError,
        "can't start new thread: the code of this subtenant runs %d threads, which is its bound. Wait for some of "
        "them to end, give pools fewer workers, or have MAX_FUNCTION_THREADS raised",
        in->limits.threads);
    return 0;
}

PyObject *maestro_start_new_thread(PyObject *module, PyObject *args) {
    return may_start() ? maestro_real_start_new_thread(module, args) : NULL;
}

PyObject *maestro_start_new(PyObject *module, PyObject *args) {
    return may_start() ? maestro_real_start_new(module, args) : NULL;
}

PyObject *maestro_start_joinable_thread(PyObject *module, PyObject *args, PyObject *names) {
    typedef PyObject *(*with_names)(PyObject *, PyObject *, PyObject *);
    return may_start() ? ((with_names)(void (*)(void))maestro_real_start_joinable_thread)(module, args, names) : NULL;
}

#include "replace.h"

#include "here.h"
#include "libc.h"
#include "stop_check.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

// Functions with a bound of their own. Those of _thread that start a thread say
// what it is, where CPython could only say that they failed.

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

// Where frames are many, an exception takes a microsecond or more for each, and
// nothing stops it.
enum { MOST_FRAMES = 200000 };

PyCFunction maestro_real_setrecursionlimit;
PyObject *maestro_sys_setrecursionlimit(PyObject *module, PyObject *limit) {
    int overflow = 0;
    long long wanted =
        maestro_has_flag(limit, Py_TPFLAGS_LONG_SUBCLASS) ? py.PyLong_AsLongLongAndOverflow(limit, &overflow) : 0;
    if (wanted <= MOST_FRAMES && overflow <= 0)
        return maestro_real_setrecursionlimit(module, limit);
    PyObject *most = py.PyLong_FromLongLong(MOST_FRAMES);
    PyObject *none = most ? maestro_real_setrecursionlimit(module, most) : NULL;
    py.Py_DecRef(most);
    return none;
}

// A thread that others wait for lets the GIL go after the interval, and what stops threads
// waits as they do.
#define LONGEST_INTERVAL 0.1 // seconds

PyCFunction maestro_real_setswitchinterval;
PyObject *maestro_sys_setswitchinterval(PyObject *module, PyObject *interval) {
    double wanted = py.PyFloat_AsDouble(interval);
    if (wanted == -1 && py.PyErr_Occurred())
        return NULL;
    if (!(wanted <= LONGEST_INTERVAL)) // also NaN
        wanted = LONGEST_INTERVAL;
    PyObject *bounded = py.PyFloat_FromDouble(wanted);
    PyObject *none = bounded ? maestro_real_setswitchinterval(module, bounded) : NULL;
    py.Py_DecRef(bounded);
    return none;
}

// Reads random bytes piece by piece: the kernel takes a second for some hundred megabytes, and Python goes on
// without a look at whether its thread is to stop when a signal has cut a read short.
PyCFunction maestro_real_urandom;
PyObject *maestro_os_urandom(PyObject *module, PyObject *size) {
    enum { PIECE = 1 << 20 };
    int overflow = 0;
    long long wanted =
        maestro_has_flag(size, Py_TPFLAGS_LONG_SUBCLASS) ? py.PyLong_AsLongLongAndOverflow(size, &overflow) : 0;
    if (wanted <= PIECE || overflow)
        return maestro_real_urandom(module, size);
    PyObject *bytes = py.PyBytes_FromStringAndSize(NULL, (Py_ssize_t)wanted);
    char *data = NULL;
    Py_ssize_t left = 0;
    if (!bytes || py.PyBytes_AsStringAndSize(bytes, &data, &left) < 0)
        return NULL;
    while (left > 0) {
        PyThreadState *state = py.PyEval_SaveThread();
        ssize_t count = getrandom(data, left < PIECE ? (size_t)left : PIECE, 0);
        int error = count < 0 && errno != EINTR ? errno : 0;
        py.PyEval_RestoreThread(state);
        if (error)
            maestro_refuse(error, strerror(error));
        if (error || maestro_stop_check() < 0) {
            py.Py_DecRef(bytes);
            return NULL;
        }
        if (count > 0) {
            data += count;
            left -= count;
        }
    }
    return bytes;
}

// Sending signals: to other processes, not to this one. A signal that a function
// sends to "its own" process would stop the server with all its subtenants.
#include "here.h"
#include "replace.h"

#include <errno.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

PyCFunction maestro_real_kill, maestro_real_killpg, maestro_real_pthread_kill;

static PyObject *refuse(const char *name) {
    char message[300];
    snprintf(message, sizeof message,
             "%s() cannot signal the process of stored functions: it is the whole server. Raise an exception to end the "
             "call, and signal child processes by their own process id",
             name);
    return maestro_refuse(EPERM, message);
}

// The integer that is the argument at `place`. Returns 0 when it is none, for the
// real function to say so.
static int integer(PyObject *const *args, Py_ssize_t count, Py_ssize_t place, long *number) {
    if (count <= place)
        return 0;
    *number = py.PyLong_AsLong(args[place]);
    if (*number != -1 || !py.PyErr_Occurred())
        return 1;
    py.PyErr_Clear();
    return 0;
}

// Whether a signal to `to`, as kill(2) has it, reaches this process. 0 only asks.
static int reaches_server(long to, long signal) {
    return signal != 0 && maestro_here.id && (to == getpid() || to == 0 || to == -1 || to == -(long)getpgrp());
}

// kill(pid, signal)
PyObject *maestro_os_kill(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    long to, signal;
    if (count == 2 && integer(args, count, 0, &to) && integer(args, count, 1, &signal) && reaches_server(to, signal))
        return refuse("os.kill");
    return ((maestro_fast)(void (*)(void))maestro_real_kill)(module, args, count);
}

// killpg(pgid, signal)
PyObject *maestro_os_killpg(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    long group, signal;
    if (count == 2 && integer(args, count, 0, &group) && integer(args, count, 1, &signal) && reaches_server(-group, signal))
        return refuse("os.killpg");
    return ((maestro_fast)(void (*)(void))maestro_real_killpg)(module, args, count);
}

// pthread_kill(thread, signal): a signal's action is the whole process's.
PyObject *maestro_signal_pthread_kill(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    long signal;
    if (count == 2 && integer(args, count, 1, &signal) && signal != 0 && maestro_here.id)
        return refuse("signal.pthread_kill");
    return ((maestro_fast)(void (*)(void))maestro_real_pthread_kill)(module, args, count);
}

// Sending signals: to the children of the calling interpreter, not to this process, its parent, its database or
// those of others. A signal that a function sends to "its own" process would stop the server with all its subtenants.
#include "children.h"
#include "here.h"
#include "rails.h"
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

PyCFunction maestro_real_kill, maestro_real_killpg, maestro_real_pthread_kill;

static PyObject *refuse(const char *name) { return maestro_rail_raise(RAIL_PROCESS_END, EPERM, name); }

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

// The parent of a process, or 0.
static pid_t parent_of(pid_t pid) {
    char path[40], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[size > 0 ? size : 0] = 0;
    const char *rest = strrchr(text, ')'); // the name in front may hold anything
    int parent = 0;
    return rest && sscanf(rest, ") %*c %d", &parent) == 1 ? parent : 0;
}

int maestro_child_descends(struct maestro_interp *in, pid_t pid) {
    for (int generations = 16; pid > 1 && generations > 0; generations--) {
        if (maestro_child_known(in, pid))
            return 1;
        pid = parent_of(pid);
    }
    return 0;
}

// Whether a signal to `to`, as kill(2) has it, may be sent: to the interpreter's own children and theirs, or to a
// group that one of them leads. Signal 0 only asks.
static int may_signal(long to, long signal) {
    struct maestro_interp *in = maestro_here.in;
    return !in || signal == 0 || (to != 0 && to != -1 && maestro_child_descends(in, (pid_t)(to < 0 ? -to : to)));
}

// kill(pid, signal)
PyObject *maestro_os_kill(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    long to, signal;
    if (count == 2 && integer(args, count, 0, &to) && integer(args, count, 1, &signal) && !may_signal(to, signal))
        return refuse("os.kill");
    return ((maestro_fast)(void (*)(void))maestro_real_kill)(module, args, count);
}

// killpg(pgid, signal)
PyObject *maestro_os_killpg(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    long group, signal;
    if (count == 2 && integer(args, count, 0, &group) && integer(args, count, 1, &signal) &&
        !may_signal(group > 1 ? -group : 0, signal))
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

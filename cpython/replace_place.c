#include "replace.h"

#include "descriptor.h"
#include "error.h"
#include "frame.h"
#include "load.h"
#include "place.h"
#include "print.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

PyCFunction maestro_real_chdir, maestro_real_close, maestro_real_dup2, maestro_real_fchdir, maestro_real_umask,
    maestro_real_write;

static PyObject *call(PyCFunction real, PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    return ((maestro_fast_keywords)(void (*)(void))real)(module, args, count, names);
}

// Whether the thread's values are its own. The thread then has what its
// interpreter's code has set last.
static int ready(void) {
    maestro_place_sync();
    if (!maestro_here.in || maestro_here.own_place || maestro_alone)
        return 1;
    maestro_refuse(EPERM, "the current directory and the umask cannot be changed: this system keeps one for the whole "
                          "server; use absolute paths, and os.chmod()");
    return 0;
}

// The umask of the calling thread, which it keeps.
static mode_t umask_now(void) {
    mode_t mask = umask(077);
    umask(mask);
    return mask;
}

static PyObject *change_directory(PyCFunction real, PyObject *module, PyObject *const *args, Py_ssize_t count,
                                  PyObject *names) {
    PyObject *done = ready() ? call(real, module, args, count, names) : NULL;
    if (done && maestro_here.in)
        maestro_place_keep(1, umask_now());
    return done;
}

PyObject *maestro_os_chdir(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    return change_directory(maestro_real_chdir, module, args, count, names);
}

PyObject *maestro_os_fchdir(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    return change_directory(maestro_real_fchdir, module, args, count, names);
}

PyObject *maestro_os_umask(PyObject *module, PyObject *mask) {
    PyObject *before = ready() ? maestro_real_umask(module, mask) : NULL;
    mode_t now = before && maestro_here.in ? umask_now() : 0;
    if (before && maestro_here.in && py.PyLong_AsLong(before) != (long)now)
        maestro_place_keep(0, now);
    return before;
}

// The descriptor that is the argument at `place`, or -1 without an exception.
static int descriptor(PyObject *const *args, Py_ssize_t count, Py_ssize_t place) {
    if (count <= place || args[place]->ob_type != py.PyLong_Type)
        return -1;
    long fd = py.PyLong_AsLong(args[place]);
    if (py.PyErr_Occurred())
        py.PyErr_Clear();
    return fd >= 0 && fd <= INT32_MAX ? (int)fd : -1;
}

// Whether a descriptor is open, and not the interpreter's.
static int of_others(int fd) {
    return fd >= 0 && maestro_here.id && !maestro_descriptor_mine(fd) && fcntl(fd, F_GETFD) >= 0;
}

static PyObject *refuse_descriptor(int number, int fd) {
    char text[200];
    snprintf(text, sizeof text,
             fd <= 2 ? "the descriptor %d is the server's: redirect output with contextlib.redirect_stdout(), or give "
                       "subprocess stdin=, stdout= or stderr="
                     : "the descriptor %d was not opened by this subtenant's functions: close and replace only what they "
                       "have opened",
             fd);
    return maestro_refuse(number, text);
}

// close(fd), as libc.h has it; the same answer with a reason.
PyObject *maestro_os_close(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    int fd = descriptor(args, count, 0);
    if (of_others(fd))
        return refuse_descriptor(EBADF, fd);
    return call(maestro_real_close, module, args, count, names);
}

// dup2(fd, fd2, inheritable=True)
PyObject *maestro_os_dup2(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    int fd = descriptor(args, count, 1);
    if (of_others(fd))
        return refuse_descriptor(EPERM, fd);
    return call(maestro_real_dup2, module, args, count, names);
}

// write(fd, data): to the descriptors 1 and 2 it is the call's output, and to
// those of others it is not written.
PyObject *maestro_os_write(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    int fd = descriptor(args, count, 0);
    if (count != 2 || !maestro_here.id || fd < 0 || maestro_descriptor_mine(fd))
        return ((maestro_fast)(void (*)(void))maestro_real_write)(module, args, count);
    if (fd != 1 && fd != 2) {
        if (of_others(fd))
            return refuse_descriptor(EBADF, fd);
        return ((maestro_fast)(void (*)(void))maestro_real_write)(module, args, count);
    }
    if (args[1]->ob_type == py.PyUnicode_Type || args[1]->ob_type == py.PyLong_Type)
        return ((maestro_fast)(void (*)(void))maestro_real_write)(module, args, count); // a TypeError
    PyObject *bytes = py.PyObject_CallOneArg((PyObject *)py.PyBytes_Type, args[1]);
    char *data;
    Py_ssize_t size;
    if (!bytes || py.PyBytes_AsStringAndSize(bytes, &data, &size) < 0) {
        py.Py_DecRef(bytes);
        return NULL;
    }
    PyObject *text = py.PyUnicode_DecodeUTF8(data, size, "replace");
    int done = text && maestro_print(maestro_here.in, fd, text);
    py.Py_DecRef(text);
    py.Py_DecRef(bytes);
    return done ? py.PyLong_FromLongLong(size) : NULL;
}

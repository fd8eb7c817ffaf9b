#include "go_gate.h"

#include "counter.h"
#include "error.h"
#include "here.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int maestro_go;

void maestro_go_refuse(struct maestro_raise *raise) {
    enum { ENGINE = 6 }; // a RuntimeError
    const char *text = maestro_go == GO_NOT_STARTED
                           ? "this is not available while the packages are imported in advance, which no call does; use it "
                             "in a function, not when a package is imported"
                           : "this is not available in a process that code has forked: call sibling functions and use "
                             "maestro in the process that runs the call, and pass the results on";
    raise->kind = ENGINE;
    raise->message = maestro_text_copy(text, strlen(text));
}

void maestro_go_write(int fd, const char *data, size_t size) {
    while (size) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno != EINTR)
            return;
        data += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
}

void maestro_go_line(int fd, const char *data, size_t size) {
    maestro_go_write(fd, data, size);
    maestro_go_write(fd, "\n", 1);
}

// The status that SystemExit asks for, as Python has it without a text; -1: it is another
// exception.
static int status_of(PyObject *raised) {
    if (!py.PyErr_GivenExceptionMatches(raised, py.PyExc_SystemExit))
        return -1;
    PyObject *code = py.PyObject_GetAttrString(raised, "code");
    long status = !code || code == py.None ? 0 : py.PyLong_AsLong(code);
    if (py.PyErr_Occurred()) {
        py.PyErr_Clear();
        status = 1;
    }
    py.Py_DecRef(code);
    return (int)(status & 0xff);
}

void maestro_go_leave(void) {
    if (maestro_go != GO_LEFT_BEHIND)
        return;
    PyObject *raised = py.PyErr_GetRaisedException();
    int status = raised ? status_of(raised) : 0;
    if (raised && status < 0) {
        py.PyErr_SetRaisedException(raised);
        py.PyErr_Print();
        status = 1;
    }
    _exit(status);
}

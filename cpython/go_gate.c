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

void maestro_go_leave(void) {
    if (maestro_go != GO_LEFT_BEHIND)
        return;
    int failed = py.PyErr_Occurred() != NULL;
    if (failed)
        py.PyErr_Print();
    _exit(failed);
}

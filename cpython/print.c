#include "print.h"

#include "counter.h"
#include "error.h"
#include "frame.h"

#include "go_gate.h"

#include <stdlib.h>
#include <string.h>

// A line longer than this goes out in parts.
enum { LINE_MAX_BYTES = 64 * 1024 };

// The begun line of one thread, frame and stream. Guarded by the GIL.
struct maestro_line {
    unsigned long thread;
    uint64_t frame;
    int stream;
    char *data;
    size_t size, capacity;
    struct maestro_line *next;
};

// How many bytes of a line go out next: all, or a part that ends before a character.
static size_t part_of(const char *data, size_t size) {
    if (size <= LINE_MAX_BYTES)
        return size;
    size_t part = LINE_MAX_BYTES;
    for (int i = 0; i < 3 && ((unsigned char)data[part] & 0xc0) == 0x80; i++)
        part--;
    return part;
}

static void pass(struct maestro_interp *in, uint64_t frame, int stream, const char *data, size_t size) {
    char *name = stream == 2 ? "stderr" : "stdout";
    do {
        size_t part = part_of(data, size);
        maestro_go_log(in->id, frame, name, "", (char *)data, part, NULL, 0);
        data += part;
        size -= part;
    } while (size);
}

static void send(struct maestro_interp *in, uint64_t frame, int stream, const char *data, size_t size) {
    PyThreadState *state = py.PyEval_SaveThread();
    pass(in, frame, stream, data, size);
    py.PyEval_RestoreThread(state);
}

static void release(struct maestro_line *line) {
    maestro_count(COUNT_BUFFERS, -1);
    free(line->data);
    free(line);
}

// Takes the begun line out of the list, or returns NULL. The caller then owns
// it, so that it can be sent with the GIL released.
static struct maestro_line *take(struct maestro_interp *in, unsigned long thread, uint64_t frame, int stream) {
    for (struct maestro_line **link = &in->lines; *link; link = &(*link)->next) {
        struct maestro_line *line = *link;
        if (line->thread == thread && line->frame == frame && line->stream == stream) {
            *link = line->next;
            return line;
        }
    }
    return NULL;
}

static int append(struct maestro_line *line, const char *data, size_t size) {
    if (line->size + size > line->capacity) {
        size_t capacity = (line->size + size) * 2;
        char *grown = realloc(line->data, capacity);
        if (!grown)
            return 0;
        line->data = grown;
        line->capacity = capacity;
    }
    memcpy(line->data + line->size, data, size);
    line->size += size;
    return 1;
}

// Sends a begun line as a part of its own if it is too long with size more bytes.
// Returns the line, or NULL.
static struct maestro_line *send_long(struct maestro_interp *in, struct maestro_line *line, size_t size) {
    if (!line || line->size + size <= LINE_MAX_BYTES)
        return line;
    if (line->size)
        send(in, line->frame, line->stream, line->data, line->size);
    release(line);
    return NULL;
}

// Sends the lines of data, the first of which may have begun earlier. Returns
// 0 when there is no memory for the rest.
static int cut(struct maestro_interp *in, uint64_t frame, int stream, const char *data, size_t size) {
    unsigned long thread = py.PyThread_get_thread_ident();
    struct maestro_line *begun = in->lines ? take(in, thread, frame, stream) : NULL;
    const char *end;
    while (size && (end = memchr(data, '\n', size))) {
        size_t length = (size_t)(end - data);
        begun = send_long(in, begun, length);
        if (begun) {
            if (append(begun, data, length))
                send(in, frame, stream, begun->data, begun->size);
            release(begun);
            begun = NULL;
        } else {
            send(in, frame, stream, data, length);
        }
        data += length + 1;
        size -= length + 1;
    }
    begun = send_long(in, begun, size);
    if (!begun && size > LINE_MAX_BYTES) {
        send(in, frame, stream, data, size);
        return 1;
    }
    if (!size && !begun)
        return 1;
    if (!begun) {
        if (!(begun = calloc(1, sizeof *begun)))
            return 0;
        maestro_count(COUNT_BUFFERS, 1);
        begun->thread = thread;
        begun->frame = frame;
        begun->stream = stream;
    }
    if (!append(begun, data, size)) {
        release(begun);
        return 0;
    }
    if (begun->size >= LINE_MAX_BYTES) {
        send(in, frame, stream, begun->data, begun->size);
        release(begun);
        return 1;
    }
    begun->next = in->lines;
    in->lines = begun;
    return 1;
}

int maestro_print(struct maestro_interp *in, int stream, PyObject *text) {
    if (!maestro_has_flag(text, Py_TPFLAGS_UNICODE_SUBCLASS)) {
        py.PyErr_Format(py.PyExc_TypeError, "write() argument must be str, not %N", text->ob_type);
        return 0;
    }
    Py_ssize_t size;
    const char *data = py.PyUnicode_AsUTF8AndSize(text, &size);
    if (data && maestro_go_away()) {
        maestro_go_write(stream, data, (size_t)size); // whole: there may be no other moment
        return 1;
    }
    if (data) { // which the caller keeps
        int done = cut(in, maestro_frame(in), stream, data, (size_t)size);
        if (!done)
            py.PyErr_NoMemory();
        return done;
    }
    if (py.PyErr_ExceptionMatches(py.PyExc_MemoryError))
        return 0;
    py.PyErr_Clear();
    struct maestro_text bytes = maestro_text_of(text); // it has a lone surrogate
    int done = bytes.data && cut(in, maestro_frame(in), stream, bytes.data, bytes.size);
    maestro_text_free(&bytes);
    if (!done)
        py.PyErr_NoMemory();
    return done;
}

void maestro_print_raw(struct maestro_interp *in, uint64_t frame, int stream, const char *data, size_t size) {
    if (maestro_go_away()) {
        maestro_go_write(stream, data, size);
        return;
    }
    while (size) {
        const char *end = memchr(data, '\n', size);
        size_t length = end ? (size_t)(end - data) : size;
        pass(in, frame, stream, data, length);
        length += end != NULL;
        data += length;
        size -= length;
    }
}

void maestro_print_flush(struct maestro_interp *in, uint64_t call) {
    for (;;) {
        struct maestro_line **link = &in->lines;
        while (*link && call && MAESTRO_CALL_OF((*link)->frame) != call)
            link = &(*link)->next;
        struct maestro_line *line = *link;
        if (!line)
            return;
        *link = line->next;
        if (line->size)
            send(in, line->frame, line->stream, line->data, line->size);
        release(line);
    }
}

void maestro_print_discard(struct maestro_interp *in) {
    while (in->lines) {
        struct maestro_line *line = in->lines;
        in->lines = line->next;
        release(line);
    }
}

#include "fault.h"

#include <dlfcn.h>
#include <string.h>

enum {
    INNERMOST = 80, // frames that are written of a deep stack
    OUTERMOST = 20,
    DEEPEST = 1 << 20, // where a broken stack is given up
    LONGEST = 200,     // characters of a name
};

// The places that CPython publishes for debuggers, at the beginning of _PyRuntime:
// numbers of 8 bytes. 3.14 has them in this order.
enum {
    OFFSETS_VERSION = 1,
    OFFSETS_CURRENT_FRAME = 26,
    OFFSETS_PREVIOUS = 32,
    OFFSETS_EXECUTABLE = 33,
    OFFSETS_OWNER = 36,
    OFFSETS_FILENAME = 40,
    OFFSETS_NAME = 42, // the qualified one
};
enum { OWNED_BY_INTERPRETER = 3 }; // a frame of C between those of Python

static struct {
    size_t current_frame;               // bytes into a thread state
    size_t previous, executable, owner; // into a frame
    size_t filename, name;              // into a code object
} place;

static PyTypeObject *code_type, *str_type;
static int (*line_of)(void *frame);
static uint32_t (*read_char)(PyObject *text, Py_ssize_t index);
static int prepared;

int maestro_fault_frames_prepare(void *library) {
    const char *runtime = dlsym(library, "_PyRuntime");
    void *line = dlsym(library, "PyUnstable_InterpreterFrame_GetLine"), *character = dlsym(library, "PyUnicode_ReadChar");
    code_type = dlsym(library, "PyCode_Type");
    str_type = py.PyUnicode_Type;
    uint64_t offsets[OFFSETS_NAME + 1];
    if (!runtime || !line || !character || !code_type || memcmp(runtime, "xdebugpy", 8) != 0)
        return 0;
    memcpy(offsets, runtime, sizeof offsets);
    if (offsets[OFFSETS_VERSION] >> 16 != 0x030e)
        return 0;
    memcpy(&line_of, &line, sizeof line);
    memcpy(&read_char, &character, sizeof character);
    place.current_frame = offsets[OFFSETS_CURRENT_FRAME];
    place.previous = offsets[OFFSETS_PREVIOUS];
    place.executable = offsets[OFFSETS_EXECUTABLE];
    place.owner = offsets[OFFSETS_OWNER];
    place.filename = offsets[OFFSETS_FILENAME];
    place.name = offsets[OFFSETS_NAME];
    return prepared = 1;
}

static void *read_at(const void *object, size_t offset) {
    void *value;
    memcpy(&value, (const char *)object + offset, sizeof value);
    return value;
}

static void put_str(struct maestro_fault_text *out, PyObject *text) {
    if (!text || text->ob_type != str_type) {
        maestro_fault_put(out, "???");
        return;
    }
    Py_ssize_t length = py.PyUnicode_GetLength(text);
    for (Py_ssize_t i = 0; i < length && i < LONGEST; i++) {
        uint32_t character = read_char(text, i);
        maestro_fault_put_char(out, character == '"' ? '\'' : character);
    }
    if (length > LONGEST)
        maestro_fault_put(out, "...");
}

// The code object of a frame, or NULL: it is one of C. The lower bits are a tag.
static PyObject *code_of(const void *frame) {
    PyObject *code = (PyObject *)((uintptr_t)read_at(frame, place.executable) & ~(uintptr_t)7);
    return code && ((const char *)frame)[place.owner] < OWNED_BY_INTERPRETER && code->ob_type == code_type ? code : NULL;
}

void maestro_fault_frames(struct maestro_fault_text *out, PyThreadState *state) {
    if (!prepared)
        return;
    size_t depth = 0, total = 0;
    for (void *frame = read_at(state, place.current_frame); frame && total < DEEPEST; frame = read_at(frame, place.previous))
        total += code_of(frame) != NULL;
    for (void *frame = read_at(state, place.current_frame); frame && depth < total; frame = read_at(frame, place.previous)) {
        PyObject *code = code_of(frame);
        if (!code)
            continue;
        size_t index = depth++;
        if (index >= INNERMOST && total - index > OUTERMOST) {
            if (index == INNERMOST) {
                maestro_fault_put(out, "  ... ");
                maestro_fault_put_number(out, total - INNERMOST - OUTERMOST);
                maestro_fault_put(out, " frames\n");
            }
            continue;
        }
        maestro_fault_put(out, "  File \"");
        put_str(out, read_at(code, place.filename));
        maestro_fault_put(out, "\", line ");
        int line = line_of(frame);
        maestro_fault_put_number(out, line > 0 ? (uint64_t)line : 0);
        maestro_fault_put(out, ", in ");
        put_str(out, read_at(code, place.name));
        maestro_fault_put(out, "\n");
    }
}

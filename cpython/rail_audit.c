// The audit hook: events of ctypes, of code objects and of the collector, which
// neither a reference of libc's nor a method table covers. CPython asks it at each of its events, for
// all interpreters: an event that is not looked at must cost a comparison.
#include "rail_audit.h"

#include "rail_code.h"
#include "rail_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Whether the file of a frame's code is in a folder of the kit or of the packages. The names of
// such files can be forged by code that wants to.
static int frame_within(PyFrameObject *frame, int *ctypes) {
    PyObject *code = (PyObject *)py.PyFrame_GetCode(frame),
             *file = code ? py.PyObject_GetAttrString(code, "co_filename") : NULL;
    const char *path = file ? py.PyUnicode_AsUTF8AndSize(file, NULL) : NULL;
    const struct maestro_rails *rails = maestro_here.in->rails;
    int kit = path && maestro_path_within_any(path, rails->policy->readable);
    int within = kit || (path && rails->packages && maestro_path_within(path, rails->packages));
    *ctypes = path && ((kit && strstr(path, "/ctypes/")) || strcmp(path, MAESTRO_RUNTIME_FILE) == 0);
    py.PyErr_Clear();
    py.Py_DecRef(file);
    py.Py_DecRef(code);
    return within;
}

int maestro_written_in_package(void) {
    if (!maestro_railed())
        return 1;
    PyFrameObject *frame = py.PyThreadState_GetFrame(py.PyThreadState_GetUnchecked());
    int ctypes, within = !frame || frame_within(frame, &ctypes);
    py.Py_DecRef((PyObject *)frame);
    return within;
}

int maestro_called_by_package(void) {
    if (!maestro_railed())
        return 1;
    PyObject *raised = py.PyErr_GetRaisedException();
    PyFrameObject *frame = py.PyThreadState_GetFrame(py.PyThreadState_GetUnchecked());
    int within = frame == NULL, ctypes = 1; // without a frame: a thread of a library's
    while (frame && ctypes) {
        within = frame_within(frame, &ctypes);
        PyFrameObject *back = ctypes ? py.PyFrame_GetBack(frame) : NULL;
        py.Py_DecRef((PyObject *)frame);
        frame = back;
    }
    py.PyErr_SetRaisedException(raised);
    return within;
}

static int refuse(enum maestro_rail rail, const char *event) {
    maestro_rail_raise(rail, EPERM, event);
    return -1;
}

// Events that use an address. Those of functions and libraries are decided about where they are looked up.
static int ctypes_event(const char *event) {
    static const char *const addresses[] = {"string_at", "wstring_at",    "memoryview_at",
                                            "cdata",     "PyObj_FromPtr", "dlsym/handle"};
    const char *name = event + strlen("ctypes.");
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        if (strcmp(name, addresses[i]) == 0)
            return maestro_called_by_package() ? 0 : refuse(RAIL_MEMORY, event);
    return 0;
}

// Functions of libpython that stored code may look up; packages may use all that libc_loader.c has.
static int is_of_interpreter(PyObject *name) {
    static const char *const harmless[] = {"PyThreadState_SetAsyncExc", "Py_GetVersion", "Py_IsInitialized"};
    const char *text = name->ob_type == py.PyUnicode_Type ? py.PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    if (!text || strncmp(text, "Py", 2) != 0)
        return 0;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(text, harmless[i]) == 0)
            return 0;
    return 1;
}

// ctypes.dlsym(name, library), or (library, name).
static int symbol_event(PyObject *args) {
    int asks = 0;
    for (Py_ssize_t i = 0; i < py.PyTuple_Size(args); i++)
        asks |= is_of_interpreter(py.PyTuple_GetItem(args, i));
    return asks && !maestro_called_by_package() ? refuse(RAIL_NATIVE_CODE, "ctypes.pythonapi") : 0;
}

static int hook(const char *event, PyObject *args, void *unused) {
    if (event[0] != 'c' || !maestro_railed())
        return 0;
    if (strncmp(event, "ctypes.", 7) == 0)
        return strcmp(event, "ctypes.dlsym") == 0 ? symbol_event(args) : ctypes_event(event);
    if (strcmp(event, "code.__new__") == 0 && !maestro_code_allowed())
        return refuse(RAIL_CODE_OBJECTS, "code()");
    return 0;
}

char *maestro_audit_begin(void) {
    return py.PySys_AddAuditHook(hook, NULL) == 0 ? NULL : strdup("add the audit hook: it was refused");
}

#include "load.h"

#include "descriptor.h"
#include "fault.h"
#include "fork.h"
#include "frame.h"
#include "go_gate.h"
#include "libc.h"
#include "memory.h"
#include "module.h"
#include "park.h"
#include "place.h"
#include "pyapi.h"
#include "rail_audit.h"
#include "rail_code.h"
#include "rail_ctypes.h"
#include "replace.h"
#include "stop_check.h"
#include "thread_check.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PYTHON_VERSION "3.14."

int maestro_alone;
PyThreadState *maestro_first_state;

const char *maestro_version(void) { return py.Py_GetVersion(); }

static char *init_failure(PyInitConfig *config) {
    const char *reason = NULL;
    char *message = NULL;
    if (!config)
        return strdup("initialise: out of memory");
    py.PyInitConfig_GetError(config, &reason);
    if (asprintf(&message, "initialise: %s", reason ? reason : "unknown reason") < 0)
        message = strdup("initialise");
    py.PyInitConfig_Free(config);
    return message;
}

// Has os.urandom open its device, where it uses one: all interpreters share the
// descriptor, so that it must not belong to the first that needs it, with which
// it would be closed.
static void open_random(void) {
    PyObject *module = py.PyImport_ImportModule("posix");
    PyObject *urandom = module ? py.PyObject_GetAttrString(module, "urandom") : NULL;
    PyObject *one = urandom ? py.PyLong_FromLongLong(1) : NULL;
    PyObject *bytes = one ? py.PyObject_CallOneArg(urandom, one) : NULL;
    py.PyErr_Clear();
    py.Py_DecRef(bytes);
    py.Py_DecRef(one);
    py.Py_DecRef(urandom);
    py.Py_DecRef(module);
}

char *maestro_load(const char *home, int alone) {
    maestro_alone = alone;
    char *path = NULL;
    if (asprintf(&path, "%s/lib/libpython3.14.so.1.0", home) < 0)
        return strdup("out of memory");
    if (!maestro_libc_remember()) {
        free(path);
        return strdup("look at the loaded libraries");
    }
    char *message = maestro_py_load(path);
    free(path);
    if (message)
        return message;
    if (strncmp(py.Py_GetVersion(), PYTHON_VERSION, strlen(PYTHON_VERSION)) != 0) {
        if (asprintf(&message, "version %s where " PYTHON_VERSION "x is needed", py.Py_GetVersion()) < 0)
            return strdup("wrong version of libpython");
        return message;
    }
    // Built into every interpreter that is made later (module.h).
    if (py.PyImport_AppendInittab("_maestro", maestro_module_init) < 0)
        return strdup("register _maestro: out of memory");
    if ((message = maestro_modules_block()) || (message = maestro_libc_replace(py.library)) ||
        (message = maestro_libc_replace_modules(home)))
        return message;
    if ((message = maestro_stop_check_load()))
        return message;
    maestro_park_map();
    maestro_memory_load();
    maestro_descriptor_load();
    maestro_place_load();
    maestro_thread_check_load();
    // As the program python does for a script: locale.getlocale() and getencoding()
    // name UTF-8, which the functions read and write. A constant one, so that the
    // server's environment changes nothing; formats of numbers and dates stay C's.
    setlocale(LC_CTYPE, "C.UTF-8");

    // The isolated configuration: no environment variable and no user's site
    // folder is looked at. Each row says why it differs from the default.
    static const struct {
        const char *name;
        int64_t value;
    } settings[] = {
        {"install_signal_handlers", 0}, // signals belong to the Go runtime
        {"site_import", 0},             // no site-packages but the subtenant's own
        {"write_bytecode", 0},          // the kit is compiled once, and read-only after
        {"buffered_stdio", 1},
        {"utf8_mode", 1},
        {"thread_inherit_context", 1}, // the running call follows into threads
        {"context_aware_warnings", 1}, // catch_warnings() holds for its own call, of several at once
    };
    PyInitConfig *config = py.PyInitConfig_Create();
    if (!config || py.PyInitConfig_SetStr(config, "home", home) < 0)
        return init_failure(config);
    // sys.executable, which child processes are begun with: the kit's own, and
    // not the first one of PATH.
    char *executable = NULL;
    if (asprintf(&executable, "%s/bin/python3.14", home) < 0)
        return strdup("out of memory");
    int set = access(executable, X_OK) != 0 ? 0 : py.PyInitConfig_SetStr(config, "executable", executable);
    free(executable);
    if (set < 0)
        return init_failure(config);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (py.PyInitConfig_SetInt(config, settings[i].name, settings[i].value) < 0)
            return init_failure(config);
    if (py.Py_InitializeFromInitConfig(config) < 0)
        return init_failure(config);
    py.PyInitConfig_Free(config);
    py.None = py.Py_GetConstantBorrowed(Py_CONSTANT_NONE);
    py.True = py.Py_GetConstantBorrowed(Py_CONSTANT_TRUE);
    py.False = py.Py_GetConstantBorrowed(Py_CONSTANT_FALSE);
    open_random();
    message = maestro_builtins_replace();
    if (!message)
        message = maestro_code_replace();
    if (!message)
        message = maestro_ctypes_replace();
    if (!message)
        message = maestro_audit_begin();
    if (!message)
        message = maestro_iterators_load();
    maestro_fault_frames_prepare(py.library); // without it markers have no stack, and no more
    if (!message && !maestro_frame_prepare())
        message = strdup("this libpython keeps contexts where Maestro does not find them; use the Python it carries");
    maestro_first_state = py.PyEval_SaveThread();
    if (!message && maestro_alone && maestro_go == GO_RUNS)
        message = maestro_fork_load();
    return message;
}

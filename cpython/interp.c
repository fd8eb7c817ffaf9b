#include "interp.h"

#include "builtins.h"
#include "call.h"
#include "children.h"
#include "counter.h"
#include "descriptor.h"
#include "error.h"
#include "here.h"
#include "left.h"
#include "load.h"
#include "output.h"
#include "place.h"
#include "print.h"
#include "program.h"
#include "rail_shared.h"
#include "rails.h"
#include "sleep.h"
#include "stop.h"
#include "stop_check.h"
#include "thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

__thread struct maestro_interp *maestro_creating;

static atomic_ullong last_id;

// The marshalled code of the runtimes, which is the same for all: compiling it
// takes longer than all the rest of making an interpreter. There are two of
// them, the subtenants' and the compiler's.
enum { RUNTIMES = 2 };
static struct compiled {
    char *source; // the text that the code was made of; NULL: free
    char *data;
    Py_ssize_t size;
} compiled[RUNTIMES];
static pthread_mutex_t compiled_lock = PTHREAD_MUTEX_INITIALIZER; // taken with a GIL held, nothing waits inside

// Keeps the code for the next interpreter with that source, if there is room.
static void keep_code(const char *source, const char *data, Py_ssize_t size) {
    struct compiled entry = {strdup(source), malloc((size_t)size), size};
    pthread_mutex_lock(&compiled_lock);
    struct compiled *place = compiled, *end = compiled + RUNTIMES;
    while (place < end && place->source && strcmp(place->source, source) != 0)
        place++;
    int kept = place < end && !place->source && entry.source && entry.data;
    if (kept) {
        memcpy(entry.data, data, (size_t)size);
        *place = entry;
    }
    pthread_mutex_unlock(&compiled_lock);
    if (!kept) {
        free(entry.source);
        free(entry.data);
    }
}

// The code object of a runtime. New reference, or NULL with an exception.
static PyObject *runtime_code(const char *source) {
    PyObject *code = NULL;
    pthread_mutex_lock(&compiled_lock);
    for (int i = 0; i < RUNTIMES && compiled[i].source; i++)
        if (strcmp(compiled[i].source, source) == 0)
            code = py.PyMarshal_ReadObjectFromString(compiled[i].data, compiled[i].size);
    pthread_mutex_unlock(&compiled_lock);
    if (code || py.PyErr_Occurred())
        return code;
    enum { FILE_INPUT = 257, MARSHAL_VERSION = 5 };
    code = py.Py_CompileString(source, MAESTRO_RUNTIME_FILE, FILE_INPUT);
    PyObject *bytes = code ? py.PyMarshal_WriteObjectToString(code, MARSHAL_VERSION) : NULL;
    char *data;
    Py_ssize_t size;
    if (bytes && py.PyBytes_AsStringAndSize(bytes, &data, &size) == 0)
        keep_code(source, data, size);
    py.Py_DecRef(bytes);
    return code;
}

int maestro_interp_start(struct maestro_interp *in, const char *source, const char *site_packages) {
    PyObject *module = py.PyImport_ImportModule("_maestro");
    PyObject *code = module ? runtime_code(source) : NULL;
    PyObject *builtins = code ? py.PyImport_ImportModule("builtins") : NULL;
    PyObject *site = builtins ? py.PyUnicode_FromString(site_packages) : NULL;
    PyObject *result = NULL;
    // A copy: a builtin that the subtenant's code replaces is not what the runtime calls.
    PyObject *own = site ? py.PyDict_Copy(py.PyModule_GetDict(builtins)) : NULL;
    in->runtime = own ? py.PyDict_New() : NULL;
    if (in->runtime && py.PyDict_SetItemString(in->runtime, "__builtins__", own) == 0 &&
        py.PyDict_SetItemString(in->runtime, "site_packages", site) == 0 && maestro_iterators_check())
        result = py.PyEval_EvalCode(code, in->runtime, in->runtime);
    py.Py_DecRef(result);
    py.Py_DecRef(own);
    py.Py_DecRef(site);
    py.Py_DecRef(builtins);
    py.Py_DecRef(code);
    py.Py_DecRef(module);
    return result != NULL;
}

// Drops every reference of this package; a remaining one keeps the whole memory of
// the interpreter. Attached.
static void release(struct maestro_interp *in) {
    maestro_programs_clear(in);
    maestro_print_flush(in, 0);
    maestro_builtins_clear(in);
    maestro_output_clear(in);
    maestro_json_clear(&in->json);
    for (int i = 0; i < HOOK_COUNT; i++)
        maestro_clear(&in->hooks[i]);
    maestro_clear(&in->siblings);
    maestro_clear(&in->runtime);
    maestro_clear(&in->environ);
    maestro_clear(&in->frame_var);
    maestro_clear((PyObject **)&in->sibling_type);
    maestro_clear((PyObject **)&in->awaitable_type);
    maestro_clear(&in->module);
}

char *maestro_explain(const char *what) {
    PyObject *raised = py.PyErr_GetRaisedException();
    PyObject *text = raised ? py.PyObject_Repr(raised) : NULL;
    const char *utf8 = text ? py.PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
    char *message;
    if (asprintf(&message, "%s: %s", what, utf8 ? utf8 : "unknown reason") < 0)
        message = NULL;
    py.PyErr_Clear();
    py.Py_DecRef(text);
    py.Py_DecRef(raised);
    return message;
}

struct maestro_interp *maestro_interp_allocate(void) {
    struct maestro_interp *in = calloc(1, sizeof *in);
    if (!in)
        return NULL;
    in->id = atomic_fetch_add(&last_id, 1) + 1;
    in->generation = UINT64_MAX; // none shown yet
    pthread_mutex_init(&in->lock, NULL);
    return in;
}

void maestro_interp_bound(struct maestro_interp *in, const struct maestro_limits *limits) {
    in->limits = *limits;
    in->json.most = (size_t)limits->text;
    atomic_store(&in->memory.limit, limits->memory);
}

struct maestro_interp *maestro_interp_new(const char *runtime, const char *site_packages,
                                          const struct maestro_limits *limits, char **message) {
    struct maestro_interp *in = maestro_interp_allocate();
    PyThreadState *main = in ? py.PyThreadState_New(py.PyInterpreterState_Main()) : NULL;
    if (!main) {
        free(in);
        *message = strdup("out of memory");
        return NULL;
    }
    // Fork and exec would take the whole server along; daemon threads cost a
    // leak when they outlive an interpreter, their absence a hang.
    static const PyInterpreterConfig config = {
        .allow_threads = 1,
        .allow_daemon_threads = 1,
        .check_multi_interp_extensions = 1,
        .gil = PyInterpreterConfig_OWN_GIL,
    };
    py.PyEval_RestoreThread(main);
    PyThreadState *own = NULL;
    maestro_memory_open(&in->memory);
    maestro_memory_enter(&in->memory);
    PyStatus status = py.Py_NewInterpreterFromConfig(&own, &config);
    if (status.type != 0) {
        *message = strdup(status.err_msg ? status.err_msg : "cannot make an interpreter");
        maestro_memory_enter(NULL);
        maestro_memory_close(&in->memory);
        py.PyThreadState_Clear(main);
        py.PyThreadState_DeleteCurrent();
        free(in);
        return NULL;
    }
    in->state = py.PyInterpreterState_Get();
    maestro_count(COUNT_INTERPRETERS, 1);
    maestro_creating = in;
    maestro_here_is(in);
    maestro_place_own();
    int started = maestro_interp_start(in, runtime, site_packages);
    maestro_creating = NULL;
    if (started) {
        py.PyThreadState_Clear(own);
        py.PyThreadState_DeleteCurrent();
        maestro_interp_bound(in, limits);
    } else {
        *message = maestro_explain("start runtime");
        release(in);
        py.Py_EndInterpreter(own);
        maestro_count(COUNT_INTERPRETERS, -1);
        maestro_here_is(NULL);
        maestro_memory_close(&in->memory);
        maestro_descriptors_close(in);
        free(in);
        in = NULL;
    }
    maestro_here_is(NULL);
    // The main interpreter's thread state was left in the making of the other.
    py.PyEval_RestoreThread(main);
    py.PyThreadState_Clear(main);
    py.PyThreadState_DeleteCurrent();
    return in;
}

// Has the runtime end the threads that wait for work, once the collector of garbage calls no code of
// the subtenant any more. Attached.
static void wind_down(struct maestro_interp *in) {
    PyObject *callbacks = NULL, *function = NULL, *none = NULL;
    if (in->runtime && py.PyDict_GetItemStringRef(in->runtime, "garbage_callbacks", &callbacks) == 1)
        py.PyList_SetSlice(callbacks, 0, py.PyList_Size(callbacks), NULL);
    py.PyErr_Clear();
    py.Py_DecRef(callbacks);
    if (in->runtime && py.PyDict_GetItemStringRef(in->runtime, "wind_down", &function) == 1)
        none = py.PyObject_CallNoArgs(function);
    py.PyErr_Clear();
    py.Py_DecRef(none);
    py.Py_DecRef(function);
}

// Waits for the threads that the subtenant's code has started. Py_EndInterpreter
// joins all but the daemons too, but CPython counts a thread as joined a little
// before it deletes its thread state, and ending frees the GIL that this last
// step still uses: a crash in take_gil, seen under load. So this waits until
// their thread states are deleted. Daemons that compute after a second are
// stopped. Those that wait are left to Py_EndInterpreter, which leaks their memory. Attached with `own`; may hang for ever
// in a thread that does not end.
static void join_threads(struct maestro_interp *in, PyThreadState *own) {
    enum { PATIENCE = 1000, STOPPING = 1500 }; // milliseconds
    PyObject *threading = NULL, *shutdown = NULL, *none = NULL;
    if (py.PyDict_GetItemStringRef(py.PyImport_GetModuleDict(), "threading", &threading) == 1)
        shutdown = py.PyObject_GetAttrString(threading, "_shutdown");
    if (shutdown)
        none = py.PyObject_CallNoArgs(shutdown);
    py.PyErr_Clear();
    py.Py_DecRef(none);
    py.Py_DecRef(shutdown);
    py.Py_DecRef(threading);
    static const struct timespec moment = {.tv_nsec = 1000000};
    for (int patience = PATIENCE; patience > 0; patience--) {
        PyThreadState *state = py.PyInterpreterState_ThreadHead(in->state);
        while (state && (state == own || state == maestro_first_state))
            state = py.PyThreadState_Next(state);
        if (!state)
            return;
        py.PyEval_SaveThread();
        nanosleep(&moment, NULL);
        py.PyEval_RestoreThread(own);
    }
    maestro_left_end(in, own, STOPPING);
}

// Sets the thread that can be told to come to an end (park.h).
static void set_ender(struct maestro_interp *in, pthread_t *thread) {
    pthread_mutex_lock(&in->lock);
    in->ender = thread;
    if (!thread && atomic_exchange(&in->cut, 0)) {
        atomic_fetch_sub(&in->alarm, 1);
        atomic_fetch_sub(&maestro_alarms, 1);
    }
    pthread_mutex_unlock(&in->lock);
}

void maestro_interp_announce_end(struct maestro_interp *in) { atomic_store(&in->end_announced, 1); }

void maestro_interp_end(struct maestro_interp *in) {
    maestro_result_clear();
    atomic_store(&in->ended, 1);
    atomic_store(&in->memory.limit, 0); // CPython's end of an interpreter cannot fail
    pthread_mutex_lock(&in->lock);
    maestro_sleepers_wake_all(in);
    pthread_mutex_unlock(&in->lock);
    if (!maestro_attach(in))
        return; // no memory: leaked, as one that hangs
    PyThreadState *state = maestro_take(in);
    pthread_t self = pthread_self();
    set_ender(in, &self);
    maestro_held_clear(in);
    wind_down(in);
    maestro_children_kill(in);
    join_threads(in, state);
    if (in == maestro_main) {
        maestro_interp_leave(in, state);
    } else {
        release(in);
        py.Py_EndInterpreter(state);
    }
    set_ender(in, NULL);
    maestro_here_is(NULL);
    maestro_children_end(in);
    if (in != maestro_main) {
        maestro_memory_close(&in->memory);
        maestro_descriptors_close(in);
        if (in->rails)
            maestro_shared_remove(in->rails);
        maestro_place_clear(in);
    }
    maestro_print_discard(in); // the output of atexit functions
    maestro_count(COUNT_INTERPRETERS, -1);
}

void maestro_interp_free(struct maestro_interp *in) {
    pthread_mutex_lock(&in->lock);
    int quiet = !in->sleepers && !atomic_load(&in->threads);
    for (size_t i = 0; i < sizeof in->runs / sizeof *in->runs; i++)
        quiet = quiet && !in->runs[i];
    pthread_mutex_unlock(&in->lock);
    if (!quiet || in == maestro_main)
        return; // a thread left behind still looks at it, or may yet
    pthread_mutex_destroy(&in->lock);
    maestro_rails_free(in);
    free(in->owner);
    free(in->children.all);
    free(in);
}

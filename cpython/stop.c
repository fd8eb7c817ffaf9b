#include "stop.h"

#include "children.h"
#include "frame.h"
#include "here.h"
#include "park.h"
#include "shield.h"
#include "sleep.h"
#include "stop_check.h"
#include "thread.h"

#include <string.h>

atomic_int maestro_alarms;

// Has the threads of a call look for its stop. The lock is held.
static void alarm_for(struct maestro_interp *in, struct maestro_run *run) {
    if (run->stopping)
        return;
    run->stopping = 1;
    atomic_fetch_add(&in->alarm, 1);
    atomic_fetch_add(&maestro_alarms, 1);
}

static struct maestro_run **bucket(const struct maestro_interp *in, uint64_t call) {
    return (struct maestro_run **)&in->runs[call % (sizeof in->runs / sizeof *in->runs)];
}

void maestro_run_add(struct maestro_interp *in, struct maestro_run *run) {
    struct maestro_run **head = bucket(in, run->call);
    pthread_mutex_lock(&in->lock);
    run->in = in;
    run->next = *head;
    *head = run;
    if (run->thread) {
        run->next_carried = in->carried;
        in->carried = run;
    } else {
        in->tasks++;
    }
    pthread_mutex_unlock(&in->lock);
}

struct maestro_run *maestro_run_of_call(const struct maestro_interp *in, uint64_t call) {
    struct maestro_run *run = *bucket(in, call);
    while (run && run->call != call)
        run = run->next;
    return run;
}

#define IMPORT_FILE "<frozen importlib._bootstrap>" // the import system, without its finders and loaders

static int frame_file_is(PyFrameObject *frame, const char *file) {
    PyObject *code = py.PyObject_GetAttrString((PyObject *)frame, "f_code");
    PyObject *name = code ? py.PyObject_GetAttrString(code, "co_filename") : NULL;
    const char *text = name ? py.PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    int is = text && strcmp(text, file) == 0;
    py.PyErr_Clear();
    py.Py_DecRef(name);
    py.Py_DecRef(code);
    return is;
}

// Whether a frame is the runtime's or asyncio's: they end the task of a call that
// was stopped, in its context, and must come to the end of that.
static int is_machinery(PyFrameObject *frame) {
    PyObject *code = py.PyObject_GetAttrString((PyObject *)frame, "f_code");
    PyObject *name = code ? py.PyObject_GetAttrString(code, "co_filename") : NULL;
    const char *file = name ? py.PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    int found = file && (strcmp(file, MAESTRO_RUNTIME_FILE) == 0 || strstr(file, "python3.14/asyncio/"));
    py.PyErr_Clear();
    py.Py_DecRef(name);
    py.Py_DecRef(code);
    return found;
}

// Whether a thread that waits for the GIL is in an import. The import system locks
// and unlocks by functions in Python, and an asynchronous exception is raised at the
// thread's next check, not where it was when it was told: that check may be the
// beginning of an unlocking function, and every later import would then wait for
// ever. The trace function, which follows, raises where it is called.
int maestro_is_importing(PyThreadState *state) {
    enum { DEEPEST = 64 }; // frames within the import: from further in, the next check comes before its end
    PyObject *frame = (PyObject *)py.PyThreadState_GetFrame(state);
    int importing = 0;
    for (int depth = 0; frame && !importing && depth < DEEPEST; depth++) {
        importing = frame_file_is((PyFrameObject *)frame, IMPORT_FILE);
        PyObject *back = py.PyObject_GetAttrString(frame, "f_back"); // None after the last
        py.Py_DecRef(frame);
        frame = back;
        if (back && back == py.Py_GetConstantBorrowed(Py_CONSTANT_NONE))
            break;
    }
    py.PyErr_Clear();
    py.Py_DecRef(frame);
    return importing;
}

int maestro_is_import_step(PyThreadState *state) {
    PyFrameObject *frame = py.PyThreadState_GetFrame(state);
    int found = frame && frame_file_is(frame, IMPORT_FILE);
    py.Py_DecRef((PyObject *)frame);
    return found;
}

// Raises Stopped on every event of a thread whose call is to be stopped: code
// that swallows one exception meets the next on its following line. Threads of
// other calls pass.
static int trace(PyObject *self, PyFrameObject *frame, int what, PyObject *argument) {
    struct maestro_interp *in = maestro_of(self);
    if (!in || !maestro_stop_exception(in))
        return 0;
    // The exception that is being traced is not changed.
    if (py.PyErr_Occurred() || maestro_shielded(in, py.PyThread_get_thread_ident()))
        return 0;
    struct maestro_run *run = maestro_run_of_call(in, MAESTRO_CALL_OF(maestro_frame(in)));
    int evicted = !run && atomic_load(&maestro_here.evicted) == EVICTED_AND_TRACED && maestro_is_evicted(in);
    if (!(evicted || (run && run->tracing)) || is_machinery(frame) || frame_file_is(frame, IMPORT_FILE))
        return 0;
    if (run)
        run->interrupted++;
    // One that is still to be raised would be raised in what cleans up behind this one.
    py.PyThreadState_SetAsyncExc(py.PyThread_get_thread_ident(), NULL);
    py.PyErr_SetNone(maestro_stop_exception(in));
    return -1;
}

PyObject *maestro_stop_exception(struct maestro_interp *in) {
    return atomic_load(&in->ended) ? py.PyExc_SystemExit : in->hooks[HOOK_STOPPED];
}

void maestro_trace_all(struct maestro_interp *in) { py.PyEval_SetTraceAllThreads(trace, in->module); }

int maestro_is_evicted(struct maestro_interp *in) {
    // An event loop's thread works for many calls: only a task that one has left behind is meant.
    return atomic_load(&maestro_here.evicted) && (!maestro_here.worker || maestro_claim(in)) && !maestro_frame(in);
}

void maestro_run_remove(struct maestro_interp *in, struct maestro_run *run) {
    pthread_mutex_lock(&in->lock);
    struct maestro_run **link = bucket(in, run->call);
    while (*link != run)
        link = &(*link)->next;
    *link = run->next;
    if (run->thread) {
        for (link = &in->carried; *link != run;)
            link = &(*link)->next_carried;
        *link = run->next_carried;
    } else {
        in->tasks--;
        in->tasks_ended++;
    }
    if (run->stopping) {
        atomic_fetch_sub(&in->alarm, 1);
        atomic_fetch_sub(&maestro_alarms, 1);
    }
    pthread_mutex_unlock(&in->lock);
    if (!run->stopping)
        return;
    if (run->thread)
        py.PyThreadState_SetAsyncExc(run->thread, NULL);
    if (!run->tracing)
        return;
    if (--in->tracing == 0)
        py.PyEval_SetTraceAllThreads(NULL, NULL);
    else if (run->thread)
        py.PyEval_SetTrace(NULL, NULL);
}

// The thread state of a thread, or NULL.
static PyThreadState *state_of(struct maestro_interp *in, unsigned long thread) {
    PyThreadState *state = py.PyInterpreterState_ThreadHead(in->state);
    while (state && maestro_thread_of(state) != thread)
        state = py.PyThreadState_Next(state);
    return state;
}

// Tells a thread to stop, unless it will be told when its shield comes down. One that is
// importing is told by the trace function, or where it waits.
static void tell(struct maestro_interp *in, struct maestro_run *run, unsigned long thread) {
    PyThreadState *state = state_of(in, thread);
    if (!state || maestro_shielded(in, thread))
        return;
    if (maestro_is_importing(state)) {
        atomic_fetch_add(&run->knocks, 1);
    } else {
        run->interrupted += !maestro_async_of(state);
        py.PyThreadState_SetAsyncExc(thread, in->hooks[HOOK_STOPPED]);
    }
    maestro_thread_interrupt(thread);
}

// The identifiers of the threads that run for a call at this moment: no Python
// code runs while they are looked for. New reference, or NULL.
static PyObject *threads_of(struct maestro_interp *in, uint64_t call) {
    enum { MOST = 512 };
    unsigned long found[MOST];
    Py_ssize_t count = 0;
    for (PyThreadState *state = py.PyInterpreterState_ThreadHead(in->state); state && count < MOST;
         state = py.PyThreadState_Next(state))
        if (maestro_call_of_thread(in, state) == call)
            found[count++] = maestro_thread_of(state);
    PyObject *threads = py.PyTuple_New(count);
    for (Py_ssize_t i = 0; threads && i < count; i++) {
        PyObject *identifier = py.PyLong_FromUnsignedLongLong(found[i]);
        if (!identifier || py.PyTuple_SetItem(threads, i, identifier) < 0)
            maestro_clear(&threads);
    }
    return threads;
}

// Raises in every thread that runs for the call now. One that is asleep is
// woken and raises in an orderly way; it is spared for once, also when it was woken
// before this thread got the GIL and is on its way out.
static void raise_in(struct maestro_interp *in, struct maestro_run *run, PyObject *threads) {
    for (Py_ssize_t i = 0; i < py.PyTuple_Size(threads); i++) {
        unsigned long thread = (unsigned long)py.PyLong_AsUnsignedLongLong(py.PyTuple_GetItem(threads, i));
        if (thread != run->thread || run->told || !(run->asleep || run->roused))
            tell(in, run, thread);
    }
    run->told = 1;
}

// Carries out a rung. Returns whether a thread ran for the call.
static int climb(struct maestro_interp *in, struct maestro_run *run, int rung) {
    uint64_t call = run->call;
    PyObject *threads = threads_of(in, call);
    int executing = threads && py.PyTuple_Size(threads) > 0;
    if (threads && (rung == STOP_RAISE || rung == STOP_TRACE))
        raise_in(in, run, threads);
    for (Py_ssize_t i = 0; rung == STOP_PARK && i < (threads ? py.PyTuple_Size(threads) : 0); i++)
        maestro_park_thread((unsigned long)py.PyLong_AsUnsignedLongLong(py.PyTuple_GetItem(threads, i)));
    if (rung == STOP_TRACE) {
        in->tracing += !run->tracing;
        run->tracing = 1;
        maestro_trace_all(in);
    }
    // From here on Python code runs here, which may let the GIL go: the run
    // may be over afterwards, and is not looked at again.
    PyObject *arguments[] = {py.PyLong_FromUnsignedLongLong(call), threads, py.PyLong_FromLongLong(rung)};
    if (arguments[0] && threads && arguments[2] && in->hooks[HOOK_INTERRUPT])
        py.Py_DecRef(py.PyObject_Vectorcall(in->hooks[HOOK_INTERRUPT], arguments, 3, NULL));
    py.PyErr_Clear();
    for (int i = 0; i < 3; i++)
        py.Py_DecRef(arguments[i]);
    return executing;
}

int maestro_stop(struct maestro_interp *in, uint64_t ticket, int rung) {
    maestro_block_sigpipe(); // waking an event loop writes to a socket
    maestro_here_is(in);
    maestro_memory_reserve(1); // also where the subtenant has reached its bound
    // A thread state for this errand alone: the thread is disposable.
    PyThreadState *state = py.PyThreadState_New(in->state);
    if (!state)
        return 0;
    py.PyEval_RestoreThread(state);
    struct maestro_run *run = atomic_load(&in->ended) ? NULL : maestro_run_of_call(in, ticket);
    int answer = 0;
    if (run) {
        pthread_mutex_lock(&in->lock);
        alarm_for(in, run);
        maestro_sleepers_wake(in, run->call);
        pthread_mutex_unlock(&in->lock);
        maestro_children_stop(in, run->call);
        answer = climb(in, run, rung) ? STOP_EXECUTING : STOP_WAITING;
    }
    py.PyThreadState_Clear(state);
    py.PyThreadState_DeleteCurrent();
    maestro_memory_reserve(0);
    maestro_here_is(NULL);
    return answer;
}

void maestro_wake(struct maestro_interp *in, uint64_t ticket) {
    pthread_mutex_lock(&in->lock);
    struct maestro_run *run = maestro_run_of_call(in, ticket);
    if (run) {
        alarm_for(in, run);
        maestro_sleepers_wake(in, run->call);
    }
    pthread_mutex_unlock(&in->lock);
}

void maestro_knock(struct maestro_interp *in, uint64_t ticket) {
    pthread_mutex_lock(&in->lock);
    struct maestro_run *run = maestro_run_of_call(in, ticket);
    if (run) {
        alarm_for(in, run);
        atomic_fetch_add(&run->knocks, 1);
        atomic_fetch_add(&run->refusals, 1);
        if (run->thread)
            maestro_thread_interrupt(run->thread);
    }
    pthread_mutex_unlock(&in->lock);
}

int maestro_running(struct maestro_interp *in, uint64_t ticket) {
    pthread_mutex_lock(&in->lock);
    int found = maestro_run_of_call(in, ticket) != NULL;
    pthread_mutex_unlock(&in->lock);
    return found;
}

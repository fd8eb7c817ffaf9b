#include "stop.h"

#include "children.h"
#include "frame.h"
#include "here.h"
#include "shield.h"
#include "sleep.h"
#include "thread.h"

void maestro_run_enter(struct maestro_interp *in, struct maestro_run *run) {
    run->thread = py.PyThread_get_thread_ident();
    pthread_mutex_lock(&in->lock);
    run->next = in->runs;
    in->runs = run;
    pthread_mutex_unlock(&in->lock);
}

struct maestro_run *maestro_run_of_call(const struct maestro_interp *in, uint64_t call) {
    struct maestro_run *run = in->runs;
    while (run && run->call != call)
        run = run->next;
    return run;
}

static struct maestro_run *run_of_ticket(struct maestro_interp *in, uint64_t ticket) {
    struct maestro_run *run = in->runs;
    while (run && run->ticket != ticket)
        run = run->next;
    return run;
}

// Raises Stopped on every event of a thread whose call is to be stopped: code
// that swallows one exception meets the next on its following line. Threads of
// other calls pass.
static int trace(PyObject *self, PyFrameObject *frame, int what, PyObject *argument) {
    struct maestro_interp *in = maestro_of(self);
    if (!in || !in->hooks[HOOK_STOPPED])
        return 0;
    // The exception that is being traced stays as it is.
    if (py.PyErr_Occurred() || maestro_shielded(in, py.PyThread_get_thread_ident()))
        return 0;
    struct maestro_run *run = maestro_run_of_call(in, MAESTRO_CALL_OF(maestro_frame(in)));
    if (!run || !run->tracing)
        return 0;
    run->interrupted = 1;
    py.PyErr_SetNone(in->hooks[HOOK_STOPPED]);
    return -1;
}

void maestro_run_leave(struct maestro_interp *in, struct maestro_run *run) {
    pthread_mutex_lock(&in->lock);
    struct maestro_run **link = &in->runs;
    while (*link != run)
        link = &(*link)->next;
    *link = run->next;
    pthread_mutex_unlock(&in->lock);
    if (!run->stopping)
        return;
    py.PyThreadState_SetAsyncExc(run->thread, NULL);
    if (!run->tracing)
        return;
    struct maestro_run *other = in->runs;
    while (other && !other->tracing)
        other = other->next;
    if (!other) {
        py.PyEval_SetTraceAllThreads(NULL, NULL);
        in->tracing = 0;
    } else {
        py.PyEval_SetTrace(NULL, NULL);
    }
}

// Tells a thread to stop, unless it will be told when its shield comes down.
static void tell(struct maestro_interp *in, struct maestro_run *run, unsigned long thread) {
    if (maestro_shielded(in, thread))
        return;
    run->interrupted = 1;
    py.PyThreadState_SetAsyncExc(thread, in->hooks[HOOK_STOPPED]);
}

// Gives the exception to the call's own thread and to those that it started. A
// thread that is asleep is woken and raises in an orderly way; it is spared for
// once.
static void interrupt(struct maestro_interp *in, struct maestro_run *run) {
    uint64_t call = run->call;
    if (run->told || !run->asleep)
        tell(in, run, run->thread);
    run->told = 1;
    // From here on Python code runs here, which may let the GIL go: the run
    // may be over afterwards, and is not looked at again.
    PyObject *number = py.PyLong_FromUnsignedLongLong(call);
    PyObject *threads = number ? py.PyObject_CallOneArg(in->hooks[HOOK_THREADS], number) : NULL;
    Py_ssize_t count = threads && threads->ob_type == py.PyList_Type ? py.PyList_Size(threads) : 0;
    for (Py_ssize_t i = 0; i < count && (run = maestro_run_of_call(in, call)); i++)
        tell(in, run, (unsigned long)py.PyLong_AsUnsignedLongLong(py.PyList_GetItem(threads, i)));
    py.PyErr_Clear();
    py.Py_DecRef(threads);
    py.Py_DecRef(number);
}

int maestro_stop(struct maestro_interp *in, uint64_t ticket, int rung) {
    maestro_block_sigpipe(); // waking an event loop writes to a socket
    maestro_here_is(in);
    // A thread state for this errand alone: the thread is disposable.
    PyThreadState *state = py.PyThreadState_New(in->state);
    if (!state)
        return 0;
    py.PyEval_RestoreThread(state);
    struct maestro_run *run = atomic_load(&in->ended) ? NULL : run_of_ticket(in, ticket);
    int found = run != NULL;
    if (found) {
        pthread_mutex_lock(&in->lock);
        run->stopping = 1;
        maestro_sleepers_wake(in, run->call);
        pthread_mutex_unlock(&in->lock);
        maestro_children_stop(in, run->call);
        if (rung > 0) {
            run->tracing = 1;
            if (!in->tracing)
                py.PyEval_SetTraceAllThreads(trace, in->module);
            in->tracing = 1;
        }
        interrupt(in, run);
    }
    py.PyThreadState_Clear(state);
    py.PyThreadState_DeleteCurrent();
    return found;
}

void maestro_wake(struct maestro_interp *in, uint64_t ticket) {
    pthread_mutex_lock(&in->lock);
    struct maestro_run *run = run_of_ticket(in, ticket);
    if (run) {
        run->stopping = 1;
        maestro_sleepers_wake(in, run->call);
    }
    pthread_mutex_unlock(&in->lock);
}

int maestro_running(struct maestro_interp *in, uint64_t ticket) {
    pthread_mutex_lock(&in->lock);
    int found = run_of_ticket(in, ticket) != NULL;
    pthread_mutex_unlock(&in->lock);
    return found;
}

#include "sleep.h"

#include "frame.h"
#include "stop.h"

#include <math.h>
#include <time.h>

// One thread asleep; it lives on that thread's C stack.
struct maestro_sleeper {
    uint64_t call;
    int woken;
    pthread_cond_t wake;
    struct maestro_sleeper *next;
};

void maestro_sleepers_wake(struct maestro_interp *in, uint64_t call) {
    for (struct maestro_sleeper *sleeper = in->sleepers; sleeper; sleeper = sleeper->next)
        if (sleeper->call == call) {
            sleeper->woken = 1;
            pthread_cond_signal(&sleeper->wake);
        }
}

void maestro_sleepers_wake_all(struct maestro_interp *in) {
    for (struct maestro_sleeper *sleeper = in->sleepers; sleeper; sleeper = sleeper->next) {
        sleeper->woken = 1;
        pthread_cond_signal(&sleeper->wake);
    }
}

// Whether the call that a frame belongs to has been told to stop. The lock is held.
static int stopping(struct maestro_interp *in, uint64_t call) {
    struct maestro_run *run = maestro_run_of_call(in, call);
    return run && run->stopping;
}

// Waits for the deadline or a wake-up. No GIL; takes and releases the lock.
static int doze(struct maestro_interp *in, uint64_t call, const struct timespec *deadline) {
    struct maestro_sleeper sleeper = {.call = call, .wake = PTHREAD_COND_INITIALIZER};
    pthread_mutex_lock(&in->lock);
    sleeper.next = in->sleepers;
    in->sleepers = &sleeper;
    sleeper.woken = stopping(in, call);
    while (!sleeper.woken && pthread_cond_clockwait(&sleeper.wake, &in->lock, CLOCK_MONOTONIC, deadline) == 0)
        ;
    struct maestro_sleeper **link = &in->sleepers;
    while (*link != &sleeper)
        link = &(*link)->next;
    *link = sleeper.next;
    int woken = sleeper.woken;
    pthread_mutex_unlock(&in->lock);
    pthread_cond_destroy(&sleeper.wake);
    return woken;
}

int maestro_sleep(struct maestro_interp *in, double seconds) {
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    double whole = floor(seconds);
    deadline.tv_sec += (time_t)whole;
    deadline.tv_nsec += (long)((seconds - whole) * 1e9);
    if (deadline.tv_nsec >= 1000000000L) {
        deadline.tv_nsec -= 1000000000L;
        deadline.tv_sec++;
    }
    uint64_t call = MAESTRO_CALL_OF(maestro_frame(in));
    struct maestro_run *run = maestro_run_of_call(in, call);
    if (run && run->thread != py.PyThread_get_thread_ident())
        run = NULL; // a thread that the call has started
    if (run)
        run->asleep = 1;
    PyThreadState *state = py.PyEval_SaveThread();
    int woken = doze(in, call, &deadline);
    py.PyEval_RestoreThread(state);
    if (run) { // it is this thread's: still there
        run->asleep = 0;
        woken = woken || run->told; // spared when its sleep was just over
        run->roused = woken;
    }
    if (!woken)
        return 1;
    if (!run) // told as well: once is enough
        py.PyThreadState_SetAsyncExc(py.PyThread_get_thread_ident(), NULL);
    PyObject *stopped = maestro_stop_exception(in);
    py.PyErr_SetNone(stopped ? stopped : py.PyExc_KeyboardInterrupt);
    return 0;
}

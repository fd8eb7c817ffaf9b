#include "left.h"

#include "frame.h"
#include "here.h"
#include "park.h"
#include "shield.h"
#include "stop.h"
#include "stop_check.h"
#include "thread.h"

#include <time.h>

enum { MILLISECOND = 1000000 };

// How long a thread has for each rung.
enum { TRACE_AFTER = 200 * MILLISECOND, PARK_AFTER = 1500 * MILLISECOND };

// A thread that has used less since it was looked at last has stopped to compute.
enum { AT_REST = 2 * MILLISECOND };

static int64_t read_clock(clockid_t clock) {
    struct timespec time;
    return clock_gettime(clock, &time) == 0 ? time.tv_sec * 1000000000LL + time.tv_nsec : 0;
}

static int64_t used_by(const struct maestro_native *native) {
    clockid_t clock;
    return pthread_getcpuclockid(native->thread, &clock) == 0 ? read_clock(clock) : 0;
}

int64_t maestro_left_used(struct maestro_interp *in) {
    int64_t used = 0;
    pthread_mutex_lock(&in->lock);
    for (struct maestro_native *native = in->begun; native; native = native->next) {
        int64_t now = used_by(native);
        used += now - native->seen;
        native->seen = now;
    }
    pthread_mutex_unlock(&in->lock);
    return used;
}

static struct maestro_native *native_of(struct maestro_interp *in, unsigned long thread) {
    pthread_mutex_lock(&in->lock);
    struct maestro_native *native = in->begun;
    while (native && (unsigned long)native->thread != thread)
        native = native->next;
    pthread_mutex_unlock(&in->lock);
    return native;
}

// Charges a thread and reports whether it has used up its budget.
static int charge(struct maestro_interp *in, struct maestro_native *native, PyThreadState *state, int64_t now,
                  const struct maestro_left_limits *limits) {
    int64_t time = used_by(native), used = time - native->charged;
    int64_t passed = native->looked ? now - native->looked : 0;
    native->charged = time;
    native->looked = now;
    native->rests = used < AT_REST ? native->rests + 1 : 0;
    uint64_t claim = maestro_claim_of_thread(in, state);
    if (maestro_call_of_thread(in, state) || (native->loop && !claim)) {
        used = 0; // it works for a call, or has worked for some since
        native->rests = 2;
    }
    const struct maestro_budget *budget = claim ? &limits->left : &limits->own;
    native->level -= (int64_t)(budget->refill * (double)passed);
    native->level = (native->level > 0 ? native->level : 0) + used;
    return native->level > budget->most;
}

static void pardon(struct maestro_interp *in, struct maestro_native *native) {
    native->since = native->level = 0;
    atomic_store(&native->here->evicted, 0);
    atomic_fetch_sub(&in->alarm, 1);
    atomic_fetch_sub(&maestro_alarms, 1);
}

// Takes the next step to stop a thread. The GIL is held, and the thread is another one.
static void evict(struct maestro_interp *in, struct maestro_native *native, PyThreadState *state, int64_t now) {
    unsigned long thread = maestro_thread_of(state);
    if (!native->since) {
        native->since = now;
        atomic_fetch_add(&in->alarm, 1);
        atomic_fetch_add(&maestro_alarms, 1);
    }
    int traced = native->loop || now - native->since >= TRACE_AFTER;
    atomic_store(&native->here->evicted, traced ? EVICTED_AND_TRACED : EVICTED);
    if (!native->loop && !maestro_shielded(in, thread) && !maestro_is_importing(state))
        py.PyThreadState_SetAsyncExc(thread, in->hooks[HOOK_STOPPED]);
    maestro_thread_interrupt(thread);
    if (now - native->since >= PARK_AFTER)
        maestro_park_thread(thread);
}

// Sets or removes the trace function, if threads need it now or did. Attached.
static void trace(struct maestro_interp *in, int wanted) {
    if (in->evict_tracing == wanted && !wanted)
        return;
    in->tracing += wanted - in->evict_tracing;
    in->evict_tracing = wanted;
    if (in->tracing > 0)
        maestro_trace_all(in);
    else
        py.PyEval_SetTraceAllThreads(NULL, NULL);
}

int maestro_left_judge(struct maestro_interp *in, const struct maestro_left_limits *limits, int *fresh) {
    maestro_block_sigpipe();
    maestro_here_is(in);
    *fresh = 0;
    PyThreadState *own = py.PyThreadState_New(in->state);
    if (!own)
        return 0;
    py.PyEval_RestoreThread(own);
    int evicted = 0, traced = 0;
    if (atomic_exchange(&in->wedged, 0)) {
        atomic_fetch_sub(&in->alarm, 1);
        atomic_fetch_sub(&maestro_alarms, 1);
    }
    int64_t now = read_clock(CLOCK_MONOTONIC);
    // No thread of the list comes to its end while the GIL is held.
    PyThreadState *state =
        atomic_load(&in->ended) || !in->hooks[HOOK_STOPPED] ? NULL : py.PyInterpreterState_ThreadHead(in->state);
    for (; state; state = py.PyThreadState_Next(state)) {
        struct maestro_native *native = state == own ? NULL : native_of(in, maestro_thread_of(state));
        if (!native)
            continue;
        int over = charge(in, native, state, now, limits);
        if (native->since && native->rests >= 2)
            pardon(in, native);
        else if (over || native->since) {
            *fresh += !native->since;
            evict(in, native, state, now);
            evicted++;
            traced += atomic_load(&native->here->evicted) == EVICTED_AND_TRACED;
        }
    }
    trace(in, traced > 0);
    py.PyThreadState_Clear(own);
    py.PyThreadState_DeleteCurrent();
    return evicted;
}

static void interrupt(pthread_t thread, void *unused) { maestro_thread_interrupt((unsigned long)thread); }

void maestro_left_knock(struct maestro_interp *in) {
    pthread_mutex_lock(&in->lock);
    if (!atomic_exchange(&in->wedged, 1)) {
        atomic_fetch_add(&in->alarm, 1);
        atomic_fetch_add(&maestro_alarms, 1);
    }
    atomic_fetch_add(&in->knocks, 1);
    maestro_threads_each(in, interrupt, NULL);
    pthread_mutex_unlock(&in->lock);
}

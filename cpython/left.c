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

// How long an event loop is freed of the tasks that keep it, before the interpreter is given up: the next
// calls of its subtenant wait for it.
enum { LOOP_LOST_AFTER = 500 * MILLISECOND };

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
    int64_t used = atomic_load(&in->chained);
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

static int64_t refilled(int64_t level, const struct maestro_budget *budget, int64_t passed) {
    level -= (int64_t)(budget->refill * (double)passed);
    return level > 0 ? level : 0;
}

// Finds what a thread has used for no running call since it was looked at last.
static void look(struct maestro_interp *in, struct maestro_native *native, PyThreadState *state) {
    int64_t time = used_by(native);
    native->used = native->known ? time - native->charged : 0;
    native->known = 1;
    native->charged = time;
    // A thread of the module _thread has no context, which would tell its call.
    native->claims = maestro_claim_of_thread(in, state) || (native->here->frame && !maestro_has_context(state));
    // A loop lets the GIL go between its tasks: what it has used is a left task's if no call was
    // on it all the time.
    int served = native->loop && (in->tasks || native->tasks != in->tasks_ended);
    native->tasks = in->tasks_ended;
    int works = maestro_call_of_thread(in, state) || (served && !native->claims);
    if (works)
        native->used = 0; // for a call
    native->claims = native->claims || native->loop;
    native->rests = works ? 2 : native->used < AT_REST ? native->rests + 1 : 0;
}

int maestro_left_begins(struct maestro_interp *in) {
    if (!py.PyThreadState_GetUnchecked() || maestro_frame(in) || !maestro_claim(in))
        return 0;
    return in->refusing ? -1 : 1;
}

void maestro_left_ended(struct maestro_interp *in, const struct maestro_native *native) {
    if (native->left)
        atomic_fetch_add(&in->chained, read_clock(CLOCK_THREAD_CPUTIME_ID) - native->charged);
}

void maestro_left_settle(void) {
    struct maestro_native *native = maestro_here.native;
    if (native)
        native->charged = used_by(native);
}

void maestro_left_settle_call(struct maestro_interp *in, uint64_t call) {
    if (!in->begun)
        return;
    for (PyThreadState *state = py.PyInterpreterState_ThreadHead(in->state); state; state = py.PyThreadState_Next(state)) {
        struct maestro_native *native = native_of(in, maestro_thread_of(state));
        if (native && !native->loop && maestro_call_of_thread(in, state) == call)
            native->charged = used_by(native);
    }
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
        py.PyThreadState_SetAsyncExc(thread, maestro_stop_exception(in));
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

int maestro_left_judge(struct maestro_interp *in, const struct maestro_left_limits *limits,
                       struct maestro_left_found *found) {
    maestro_block_sigpipe();
    maestro_here_is(in);
    *found = (struct maestro_left_found){0};
    PyThreadState *own = py.PyThreadState_New(in->state);
    if (!own)
        return 0;
    py.PyEval_RestoreThread(own);
    int evicted = 0, traced = 0;
    in->wedges++;
    if (atomic_exchange(&in->wedged, 0)) {
        atomic_fetch_sub(&in->alarm, 1);
        atomic_fetch_sub(&maestro_alarms, 1);
    }
    int64_t now = read_clock(CLOCK_MONOTONIC);
    // No thread of the list comes to its end while the GIL is held.
    PyThreadState *first = atomic_load(&in->ended) ? NULL : py.PyInterpreterState_ThreadHead(in->state);
    int64_t passed = in->looked ? now - in->looked : 0;
    in->looked = now;
    in->level = refilled(in->level, &limits->left, passed);
    int64_t chained = atomic_exchange(&in->chained, 0);
    in->level += chained;
    for (PyThreadState *state = first; state; state = py.PyThreadState_Next(state)) {
        struct maestro_native *native = state == own ? NULL : native_of(in, maestro_thread_of(state));
        if (!native)
            continue;
        look(in, native, state);
        if (native->claims)
            in->level += native->used; // they share one budget, as they share one GIL
        else
            native->level = refilled(native->level, &limits->own, passed) + native->used;
    }
    for (PyThreadState *state = first; state; state = py.PyThreadState_Next(state)) {
        struct maestro_native *native = state == own ? NULL : native_of(in, maestro_thread_of(state));
        if (!native)
            continue;
        int over =
            native->claims ? in->level > limits->left.most && native->used >= AT_REST : native->level > limits->own.most;
        if (native->since && native->rests >= 2) {
            pardon(in, native);
        } else if (native->since || over) {
            found->fresh += !native->since;
            evict(in, native, state, now);
            found->loop |= native->loop && now - native->since >= LOOP_LOST_AFTER;
            evicted++;
            traced += atomic_load(&native->here->evicted) == EVICTED_AND_TRACED;
        }
    }
    int refusing = in->level > limits->left.most && (in->refusing || chained >= AT_REST);
    found->fresh += refusing && !in->refusing;
    in->refusing = refusing;
    found->fresh += in->knocked;
    in->knocked = 0;
    trace(in, traced > 0);
    py.PyThreadState_Clear(own);
    py.PyThreadState_DeleteCurrent();
    return evicted;
}

// Whether a thread has computed in each of the last rounds.
static int computes(struct maestro_native *native) {
    enum { ROUNDS = 3 };
    int64_t time = used_by(native);
    int much = native->known && time - native->charged >= AT_REST;
    native->known = 1;
    native->charged = time;
    native->rests = much ? native->rests - 1 : 0;
    return native->rests <= -ROUNDS;
}

void maestro_left_end(struct maestro_interp *in, PyThreadState *own, int patience) {
    enum { ROUND = 20, QUIET = 8 }; // milliseconds, rounds
    static const struct timespec moment = {.tv_nsec = ROUND * MILLISECOND};
    int64_t begun = read_clock(CLOCK_MONOTONIC);
    for (int left = patience, quiet = 0; left > 0 && quiet < QUIET; left -= ROUND) {
        int found = 0;
        int64_t now = read_clock(CLOCK_MONOTONIC);
        for (PyThreadState *state = py.PyInterpreterState_ThreadHead(in->state); state;
             state = py.PyThreadState_Next(state)) {
            struct maestro_native *native = state == own ? NULL : native_of(in, maestro_thread_of(state));
            if (native && (computes(native) || native->since)) {
                evict(in, native, state, now);
                found = 1;
            }
        }
        quiet = found ? 0 : quiet + 1;
        trace(in, found && now - begun >= TRACE_AFTER);
        py.PyEval_SaveThread();
        nanosleep(&moment, NULL);
        py.PyEval_RestoreThread(own);
    }
    trace(in, 0);
}

void maestro_left_knock(struct maestro_interp *in) {
    pthread_mutex_lock(&in->lock);
    if (!atomic_exchange(&in->wedged, 1)) {
        atomic_fetch_add(&in->alarm, 1);
        atomic_fetch_add(&maestro_alarms, 1);
    }
    atomic_fetch_add(&in->knocks, 1);
    pthread_mutex_unlock(&in->lock);
}

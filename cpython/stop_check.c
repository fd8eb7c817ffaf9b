#include "stop_check.h"

#include "code_redirect.h"
#include "frame.h"
#include "here.h"
#include "libc_link.h"
#include "park.h"
#include "shield.h"
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

// Whether an order to the calling thread's call has not reached this thread yet.
static int is_news(const struct maestro_run *run) {
    unsigned knocks = atomic_load_explicit(&run->knocks, memory_order_relaxed);
    return knocks != (maestro_here.heard_call == run->call ? maestro_here.heard : 0);
}

// Whether the thread keeps the GIL, for no call, from what would stop it (left.h): it has
// heard several knocks while a judge has waited for the GIL. One that has got the GIL
// only now hears one at most.
static int is_knock(struct maestro_interp *in) {
    enum { ENOUGH = 3 };
    if (!atomic_load_explicit(&in->wedged, memory_order_relaxed) || (maestro_here.worker && !maestro_claim(in)))
        return 0;
    unsigned knocks = atomic_load_explicit(&in->knocks, memory_order_relaxed);
    if (maestro_here.wedge != in->wedges) {
        maestro_here.wedge = in->wedges;
        maestro_here.heard_count = 0;
        maestro_here.heard_knocks = knocks - 1;
    }
    if (maestro_here.heard_knocks == knocks)
        return 0;
    maestro_here.heard_knocks = knocks;
    return ++maestro_here.heard_count >= ENOUGH;
}

// Whether the thread has not heard yet that the end of its interpreter is cut short.
static int is_cut(struct maestro_interp *in) {
    unsigned cut = (unsigned)atomic_load_explicit(&in->cut, memory_order_relaxed);
    if (maestro_here.heard_cut == cut)
        return 0;
    maestro_here.heard_cut = cut;
    return 1;
}

static int answer(struct maestro_interp *in) {
    unsigned long thread = py.PyThread_get_thread_ident();
    PyThreadState *state = py.PyThreadState_GetUnchecked();
    if (state && atomic_load_explicit(&in->cut, memory_order_relaxed) && !py.PyErr_Occurred() && is_cut(in)) {
        py.PyErr_SetNone(py.PyExc_SystemExit);
        return -1;
    }
    if (!state || !in->hooks[HOOK_STOPPED] || py.PyErr_Occurred() || maestro_shielded(in, thread))
        return 0;
    struct maestro_run *run = maestro_run_of_call(in, MAESTRO_CALL_OF(maestro_frame(in)));
    int told = maestro_async_of(state) != NULL;
    if (!(told || (run ? run->stopping && is_news(run) : is_knock(in))) || maestro_is_import_step(state))
        return 0;
    if (!run && !told)
        in->knocked++;
    if (run) {
        maestro_here.heard_call = run->call;
        maestro_here.heard = atomic_load_explicit(&run->knocks, memory_order_relaxed);
    }
    if (told) { // it is raised here, and not at the next line
        py.PyThreadState_SetAsyncExc(thread, NULL);
        if (run)
            run->interrupted -= run->interrupted > 0;
    }
    py.PyErr_SetNone(maestro_stop_exception(in));
    return -1;
}

int maestro_stop_check(void) {
    // Looking for the call runs Python's code, which comes here again where it has no
    // memory and describes that.
    static __thread int looking;
    struct maestro_interp *in = maestro_here.in;
    if (!in || looking || !atomic_load_explicit(&in->alarm, memory_order_relaxed))
        return 0;
    looking = 1;
    maestro_memory_reserve(1);
    int result = answer(in);
    maestro_memory_reserve(0);
    looking = 0;
    return result;
}

int maestro_stop_refuses(void) {
    struct maestro_interp *in = maestro_here.in;
    if (!atomic_load_explicit(&maestro_alarms, memory_order_relaxed) || !in || !py.PyThreadState_GetUnchecked())
        return 0;
    pthread_mutex_lock(&in->lock);
    struct maestro_run *run = maestro_run_of_call(in, MAESTRO_CALL_OF(maestro_here.frame));
    unsigned refusals = run && run->stopping ? atomic_load_explicit(&run->refusals, memory_order_relaxed) : 0;
    pthread_mutex_unlock(&in->lock);
    if (!refusals || refusals == maestro_here.refused)
        return 0;
    maestro_here.refused = refusals;
    return 1;
}

static int check_signals(void) { return maestro_stop_check() < 0 ? -1 : py.PyErr_CheckSignals(); }

static int make_pending_calls(void) { return maestro_stop_check() < 0 ? -1 : py.Py_MakePendingCalls(); }

// In a libpython that has no references to them (code_redirect.h), without the originals: Python
// handles no signals here, and pending calls are made by the next step of Python code.
static int check_alone(void) { return maestro_stop_check(); }

void maestro_thread_interrupt(unsigned long thread) { pthread_kill((pthread_t)thread, MAESTRO_SIGNAL); }

// One signal has two meanings: with a value it asks the thread to park (park.h),
// without one it only ends a wait in the kernel.
static void on_signal(int signal, siginfo_t *info, void *context) {
    int number = errno;
    if (info->si_code == SI_QUEUE)
        maestro_park_here((uint64_t)(uintptr_t)info->si_value.sival_ptr, context);
    errno = number;
}

char *maestro_stop_signal_load(void) {
    // On the alternate stack where there is one: the thread may be Go's own by then,
    // on a stack of a few kilobytes. Without SA_RESTART, to end the wait.
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    if (sigaction(MAESTRO_SIGNAL, &action, NULL) != 0)
        return strdup("install the signal that interrupts waits");
    return NULL;
}

char *maestro_stop_check_load(void) {
    char *message = maestro_stop_signal_load();
    if (message)
        return message;
    const struct maestro_reference references[] = {
        {"PyErr_CheckSignals", (void *)check_signals},
        {"Py_MakePendingCalls", (void *)make_pending_calls},
    };
    enum { COUNT = sizeof references / sizeof *references };
    unsigned char found[COUNT] = {0};
    void *const originals[COUNT] = {(void *)py.PyErr_CheckSignals, (void *)py.Py_MakePendingCalls};
    message = maestro_link_search(py.library, references, COUNT, found);
    for (int i = 0; i < COUNT && !message; i++)
        if (!found[i])
            message = maestro_code_redirect(originals[i], (void *)check_alone);
    return message;
}

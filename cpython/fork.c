#include "fork.h"

#include "descriptor.h"
#include "go_gate.h"
#include "here.h"
#include "interp.h"
#include "libc_map.h"
#include "load.h"
#include "stop.h"
#include "thread.h"
#include "zygote.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

// Another thread may hold a lock at the moment of the fork, and would for ever in the child.
static void before(void) {
    if (maestro_main)
        pthread_mutex_lock(&maestro_main->lock);
    maestro_libc_map_lock(1);
}

static void release(void) {
    maestro_libc_map_lock(0);
    if (maestro_main)
        pthread_mutex_unlock(&maestro_main->lock);
}

// Go's handlers. Python has none: its code sets them on the main thread only, which the forking
// thread becomes from now on.
static void reset_signals(void) {
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction now;
        if (sigaction(signal, NULL, &now) == 0 && now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN)
            sigaction(signal, &plain, NULL);
    }
}

// Forgets the threads, calls to stop and children of the parent.
static void forget(struct maestro_interp *in) {
    in->held = NULL;
    in->begun = maestro_here.native;
    if (in->begun)
        in->begun->next = NULL;
    atomic_store(&in->threads, in->begun != NULL);
    atomic_store(&in->alarm, 0);
    atomic_store(&maestro_alarms, 0);
    in->children.count = 0;
    in->sleepers = NULL;
}

// In the child: only functions that may be used in a handler of a signal.
static void after(void) {
    release();
    maestro_go = GO_LEFT_BEHIND;
    maestro_first_state = NULL; // Python deletes it
    reset_signals();
    maestro_descriptors_leave();
    if (maestro_main)
        forget(maestro_main);
}

char *maestro_fork_load(void) {
    return pthread_atfork(before, release, after) == 0 ? NULL : strdup("prepare for forks: out of memory");
}

#include "thread_check.h"

#include "here.h"
#include "place.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

static cpu_set_t processors; // of the server's threads; written once
static int nice_value;       // written once
static atomic_ullong changed;

uint64_t maestro_threads_changed(void) { return atomic_load(&changed); }

void maestro_thread_check_load(void) {
    sched_getaffinity(0, sizeof processors, &processors);
    nice_value = getpriority(PRIO_PROCESS, 0); // of this thread alone, on Linux
}

void maestro_thread_remember(void) {
    memset(&maestro_here.mask, 0, sizeof maestro_here.mask);
    maestro_here.masked = pthread_sigmask(SIG_SETMASK, NULL, &maestro_here.mask) == 0;
}

static int mask_right(void) {
    sigset_t now = {0}; // the kernel fills a part of it
    if (!maestro_here.masked || pthread_sigmask(SIG_SETMASK, NULL, &now) != 0 ||
        memcmp(&now, &maestro_here.mask, sizeof now) == 0)
        return 1;
    pthread_sigmask(SIG_SETMASK, &maestro_here.mask, NULL);
    return 0;
}

static int processors_right(void) {
    cpu_set_t now;
    if (sched_getaffinity(0, sizeof now, &now) != 0 || CPU_EQUAL(&now, &processors))
        return 1;
    sched_setaffinity(0, sizeof processors, &processors);
    return 0;
}

static int nice_right(void) {
    if (getpriority(PRIO_PROCESS, 0) == nice_value)
        return 1;
    setpriority(PRIO_PROCESS, 0, nice_value); // refused without privilege: counted all the same
    return 0;
}

void maestro_thread_check(void) {
    int right = mask_right();
    right &= maestro_place_check();
    right &= processors_right();
    right &= nice_right();
    if (!right)
        atomic_fetch_add(&changed, 1);
}

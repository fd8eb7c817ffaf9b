#include "place.h"

#include "frame.h"
#include "stop.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// A directory and umask, of a call that is running or (call 0) of the subtenant.
struct maestro_place_record {
    uint64_t call, number;
    int directory; // of O_PATH
    mode_t umask;
    struct maestro_place_record *next;
};

// The server's, written once. The record is in no list.
static struct maestro_place_record server = {.directory = -1};
static atomic_ullong last_number;

void maestro_place_own(void) {
    if (!maestro_here.own_place)
        maestro_here.own_place = unshare(CLONE_FS) == 0;
}

static int open_here(void) { return open(".", O_PATH | O_DIRECTORY | O_CLOEXEC); }

void maestro_place_hold(void (*hold)(void)) {
    maestro_here.go_unheld = 0;
    int directory = open_here(), moved = directory >= 0 && fchdir(server.directory) == 0;
    mode_t mask = umask(server.umask);
    hold();
    maestro_here.own_place = unshare(CLONE_FS) == 0; // from the threads that it has started
    umask(mask);
    if (moved && fchdir(directory) != 0)
        maestro_here.place = maestro_here.change = UINT64_MAX; // the next look at a path puts it right
    if (directory >= 0)
        close(directory);
}

void maestro_place_load(void) {
    maestro_place_own(); // reading the umask means setting it
    server.umask = umask(077);
    umask(server.umask);
    server.directory = open_here();
}

static struct maestro_place_record *record_of(struct maestro_interp *in, uint64_t call) {
    struct maestro_place_record *record = in->place.records;
    while (record && record->call != call)
        record = record->next;
    return record;
}

static void changed(struct maestro_interp *in) {
    maestro_here.change = atomic_fetch_add(&last_number, 1) + 1;
    atomic_store_explicit(&in->place.change, maestro_here.change, memory_order_release);
}

// The values that the calling thread must have, or NULL: its present ones. The lock is held.
static const struct maestro_place_record *wanted(struct maestro_interp *in, int begins) {
    uint64_t call = MAESTRO_CALL_OF(maestro_here.frame);
    const struct maestro_place_record *record = record_of(in, begins ? 0 : call);
    if (record || begins)
        return record ? record : &server;
    if (maestro_here.worker || maestro_run_of_call(in, call))
        return NULL;
    return in->place.records ? in->place.records : &server; // its call is over: it works for another one
}

static int apply(const struct maestro_place_record *record) {
    if (fchdir(record->directory) != 0)
        return 0;
    umask(record->umask);
    maestro_here.place = record->number;
    return 1;
}

void maestro_place_take(int begins) {
    struct maestro_here *here = &maestro_here;
    if (!here->own_place)
        return; // it would apply to all threads
    pthread_mutex_lock(&here->in->lock);
    const struct maestro_place_record *record = wanted(here->in, begins);
    if (!record || record->number == here->place || apply(record))
        here->change = atomic_load(&here->in->place.change);
    pthread_mutex_unlock(&here->in->lock);
}

// Takes the record out of the list. The lock is held.
static void take_out(struct maestro_interp *in, struct maestro_place_record *record) {
    struct maestro_place_record **link = &in->place.records;
    while (*link != record)
        link = &(*link)->next;
    *link = record->next;
}

static void drop(struct maestro_interp *in, struct maestro_place_record *record) {
    take_out(in, record);
    close(record->directory);
    free(record);
}

void maestro_place_keep(int directory_changed, mode_t mask) {
    struct maestro_here *here = &maestro_here;
    struct maestro_interp *in = here->in;
    uint64_t call = MAESTRO_CALL_OF(here->frame);
    pthread_mutex_lock(&in->lock);
    if (!maestro_run_of_call(in, call))
        call = 0; // a thread that was left behind
    struct maestro_place_record *record = record_of(in, call);
    if (record)
        take_out(in, record);
    else if ((record = calloc(1, sizeof *record)))
        *record = (struct maestro_place_record){.call = call, .directory = -1};
    if (record) {
        if (directory_changed || record->directory < 0) {
            if (record->directory >= 0)
                close(record->directory);
            record->directory = open_here();
        }
        record->umask = mask;
        record->number = here->place = atomic_fetch_add(&last_number, 1) + 1;
        record->next = in->place.records;
        in->place.records = record;
        changed(in);
    }
    pthread_mutex_unlock(&in->lock);
}

static int same(const struct maestro_place_record *a, const struct maestro_place_record *b) {
    struct stat one, other;
    return a->umask == b->umask && fstat(a->directory, &one) == 0 && fstat(b->directory, &other) == 0 &&
           one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

void maestro_place_end(void) {
    struct maestro_here *here = &maestro_here;
    struct maestro_interp *in = here->in;
    if (!here->frame || !in || !atomic_load_explicit(&in->place.change, memory_order_relaxed))
        return;
    pthread_mutex_lock(&in->lock);
    struct maestro_place_record *own = record_of(in, MAESTRO_CALL_OF(here->frame)), *before = record_of(in, 0);
    if (own && same(own, before ? before : &server)) { // it has changed them back
        here->place = before ? before->number : 0;
        drop(in, own);
    } else if (own) {
        if (before)
            drop(in, before);
        own->call = 0;
    }
    if (own)
        changed(in);
    pthread_mutex_unlock(&in->lock);
}

int maestro_place_check(void) {
    struct maestro_here *here = &maestro_here;
    struct maestro_interp *in = here->in;
    if (!in || !here->own_place)
        return 1;
    pthread_mutex_lock(&in->lock);
    const struct maestro_place_record *record = in->place.records;
    while (record && record->number != here->place)
        record = record->next;
    if (!record)
        record = here->place == 0 ? &server : NULL; // else it is about to get another one
    int right = 1;
    if (record) {
        struct maestro_place_record now = {.umask = umask(record->umask), .directory = open_here()};
        right = now.directory < 0 || same(record, &now);
        if (now.directory >= 0)
            close(now.directory);
        if (!right)
            apply(record);
    }
    pthread_mutex_unlock(&in->lock);
    return right;
}

void maestro_place_clear(struct maestro_interp *in) {
    while (in->place.records)
        drop(in, in->place.records);
}

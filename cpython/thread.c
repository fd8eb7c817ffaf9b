#include "thread.h"

#include "call.h"
#include "counter.h"
#include "here.h"
#include "left.h"
#include "place.h"
#include "stop.h"
#include "thread_check.h"

#include <signal.h>
#include <stdlib.h>

// One slot of the calling OS thread's table: an open hash by interpreter id.
struct slot {
    uint64_t id; // 0: free
    PyThreadState *state;
};

static __thread struct {
    struct slot *slots; // NULL while the thread has no thread state
    size_t size;        // a power of two, at least twice the entries
    size_t used;
} table;

// One thread state in the list of its interpreter, which the interpreter's lock
// guards.
struct maestro_held {
    PyThreadState *state;
    pthread_t thread;
    int left; // its OS thread will not use it again
    struct maestro_held *next;
};

static void hold(struct maestro_interp *in, struct maestro_held *held) {
    maestro_count(COUNT_THREAD_STATES, 1);
    pthread_mutex_lock(&in->lock);
    held->next = in->held;
    in->held = held;
    pthread_mutex_unlock(&in->lock);
}

// Takes a thread state out of the list: the given one, or with NULL one that was
// left, or with `any` the first. Returns it, or NULL.
static PyThreadState *release(struct maestro_interp *in, const PyThreadState *state, int any) {
    pthread_mutex_lock(&in->lock);
    struct maestro_held **link = &in->held;
    while (*link && !any && (state ? (*link)->state != state : !(*link)->left))
        link = &(*link)->next;
    struct maestro_held *found = *link;
    if (found)
        *link = found->next;
    pthread_mutex_unlock(&in->lock);
    if (!found)
        return NULL;
    PyThreadState *released = found->state;
    free(found);
    maestro_count(COUNT_THREAD_STATES, -1);
    return released;
}

// Deletes other threads' states. Attached.
static void delete_held(struct maestro_interp *in, int any) {
    for (PyThreadState *state = release(in, NULL, any); state; state = release(in, NULL, any)) {
        py.PyThreadState_Clear(state);
        py.PyThreadState_Delete(state);
    }
}

void maestro_held_clear(struct maestro_interp *in) { delete_held(in, 1); }

static size_t place(uint64_t id, size_t size) { return (size_t)(id * 0x9e3779b97f4a7c15u >> 32) & (size - 1); }

// The slot of id, or the free one where it would go. The table has room.
static struct slot *slot_of(uint64_t id) {
    size_t i = place(id, table.size);
    while (table.slots[i].id != id && table.slots[i].id != 0)
        i = (i + 1) & (table.size - 1);
    return &table.slots[i];
}

static PyThreadState *lookup(uint64_t id) { return table.slots ? slot_of(id)->state : NULL; }

// Makes room for one more entry. Returns 0 when there is no memory.
static int grow(void) {
    if ((table.used + 1) * 2 <= table.size)
        return 1;
    struct slot *old = table.slots;
    size_t old_size = table.size, size = old_size ? old_size * 2 : 8;
    struct slot *slots = calloc(size, sizeof *slots);
    if (!slots)
        return 0;
    table.slots = slots;
    table.size = size;
    for (size_t i = 0; i < old_size; i++)
        if (old[i].id)
            *slot_of(old[i].id) = old[i];
    free(old);
    return 1;
}

void maestro_block_sigpipe(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int maestro_attach(struct maestro_interp *in) {
    PyThreadState *state = lookup(in->id);
    maestro_here_is(in);
    if (state) {
        maestro_place_begin();
        py.PyEval_RestoreThread(state);
        return 1;
    }
    maestro_block_sigpipe();
    maestro_thread_remember();
    maestro_place_own();
    maestro_here.worker = 1;
    maestro_place_begin();
    struct maestro_held *held = grow() ? calloc(1, sizeof *held) : NULL;
    maestro_memory_reserve(1);
    int made = held && (held->state = py.PyThreadState_New(in->state));
    maestro_memory_reserve(0);
    if (!made) {
        free(held);
        maestro_here_is(NULL);
        return 0;
    }
    state = held->state;
    held->thread = pthread_self();
    *slot_of(in->id) = (struct slot){in->id, state};
    table.used++;
    hold(in, held);
    py.PyEval_RestoreThread(state);
    delete_held(in, 0); // they would add up in an interpreter that lives for long
    return 1;
}

void maestro_detach(void) {
    if (maestro_here.in && maestro_here.in->foreign)
        maestro_thread_check();
    maestro_place_end();
    maestro_here.frame = 0;
    py.PyEval_SaveThread();
    maestro_memory_enter(NULL);
}

// Takes the calling thread's state for the interpreter with that id out of the
// table, and returns it, or NULL.
static PyThreadState *forget(uint64_t id) {
    PyThreadState *state = lookup(id);
    if (!state)
        return NULL;
    size_t hole = (size_t)(slot_of(id) - table.slots);
    table.slots[hole] = (struct slot){0, NULL};
    if (--table.used == 0) { // an OS thread that ends leaves nothing behind
        free(table.slots);
        table.slots = NULL;
        table.size = 0;
        return state;
    }
    // The entries behind the hole may have stepped aside for the one removed.
    for (size_t i = (hole + 1) & (table.size - 1); table.slots[i].id; i = (i + 1) & (table.size - 1)) {
        struct slot entry = table.slots[i];
        table.slots[i] = (struct slot){0, NULL};
        *slot_of(entry.id) = entry;
    }
    return state;
}

PyThreadState *maestro_take(struct maestro_interp *in) {
    PyThreadState *state = forget(in->id);
    return state ? release(in, state, 0) : NULL;
}

void maestro_leave(struct maestro_interp *in) {
    maestro_result_clear(); // the thread may be at its end
    PyThreadState *state = forget(in->id);
    pthread_mutex_lock(&in->lock);
    for (struct maestro_held *held = in->held; held; held = held->next)
        if (held->state == state)
            held->left = 1;
    pthread_mutex_unlock(&in->lock);
}

void maestro_begun_add(struct maestro_interp *in, struct maestro_native *begun) {
    begun->thread = pthread_self();
    begun->here = &maestro_here;
    maestro_here.native = begun;
    atomic_store(&maestro_here.evicted, 0);
    pthread_mutex_lock(&in->lock);
    begun->next = in->begun;
    in->begun = begun;
    pthread_mutex_unlock(&in->lock);
}

void maestro_begun_remove(struct maestro_interp *in, struct maestro_native *begun) {
    pthread_mutex_lock(&in->lock);
    struct maestro_native **link = &in->begun;
    while (*link != begun)
        link = &(*link)->next;
    *link = begun->next;
    maestro_left_ended(in, begun);
    maestro_here.native = NULL;
    if (atomic_exchange(&maestro_here.evicted, 0)) {
        atomic_fetch_sub(&in->alarm, 1);
        atomic_fetch_sub(&maestro_alarms, 1);
    }
    pthread_mutex_unlock(&in->lock);
}

void maestro_threads_each(struct maestro_interp *in, void (*visit)(pthread_t, void *), void *argument) {
    for (struct maestro_native *begun = in->begun; begun; begun = begun->next)
        visit(begun->thread, argument);
    for (struct maestro_held *held = in->held; held; held = held->next)
        if (!held->left)
            visit(held->thread, argument);
}

void maestro_drop(struct maestro_interp *in) {
    maestro_result_clear(); // the thread may be at its end
    PyThreadState *state = maestro_take(in);
    if (!state)
        return;
    maestro_here_is(in); // clearing may run finalizers of the subtenant's code
    py.PyEval_RestoreThread(state);
    py.PyThreadState_Clear(state);
    py.PyThreadState_DeleteCurrent();
    maestro_here_is(NULL);
}

#include "thread.h"

#include "call.h"
#include "counter.h"

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
    if (!state) {
        maestro_block_sigpipe();
        if (!grow() || !(state = py.PyThreadState_New(in->state)))
            return 0;
        *slot_of(in->id) = (struct slot){in->id, state};
        table.used++;
        maestro_count(COUNT_THREAD_STATES, 1);
    }
    py.PyEval_RestoreThread(state);
    return 1;
}

void maestro_detach(void) { py.PyEval_SaveThread(); }

PyThreadState *maestro_take(struct maestro_interp *in) {
    PyThreadState *state = lookup(in->id);
    if (!state)
        return NULL;
    maestro_count(COUNT_THREAD_STATES, -1);
    size_t hole = (size_t)(slot_of(in->id) - table.slots);
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

void maestro_drop(struct maestro_interp *in) {
    maestro_result_clear(); // the thread may be at its end
    PyThreadState *state = maestro_take(in);
    if (!state)
        return;
    py.PyEval_RestoreThread(state);
    py.PyThreadState_Clear(state);
    py.PyThreadState_DeleteCurrent();
}

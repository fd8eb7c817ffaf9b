#include "memory.h"

#include "interp.h"
#include "stop_check.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>

// How much a thread collects before it reports it.
enum { PENDING = 64 * 1024 };

// How far the description of a failure may exceed the bound.
enum { RESERVE = 4 * 1024 * 1024 };

// How much must have been freed before malloc is asked to return it.
enum { WORTH_RETURNING = 16 * 1024 * 1024 };

enum reason { LIMIT = 1, BUDGET };

static __thread struct {
    struct maestro_memory *account; // NULL: the server's
    int64_t pending;                // bytes that are not reported yet
    int64_t reserve;
} mine;

// What no interpreter of a subtenant has requested.
static struct maestro_memory server;

static atomic_llong total;    // of all accounts, also closed ones
static atomic_int accounts;   // that are open
static atomic_llong budget;   // 0: none
static atomic_int alarm_set;  // the next report past seven eighths of the budget wakes Go
static atomic_llong hopeless; // when Go last found no idle interpreter to end, in nanoseconds; 0: it has found one since
static int alarm_descriptor = -1;

static void warn(int64_t now) {
    int64_t most = atomic_load_explicit(&budget, memory_order_relaxed);
    if (most && now > most / 8 * 7 && atomic_exchange(&alarm_set, 0))
        eventfd_write(alarm_descriptor, 1);
}

static void report(void) {
    struct maestro_memory *account = mine.account ? mine.account : &server;
    int64_t used = atomic_fetch_add_explicit(&account->used, mine.pending, memory_order_relaxed) + mine.pending;
    if (used > atomic_load_explicit(&account->high, memory_order_relaxed))
        atomic_store_explicit(&account->high, used, memory_order_relaxed);
    int64_t now = atomic_fetch_add_explicit(&total, mine.pending, memory_order_relaxed) + mine.pending;
    if (mine.pending > 0)
        warn(now);
    mine.pending = 0;
}

static inline void add(int64_t bytes) {
    mine.pending += bytes;
    if (__builtin_expect(mine.pending > PENDING || mine.pending < -PENDING, 0))
        report();
}

// Whether an account that would hold `used` bytes exceeds the budget with them.
static int beyond_budget(int64_t used, int64_t more) {
    int64_t most = atomic_load_explicit(&budget, memory_order_relaxed);
    if (!most || atomic_load_explicit(&total, memory_order_relaxed) + more <= most)
        return 0;
    int open = atomic_load_explicit(&accounts, memory_order_relaxed);
    return used > most / (open > 0 ? open : 1) + mine.reserve;
}

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

// Waits for Go to end idle interpreters until it finds none, a second at most: on a busy
// machine one takes longer than its 20 ms of processor time. The thread
// may hold its interpreter's GIL, which nothing else waits for then.
static int await_relief(int64_t used, int64_t more) {
    static const struct timespec moment = {.tv_nsec = 1000000};
    int64_t began = nanoseconds();
    for (int patience = 1000; patience > 0 && !maestro_stop_refuses(); patience--) {
        warn(INT64_MAX); // each time: what Go ends may not suffice
        nanosleep(&moment, NULL);
        if (!beyond_budget(used, more))
            return 1;
        if (atomic_load(&hopeless) >= began)
            return 0;
    }
    return 0;
}

// Whether the account may hold that many more bytes; slack is permitted beyond the
// bound.
static int judge(int64_t more, int64_t slack) {
    if (!slack && maestro_stop_refuses()) {
        errno = ENOMEM;
        return 0;
    }
    struct maestro_memory *account = mine.account;
    int64_t limit = account ? atomic_load_explicit(&account->limit, memory_order_relaxed) : 0;
    if (!limit)
        return 1;
    int64_t used = atomic_load_explicit(&account->used, memory_order_relaxed) + mine.pending + more;
    int reason;
    if (used > limit + mine.reserve + slack)
        reason = LIMIT;
    else if (beyond_budget(used, more) && !await_relief(used, more))
        reason = BUDGET;
    else
        return 1;
    atomic_store_explicit(&account->reason, reason, memory_order_relaxed);
    atomic_fetch_add_explicit(&account->denied, 1, memory_order_relaxed);
    errno = ENOMEM;
    return 0;
}

static inline int admits(size_t size, int64_t slack) {
    if (__builtin_expect(size > INT64_MAX / 4, 0))
        return 1; // malloc refuses it
    return __builtin_expect(mine.pending + (int64_t)size <= PENDING, 1) || judge((int64_t)size, slack);
}

static inline void *counted(void *block) {
    if (block)
        add((int64_t)malloc_usable_size(block));
    return block;
}

static inline void *take(size_t size, int64_t slack) { return admits(size, slack) ? counted(malloc(size)) : NULL; }

static inline void *take_zeroed(size_t count, size_t size, int64_t slack) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return admits(bytes, slack) ? counted(calloc(count, size)) : NULL;
}

static inline void *resize(void *block, size_t size, int64_t slack) {
    size_t before = block ? malloc_usable_size(block) : 0;
    if (size > before && !admits(size - before, slack))
        return NULL;
    void *resized = realloc(block, size);
    if (resized)
        add((int64_t)malloc_usable_size(resized) - (int64_t)before);
    else if (block && !size) // glibc has freed it
        add(-(int64_t)before);
    return resized;
}

void maestro_libc_free(void *block) {
    if (!block)
        return;
    add(-(int64_t)malloc_usable_size(block));
    free(block);
}

// The C libraries inside libpython. They may hold a quarter more: OpenSSL, for
// one, prepares itself once for the whole process, and a subtenant that has
// reached its bound must not be the reason that this fails.

static int64_t library_slack(void) {
    return mine.account ? atomic_load_explicit(&mine.account->limit, memory_order_relaxed) / 4 : 0;
}

void *maestro_libc_malloc(size_t size) { return take(size, library_slack()); }

void *maestro_libc_calloc(size_t count, size_t size) { return take_zeroed(count, size, library_slack()); }

void *maestro_libc_realloc(void *block, size_t size) { return resize(block, size, library_slack()); }

int maestro_libc_posix_memalign(void **block, size_t alignment, size_t size) {
    if (!admits(size, library_slack()))
        return ENOMEM;
    int failed = posix_memalign(block, alignment, size);
    if (!failed)
        counted(*block);
    return failed;
}

// CPython's raw domain. An empty request gets a block too.

static void *raw_malloc(void *context, size_t size) { return take(size ? size : 1, 0); }

static void *raw_calloc(void *context, size_t count, size_t size) {
    return count && size ? take_zeroed(count, size, 0) : take_zeroed(1, 1, 0);
}

static void *raw_realloc(void *context, void *block, size_t size) { return resize(block, size ? size : 1, 0); }

static void raw_free(void *context, void *block) { maestro_libc_free(block); }

// Arenas, and chunks of the stack of Python frames.

static void *arena_alloc(void *context, size_t size) {
    if (!admits(size, 0))
        return NULL;
    void *arena = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena == MAP_FAILED)
        return NULL;
    add((int64_t)size);
    return arena;
}

static void arena_free(void *context, void *arena, size_t size) {
    if (!arena)
        return; // the end of an interpreter passes unused entries of its table too
    munmap(arena, size);
    add(-(int64_t)size);
}

void maestro_memory_load(void) {
    PyMemAllocatorEx raw = {NULL, raw_malloc, raw_calloc, raw_realloc, raw_free};
    PyObjectArenaAllocator arenas = {NULL, arena_alloc, arena_free};
    py.PyMem_SetAllocator(PYMEM_DOMAIN_RAW, &raw);
    py.PyObject_SetArenaAllocator(&arenas);
#ifdef MAESTRO_DEBUG
    py.PyMem_SetupDebugHooks(); // writes out of bounds and uses after free are fatal
#endif
}

void maestro_memory_enter(struct maestro_memory *account) {
    if (mine.account == account)
        return;
    if (mine.pending)
        report();
    mine.account = account;
}

int64_t maestro_memory_used(struct maestro_memory *account) {
    return atomic_load_explicit(&account->used, memory_order_relaxed) + (mine.account == account ? mine.pending : 0);
}

int maestro_memory_freed(struct maestro_memory *account) {
    int64_t used = maestro_memory_used(account);
    if (atomic_load_explicit(&account->high, memory_order_relaxed) - used < WORTH_RETURNING)
        return 0;
    atomic_store_explicit(&account->high, used, memory_order_relaxed);
    return 1;
}

int maestro_memory_room(size_t size) { return judge((int64_t)size, 0); }

void maestro_memory_add(int64_t bytes) { add(bytes); }

void maestro_memory_reserve(int on) {
    static __thread int depth;
    depth += on ? 1 : -1;
    mine.reserve = depth > 0 ? RESERVE : 0;
}

void maestro_memory_loosen(struct maestro_memory *account) {
    enum { MORE = 64 * 1024 * 1024 };
    if (atomic_load(&account->limit))
        atomic_fetch_add(&account->limit, MORE);
}

size_t maestro_memory_reason(struct maestro_memory *account, char *text, size_t size) {
    int length = 0;
    const int mega = 1024 * 1024;
    int reason = atomic_load(&account->reason);
    if (reason == LIMIT)
        length =
            snprintf(text, size,
                     "the functions of this subtenant would hold more than %lld MB of memory, which is their bound. Hold "
                     "less at a time, or have MAX_FUNCTION_MEMORY raised",
                     (long long)(atomic_load(&account->limit) / mega));
    else if (reason == BUDGET)
        length = snprintf(text, size,
                          "the functions of all subtenants hold %lld MB of memory, which is their bound, and this subtenant "
                          "holds more than an equal share. Hold less at a time, or have MAX_INTERPRETER_MEMORY raised",
                          (long long)(atomic_load(&budget) / mega));
    return length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1;
}

void maestro_memory_open(struct maestro_memory *account) { atomic_fetch_add(&accounts, 1); }

void maestro_memory_close(struct maestro_memory *account) { atomic_fetch_sub(&accounts, 1); }

void maestro_memory_budget(int64_t bytes, int descriptor) {
    alarm_descriptor = descriptor;
    atomic_store(&budget, bytes);
}

void maestro_memory_watch(void) {
    atomic_store(&alarm_set, 1);
    warn(atomic_load(&total));
}

void maestro_memory_hopeless(int yes) { atomic_store(&hopeless, yes ? nanoseconds() : 0); }

void maestro_memory_wake(void) { eventfd_write(alarm_descriptor, 1); }

int64_t maestro_memory_total(void) { return atomic_load(&total); }

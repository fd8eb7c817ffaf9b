#include "fault.h"

#include "frame.h"
#include "go_gate.h"
#include "here.h"
#include "load.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    STACK = 64 * 1024, // of a handler, on Python's threads; more than the processor's state and Python's frames take
    OWNER = 256,
};

static const struct {
    int number;
    const char *name;
} watched[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"}};
enum { WATCHED = sizeof watched / sizeof *watched };

// Written by maestro_fault_watch before the handlers exist.
static struct sigaction before[WATCHED];
static int marker = -1; // the file
static uintptr_t go_code[2];
static int dumps;
static int told; // the process's end is told on standard error

static atomic_int dying; // a marker is being written

// Where the calling thread goes on when reading Python's memory faults. NULL: nothing
// is being read.
static __thread sigjmp_buf *recovery;

static void flush(struct maestro_fault_text *out) {
    for (size_t done = 0; done < out->used;) {
        ssize_t wrote = write(out->file, out->text + done, out->used - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            break; // the disk is full: there is no better place
        done += (size_t)wrote;
    }
    out->used = 0;
}

static void put_byte(struct maestro_fault_text *out, char byte) {
    if (out->used == sizeof out->text)
        flush(out);
    out->text[out->used++] = byte;
}

void maestro_fault_put(struct maestro_fault_text *out, const char *text) {
    while (*text)
        put_byte(out, *text++);
}

void maestro_fault_put_char(struct maestro_fault_text *out, uint32_t character) {
    if (character < 0x20 || character == 0x7f || (character >= 0xd800 && character < 0xe000) || character > 0x10ffff)
        character = '?';
    if (character < 0x80) {
        put_byte(out, (char)character);
        return;
    }
    int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    put_byte(out, (char)(lead[more] | character >> (6 * more)));
    while (more-- > 0)
        put_byte(out, (char)(0x80 | (character >> (6 * more) & 0x3f)));
}

static void put_number(struct maestro_fault_text *out, uint64_t number, unsigned base) {
    char digits[24];
    int count = 0;
    do
        digits[count++] = "0123456789abcdef"[number % base];
    while (number /= base);
    while (count > 0)
        put_byte(out, digits[--count]);
}

void maestro_fault_put_number(struct maestro_fault_text *out, uint64_t number) { put_number(out, number, 10); }

static void put_row(struct maestro_fault_text *out, const char *name, uint64_t value, unsigned base) {
    maestro_fault_put(out, name);
    put_number(out, value, base);
    put_byte(out, '\n');
}

// Whether code of a subtenant runs on the calling thread. A worker that is not in a
// call still names the interpreter of its last one.
static int serves(void) {
    return maestro_here.id && !maestro_here.forking &&
           (maestro_here.frame || !maestro_here.worker || py.PyThreadState_GetUnchecked());
}

// What a marker tells of the thread, beside the reason. Each part may fault, and the
// next one is tried then.
static void describe(struct maestro_fault_text *out) {
    sigjmp_buf here;
    struct maestro_interp *in = maestro_here.in ? maestro_here.in : maestro_main;
    put_row(out, "interpreter ", maestro_here.id || !in ? maestro_here.id : in->id, 10);
    put_row(out, "thread ", (uint64_t)syscall(SYS_gettid), 10);
    recovery = &here;
    if (sigsetjmp(here, 1) == 0 && in->owner) {
        maestro_fault_put(out, "owner ");
        for (const char *byte = in->owner; *byte; byte++)
            put_byte(out, *byte >= ' ' ? *byte : '?');
        put_byte(out, '\n');
    }
    if (sigsetjmp(here, 1) == 0)
        put_row(out, "call ", MAESTRO_CALL_OF(maestro_frame_at_fault(in)), 10);
    if (sigsetjmp(here, 1) == 0) {
        PyThreadState *state = maestro_state_at_fault(in);
        maestro_fault_put(out, "stack\n");
        flush(out); // the facts so far, in case the stack has no end
        if (state)
            maestro_fault_frames(out, state);
    }
    recovery = NULL;
    maestro_fault_put(out, "end\n");
    flush(out);
}

static const char *name_of(int signal) {
    for (int i = 0; i < WATCHED; i++)
        if (watched[i].number == signal)
            return watched[i].name;
    return "?";
}

// Says on standard error that the process dies: the log is Go's, and Go is at an end.
static void tell(const char *reason) {
    if (!told)
        return;
    struct maestro_fault_text out = {.file = 2};
    maestro_fault_put(&out, "maestro: the server dies of ");
    maestro_fault_put(&out, reason);
    maestro_fault_put(&out, " in the code of a function; the next start records which one\n");
    flush(&out);
}

// Waits for the end of the process, which another thread is bringing about.
static void await_end(void) {
    for (;;)
        pause();
}

// Lets the process die of the signal, without the core file of Go's defaults.
static void die(int signal, const siginfo_t *info) {
    if (!dumps)
        prctl(PR_SET_DUMPABLE, 0);
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigaction(signal, &plain, NULL);
    if (info->si_code <= 0) // sent, and would not come again by itself
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);
}

static uintptr_t instruction(const ucontext_t *context) {
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#else
    return (uintptr_t)context->uc_mcontext.pc;
#endif
}

// A page of a mapped file that has been shortened, or for which a file system in memory has no room: code that holds the
// GIL gets an empty page in its place, and an OSError at its next step. Such pages are in no account, so they are few.
static int replace_page(int signal, const siginfo_t *info, uintptr_t at) {
    enum { MOST = 4096 };
    static atomic_int replaced;
    uintptr_t size = (uintptr_t)getpagesize(), page = (uintptr_t)info->si_addr & ~(size - 1);
    PyThreadState *state = py.PyThreadState_GetUnchecked();
    if (signal != SIGBUS || info->si_code != BUS_ADRERR || !state || (at & ~(size - 1)) == page ||
        atomic_fetch_add(&replaced, 1) >= MOST)
        return 0;
    int number = errno;
    void *made = mmap((void *)page, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    errno = number;
    if (made == MAP_FAILED)
        return 0;
    maestro_async_here(state, py.PyExc_OSError);
    return 1;
}

static void handle(int signal, siginfo_t *info, void *context) {
    if (recovery)
        siglongjmp(*recovery, 1);
    uintptr_t at = instruction(context);
    int sent = info->si_code <= 0 && info->si_pid != getpid();
    // In a process of one subtenant it has sent itself any such signal, which any thread may get.
    int own = maestro_alone && info->si_code <= 0 && !sent;
    if (sent || (!serves() && !own) || (at >= go_code[0] && at < go_code[1] && info->si_code > 0)) {
        for (int i = 0; i < WATCHED; i++)
            if (watched[i].number == signal)
                before[i].sa_sigaction(signal, info, context);
        return;
    }
    if (replace_page(signal, info, at))
        return;
    if (atomic_exchange(&dying, 1))
        await_end();
    struct maestro_fault_text out = {.file = marker};
    maestro_fault_put(&out, "fault ");
    maestro_fault_put(&out, name_of(signal));
    put_byte(&out, '\n');
    put_row(&out, "code ", (uint64_t)(uint32_t)info->si_code, 10);
    if (info->si_code > 0)
        put_row(&out, "address 0x", (uint64_t)(uintptr_t)info->si_addr, 16);
    put_row(&out, "instruction 0x", at, 16);
    describe(&out);
    tell(name_of(signal));
    die(signal, info);
}

void maestro_fault_exits(const char *function, int status) {
    if (marker < 0 || !serves() || maestro_go_away())
        return;
    if (atomic_exchange(&dying, 1))
        await_end();
    struct maestro_fault_text out = {.file = marker};
    maestro_fault_put(&out, "fault ");
    maestro_fault_put(&out, function);
    put_byte(&out, '\n');
    put_row(&out, "status ", (uint64_t)(status & 0xff), 10);
    describe(&out);
    tell(function);
}

// For exit as libraries call it. Go ends the process by a system call of its own.
static void exits(int status, void *unused) { maestro_fault_exits("exit", status); }

void maestro_fault_watch(int file, int tells, uintptr_t go_begin, uintptr_t go_end, int dump) {
    go_code[0] = go_begin;
    go_code[1] = go_end;
    dumps = dump;
    told = tells;
    marker = file;
    on_exit(exits, NULL);
    // SA_NODEFER: a second fault, while Python's memory is being read, has to arrive.
    struct sigaction ours = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigfillset(&ours.sa_mask);
    for (int i = 0; i < WATCHED; i++)
        sigdelset(&ours.sa_mask, watched[i].number);
    for (int i = 0; i < WATCHED; i++)
        sigaction(watched[i].number, NULL, &before[i]);
    for (int i = 0; i < WATCHED; i++)
        if (before[i].sa_flags & SA_SIGINFO) // Go's; there is nothing to chain to otherwise
            sigaction(watched[i].number, &ours, NULL);
}

void maestro_fault_owner(struct maestro_interp *in, const char *name) {
    char *copy = strndup(name, OWNER - 1);
    pthread_mutex_lock(&in->lock);
    char *old = in->owner;
    in->owner = copy;
    pthread_mutex_unlock(&in->lock);
    free(old);
}

void *maestro_fault_stack_new(void) {
    void *memory = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    stack_t stack = {.ss_sp = memory, .ss_size = STACK};
    if (sigaltstack(&stack, NULL) == 0)
        return memory;
    munmap(memory, STACK);
    return NULL;
}

void maestro_fault_stack_free(void *memory) {
    if (!memory)
        return;
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    munmap(memory, STACK);
}

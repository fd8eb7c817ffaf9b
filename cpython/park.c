#include "park.h"

#include "frame.h"
#include "here.h"
#include "sleep.h"
#include "stop.h"
#include "thread.h"

#include <limits.h>
#include <link.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

// What the signal carries: the call that is meant, or 0, and whether it means in any
// case the thread that gets it, or the one that holds its interpreter's GIL.
enum { MEANT = 1, HOLDER = 2, CUT = 3, KIND_BITS = 2 };

// Stretches of code in which a thread may be parked. Entries are only added, so that
// the handler reads them without a lock.
enum { STRETCHES = 512 };
static struct {
    uintptr_t begin, end;
} stretches[STRETCHES];
static atomic_int stretch_count;
static pthread_mutex_t mapping = PTHREAD_MUTEX_INITIALIZER; // guards the adding

static int is_mapped(uintptr_t address) {
    int count = atomic_load_explicit(&stretch_count, memory_order_acquire);
    for (int i = 0; i < count; i++)
        if (address >= stretches[i].begin && address < stretches[i].end)
            return 1;
    return 0;
}

// Whether a library is the program itself, or one in the code of which locks of the
// whole process are taken.
static int is_shared(const char *name) {
    static const char *const libraries[] = {"libc.", "libc-", "ld-linux",  "ld.so", "libpthread", "libdl",    "linux-vdso",
                                            "libm.", "libm-", "libresolv", "librt", "libnss",     "libgcc_s", "libutil"};
    const char *file = strrchr(name, '/');
    file = file ? file + 1 : name;
    if (!*file)
        return 1;
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (strncmp(file, libraries[i], strlen(libraries[i])) == 0)
            return 1;
    return 0;
}

static int add_library(struct dl_phdr_info *info, size_t size, void *unused) {
    if (is_shared(info->dlpi_name))
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t begin = info->dlpi_addr + part->p_vaddr;
        int count = atomic_load(&stretch_count);
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || is_mapped(begin) || count == STRETCHES)
            continue;
        stretches[count].begin = begin;
        stretches[count].end = begin + part->p_memsz;
        atomic_store_explicit(&stretch_count, count + 1, memory_order_release);
    }
    return 0;
}

void maestro_park_map(void) {
    pthread_mutex_lock(&mapping);
    dl_iterate_phdr(add_library, NULL);
    pthread_mutex_unlock(&mapping);
}

static uintptr_t instruction_of(const void *context) {
    const ucontext_t *at = context;
#if defined(__x86_64__)
    return (uintptr_t)at->uc_mcontext.gregs[REG_RIP];
#else
    return (uintptr_t)at->uc_mcontext.pc;
#endif
}

static long futex(atomic_uint *word, int operation, unsigned value) {
    return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

// Everything here is safe in a signal's handler. The interpreter lives as long as
// its code runs on this thread.
void maestro_park_here(uint64_t value, const void *context) {
    struct maestro_interp *in = maestro_here.in;
    enum { KIND = (1 << KIND_BITS) - 1 };
    uint64_t kind = value & KIND, call = value >> KIND_BITS;
    if (in && kind == CUT && in->id == call)
        maestro_async_here(py.PyThreadState_GetUnchecked(), py.PyExc_SystemExit);
    if (!in || kind == CUT || !is_mapped(instruction_of(context)))
        return;
    int meant =
        kind == MEANT || (call && maestro_here.frame >> 20 == call) || (kind == HOLDER && py.PyThreadState_GetUnchecked());
    if (!meant)
        return;
    unsigned release = atomic_load(&in->releases);
    atomic_fetch_add(&in->parked, 1);
    while (atomic_load(&in->releases) == release)
        futex(&in->releases, FUTEX_WAIT, release);
    atomic_fetch_sub(&in->parked, 1);
}

static void ask(pthread_t thread, uint64_t value) {
    union sigval carried = {.sival_ptr = (void *)(uintptr_t)value};
    pthread_sigqueue(thread, MAESTRO_SIGNAL, carried);
}

static void ask_any(pthread_t thread, void *value) { ask(thread, *(uint64_t *)value); }

void maestro_park_thread(unsigned long thread) { ask((pthread_t)thread, MEANT); }

void maestro_park(struct maestro_interp *in, uint64_t ticket, int holder) {
    uint64_t value = ticket << KIND_BITS | (holder ? HOLDER : 0);
    pthread_mutex_lock(&in->lock);
    maestro_threads_each(in, ask_any, &value);
    if (in->ender)
        ask(*in->ender, value);
    pthread_mutex_unlock(&in->lock);
}

void maestro_cut(struct maestro_interp *in) {
    uint64_t value = in->id << KIND_BITS | CUT;
    pthread_mutex_lock(&in->lock);
    if (!atomic_fetch_add(&in->cut, 1)) {
        atomic_fetch_add(&in->alarm, 1);
        atomic_fetch_add(&maestro_alarms, 1);
    }
    maestro_threads_each(in, ask_any, &value);
    if (in->ender)
        ask(*in->ender, value);
    maestro_sleepers_wake_all(in);
    pthread_mutex_unlock(&in->lock);
}

int maestro_parked(const struct maestro_interp *in) { return atomic_load(&((struct maestro_interp *)in)->parked); }

void maestro_unpark(struct maestro_interp *in) {
    atomic_fetch_add(&in->releases, 1);
    futex(&in->releases, FUTEX_WAKE, INT_MAX);
}

// What the locks are taken for, which libpython's parts share between interpreters. A
// part that this libpython does not have, or that refuses, is none that others wait for.
static const char probe[] = "for use in ("
                            "lambda: __import__('_hashlib').openssl_sha256(b''), "
                            "lambda: __import__('_ssl').RAND_bytes(1), "
                            "lambda: __import__('_sqlite3').connect(':memory:').execute('select 1').close(), "
                            "lambda: __import__('sys').intern('maestro'), "
                            "):\n"
                            "    try:\n"
                            "        use()\n"
                            "    except Exception:\n"
                            "        pass\n";

void maestro_park_probe(void) {
    enum { FILE_INPUT = 257 };
    PyThreadState *state = py.PyThreadState_New(py.PyInterpreterState_Main());
    if (!state)
        return;
    py.PyEval_RestoreThread(state);
    PyObject *code = py.Py_CompileString(probe, MAESTRO_RUNTIME_FILE, FILE_INPUT);
    PyObject *builtins = code ? py.PyImport_ImportModule("builtins") : NULL;
    PyObject *names = builtins ? py.PyDict_New() : NULL;
    if (names && py.PyDict_SetItemString(names, "__builtins__", py.PyModule_GetDict(builtins)) == 0)
        py.Py_DecRef(py.PyEval_EvalCode(code, names, names));
    py.PyErr_Clear();
    py.Py_DecRef(names);
    py.Py_DecRef(builtins);
    py.Py_DecRef(code);
    py.PyThreadState_Clear(state);
    py.PyThreadState_DeleteCurrent();
}

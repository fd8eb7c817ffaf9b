#include "descriptor.h"

#include "go_gate.h"
#include "here.h"
#include "load.h"
#include "rails.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// The owner of each descriptor: an interpreter's id, or 0. Marks are added to the id. A descriptor beyond the end is owned
// by none. Set after opening and cleared before closing, by the thread that does so: in between no other code has the
// number.
enum { DESCRIPTORS = 1 << 20 };
#define GUARDED (UINT32_C(1) << 31) // its code may not close it
#define COUNTED (UINT32_C(1) << 30) // writing to it takes room (rail_space.h)
#define LENT (UINT32_C(1) << 29)    // it is the server's, which closes it
#define SHARED (UINT32_C(1) << 28)  // it is counted, and shared memory (rail_shared.h)
#define MARKS (GUARDED | COUNTED | LENT | SHARED)
#define KEPT (UINT32_MAX & ~MARKS) // the owner of what connects a process of one subtenant to the server
static _Atomic uint32_t owners[DESCRIPTORS];
static atomic_int highest; // descriptor that ever had an owner
static atomic_int owned;   // by all interpreters
static int most = INT32_MAX;

void maestro_descriptor_load(void) {
    enum { LEAST = 256, LEAST_ALONE = 32 }; // that the server needs in any case, and the process of one subtenant
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > DESCRIPTORS)
        limit.rlim_cur = DESCRIPTORS;
    int all = (int)limit.rlim_cur, least = maestro_alone ? LEAST_ALONE : LEAST;
    int spared = !maestro_alone && all / 4 > least ? all / 4 : least;
    most = all > spared ? all - spared : 0;
}

// Counts the descriptors of the thread's interpreter, without those that were closed
// by code that this package does not see, such as an extension module's.
static void recount(struct maestro_interp *in) {
    int count = 0, last = atomic_load(&highest);
    for (int fd = 0; fd <= last; fd++) {
        uint32_t owner = atomic_load_explicit(&owners[fd], memory_order_relaxed);
        if ((owner & ~(GUARDED | COUNTED | SHARED)) != maestro_here.id)
            continue;
        if (fcntl(fd, F_GETFD) >= 0)
            count++;
        else if (atomic_compare_exchange_strong(&owners[fd], &owner, 0))
            atomic_fetch_sub(&owned, 1);
    }
    atomic_store(&in->descriptors, count);
}

static int fits(struct maestro_interp *in, int count) {
    int limit = in->limits.descriptors;
    return (!limit || atomic_load_explicit(&in->descriptors, memory_order_relaxed) + count <= limit) &&
           atomic_load_explicit(&owned, memory_order_relaxed) + count <= most;
}

int maestro_descriptor_room(int count) {
    struct maestro_interp *in = maestro_here.in;
    if (!maestro_here.id || !in || maestro_here.forking || fits(in, count))
        return 1;
    recount(in);
    if (fits(in, count))
        return 1;
    errno = EMFILE;
    return 0;
}

int maestro_descriptor_own(int fd) {
    if (fd < 0 || fd >= DESCRIPTORS || maestro_here.forking || !maestro_here.id)
        return fd;
    uint32_t before = atomic_exchange_explicit(&owners[fd], maestro_here.id, memory_order_relaxed);
    if (!before)
        atomic_fetch_add_explicit(&owned, 1, memory_order_relaxed);
    if ((before & ~MARKS) != maestro_here.id && maestro_here.in)
        atomic_fetch_add_explicit(&maestro_here.in->descriptors, 1, memory_order_relaxed);
    int seen = atomic_load_explicit(&highest, memory_order_relaxed);
    while (fd > seen && !atomic_compare_exchange_weak(&highest, &seen, fd))
        ;
    return fd;
}

void maestro_descriptor_disown(int fd) {
    if (fd < 0 || fd >= DESCRIPTORS || maestro_here.forking)
        return;
    uint32_t before = atomic_exchange_explicit(&owners[fd], 0, memory_order_relaxed);
    if (!before)
        return;
    atomic_fetch_sub_explicit(&owned, 1, memory_order_relaxed);
    // Where it is another's, that counts again before it refuses anything.
    if ((before & ~MARKS) == maestro_here.id && maestro_here.in)
        atomic_fetch_sub_explicit(&maestro_here.in->descriptors, 1, memory_order_relaxed);
}

static uint32_t owner_of(int fd) {
    return fd >= 0 && fd < DESCRIPTORS ? atomic_load_explicit(&owners[fd], memory_order_relaxed) : 0;
}

int maestro_descriptor_mine(int fd) { return maestro_here.id && (owner_of(fd) & ~(COUNTED | SHARED)) == maestro_here.id; }

void maestro_descriptor_count(int fd, int shared) {
    if (maestro_descriptor_mine(fd))
        atomic_fetch_or(&owners[fd], shared ? COUNTED | SHARED : COUNTED);
}

int maestro_descriptor_shared(int fd) { return (owner_of(fd) & SHARED) != 0; }

int maestro_descriptor_counted(int fd) { return (owner_of(fd) & COUNTED) != 0; }

void maestro_descriptor_lend(int fd, const struct maestro_interp *in) {
    if (fd >= 0 && fd < DESCRIPTORS)
        atomic_store(&owners[fd], in ? (uint32_t)in->id | LENT : 0);
}

static int kept[4];
static int kept_count;

void maestro_descriptor_keep(int fd) {
    if (fd < 0 || fd >= DESCRIPTORS || kept_count == (int)(sizeof kept / sizeof *kept))
        return;
    kept[kept_count++] = fd;
    atomic_store(&owners[fd], KEPT);
}

void maestro_descriptors_leave(void) {
    for (; kept_count > 0; kept_count--) {
        atomic_store(&owners[kept[kept_count - 1]], 0);
        close(kept[kept_count - 1]);
    }
}

// Whether a descriptor that the interpreter has not opened is harmless to use: of /dev/urandom, which CPython opens
// once for all interpreters, and the like; or of a kind without data, which an extension module has opened: they
// have no owner here.
static int harmless(int fd) {
    enum { MEMORY_DEVICES = 1 };
    struct stat found;
    if (fstat(fd, &found) != 0)
        return 1; // not open, as the call itself will say
    if (S_ISCHR(found.st_mode) && major(found.st_rdev) == MEMORY_DEVICES)
        return 1;
    return maestro_here.in->foreign && !owner_of(fd) && (S_ISCHR(found.st_mode) || (found.st_mode & S_IFMT) == 0);
}

int maestro_descriptor_theirs(int fd) {
    if (maestro_alone && owner_of(fd) != KEPT)
        return 0;
    if (!maestro_here.id || maestro_here.forking || (owner_of(fd) & ~MARKS) == maestro_here.id || (fd >= 0 && fd <= 2))
        return 0;
    if (harmless(fd))
        return 0;
    maestro_rail_refuse(RAIL_DESCRIPTORS, EBADF);
    return 1;
}

// In a process of one subtenant: whether the descriptor is that of a library, or the caller
// is a process that code has forked. Those that Go has beside the connection are without data.
static int may_alone(int fd) {
    struct stat found;
    if (maestro_go_away())
        return 1;
    return fd > 2 && !owner_of(fd) && fstat(fd, &found) == 0 && (found.st_mode & S_IFMT) != 0;
}

int maestro_descriptor_may(int fd) {
    return !maestro_here.id || maestro_here.forking || maestro_descriptor_mine(fd) || (maestro_alone && may_alone(fd));
}

void maestro_descriptor_guard(int fd, int guarded) {
    if (fd < 0 || fd >= DESCRIPTORS || !maestro_here.id)
        return;
    uint32_t plain = maestro_here.id, owner = guarded ? plain : plain | GUARDED;
    atomic_compare_exchange_strong(&owners[fd], &owner, guarded ? plain | GUARDED : plain);
}

void maestro_descriptors_close(struct maestro_interp *in) {
    int last = atomic_load(&highest);
    for (int fd = 0; fd <= last; fd++) {
        uint32_t owner = atomic_load(&owners[fd]);
        if ((owner & ~(GUARDED | COUNTED | SHARED)) != (uint32_t)in->id ||
            !atomic_compare_exchange_strong(&owners[fd], &owner, 0))
            continue;
        atomic_fetch_sub(&owned, 1);
        close(fd);
    }
}

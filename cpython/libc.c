#include "libc.h"

#include "children.h"
#include "here.h"
#include "libc_descriptor.h"
#include "libc_loader.h"
#include "libc_network.h"
#include "libc_path.h"
#include "place.h"
#include "print.h"
#include "rail_space.h"
#include "rails.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <unistd.h>

__thread struct maestro_here maestro_here;
char **maestro_environ;

// The owner of each descriptor: an interpreter's id, or 0. GUARDED is added to the
// id where its code may not close it, COUNTED where writing to it takes room (rail_space.h). A descriptor
// beyond the end is owned by none. Set after opening and cleared before
// closing, by the thread that does so: in between no other code has the number.
enum { DESCRIPTORS = 1 << 20 };
#define GUARDED (UINT32_C(1) << 31)
#define COUNTED (UINT32_C(1) << 30)
#define LENT (UINT32_C(1) << 29) // guarded, and closed by the server
#define MARKS (GUARDED | COUNTED | LENT)
static _Atomic uint32_t owners[DESCRIPTORS];
static atomic_int highest; // descriptor that ever had an owner

int maestro_descriptor_own(int fd) {
    if (fd < 0 || fd >= DESCRIPTORS || maestro_here.forking || !maestro_here.id)
        return fd;
    atomic_store_explicit(&owners[fd], maestro_here.id, memory_order_relaxed);
    int seen = atomic_load_explicit(&highest, memory_order_relaxed);
    while (fd > seen && !atomic_compare_exchange_weak(&highest, &seen, fd))
        ;
    return fd;
}

static int own(int fd) { return maestro_descriptor_own(fd); }

static void disown(int fd) {
    if (fd >= 0 && fd < DESCRIPTORS && !maestro_here.forking)
        atomic_store_explicit(&owners[fd], 0, memory_order_relaxed);
}

static uint32_t owner_of(int fd) {
    return fd >= 0 && fd < DESCRIPTORS ? atomic_load_explicit(&owners[fd], memory_order_relaxed) : 0;
}

int maestro_descriptor_mine(int fd) { return maestro_here.id && (owner_of(fd) & ~COUNTED) == maestro_here.id; }

void maestro_descriptor_count(int fd) {
    if (maestro_descriptor_mine(fd))
        atomic_fetch_or(&owners[fd], COUNTED);
}

int maestro_descriptor_counted(int fd) { return (owner_of(fd) & COUNTED) != 0; }

void maestro_descriptor_lend(int fd, const struct maestro_interp *in) {
    if (fd >= 0 && fd < DESCRIPTORS)
        atomic_store(&owners[fd], in ? (uint32_t)in->id | LENT : 0);
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
    if (!maestro_here.id || maestro_here.forking || (owner_of(fd) & ~MARKS) == maestro_here.id || (fd >= 0 && fd <= 2))
        return 0;
    if (harmless(fd))
        return 0;
    maestro_rail_refuse(RAIL_DESCRIPTORS, EBADF);
    return 1;
}

void maestro_descriptor_guard(int fd, int guarded) {
    if (fd < 0 || fd >= DESCRIPTORS || !maestro_here.id)
        return;
    uint32_t plain = maestro_here.id, owner = guarded ? plain : plain | GUARDED;
    atomic_compare_exchange_strong(&owners[fd], &owner, guarded ? plain | GUARDED : plain);
}

// Whether the thread has full access to the descriptor: also where no
// code of a subtenant runs, and in a child that has descriptors of its own.
static int may(int fd) { return !maestro_here.id || maestro_here.forking || maestro_descriptor_mine(fd); }

void maestro_descriptors_close(struct maestro_interp *in) {
    int last = atomic_load(&highest);
    for (int fd = 0; fd <= last; fd++) {
        uint32_t owner = atomic_load(&owners[fd]);
        if ((owner & ~MARKS) == (uint32_t)in->id && atomic_compare_exchange_strong(&owners[fd], &owner, 0) &&
            !(owner & LENT))
            close(fd);
    }
}

// Opening, and changing. Each gives the descriptor to the calling thread's interpreter.

static int shm_open_here(const char *name, int flags, mode_t mode) { return own(shm_open(name, flags, mode)); }

static int dup_here(int fd) { return maestro_descriptor_theirs(fd) ? -1 : own(dup(fd)); }

static int socket_here(int domain, int type, int protocol) { return own(socket(domain, type, protocol)); }

static int accept_here(int fd, struct sockaddr *address, socklen_t *size) { return own(accept(fd, address, size)); }

static int accept4_here(int fd, struct sockaddr *address, socklen_t *size, int flags) {
    return own(accept4(fd, address, size, flags));
}

static int epoll_create1_here(int flags) { return own(epoll_create1(flags)); }

static int eventfd_here(unsigned value, int flags) { return own(eventfd(value, flags)); }

static int timerfd_create_here(int clock, int flags) { return own(timerfd_create(clock, flags)); }

static int own_pair(int result, const int pair[2]) {
    if (result == 0) {
        own(pair[0]);
        own(pair[1]);
    }
    return result;
}

static int posix_openpt_here(int flags) { return own(posix_openpt(flags)); }

static int pipe_here(int pair[2]) { return own_pair(pipe(pair), pair); }

static int pipe2_here(int pair[2], int flags) { return own_pair(pipe2(pair, flags), pair); }

static int socketpair_here(int domain, int type, int protocol, int pair[2]) {
    return own_pair(socketpair(domain, type, protocol, pair), pair);
}

static int openpty_here(int *primary, int *secondary, char *name, const struct termios *terminal,
                        const struct winsize *size) {
    int result = openpty(primary, secondary, name, terminal, size);
    if (result == 0) {
        own(*primary);
        own(*secondary);
    }
    return result;
}

// Whether a descriptor is open and not the thread's to change: a socket of the
// server's that waits where it must not, for one.
static int theirs(int fd) {
    if (may(fd) || fcntl(fd, F_GETFD) < 0)
        return 0;
    errno = EPERM;
    return 1;
}

static int ioctl_here(int fd, unsigned long request, long argument) {
    if ((request == FIONBIO || request == FIOCLEX || request == FIONCLEX) && theirs(fd))
        return -1;
    return ioctl(fd, request, argument);
}

static int fcntl_here(int fd, int command, long argument) {
    if ((command == F_SETFL || command == F_SETFD || command == F_SETOWN) && theirs(fd))
        return -1;
    if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && maestro_descriptor_theirs(fd))
        return -1;
    int result = fcntl(fd, command, argument);
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? own(result) : result;
}

// The process of a pidfd, or 0.
static pid_t process_of(int fd) {
    char path[40], text[512];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    int info = open(path, O_RDONLY | O_CLOEXEC), pid = 0;
    ssize_t size = info < 0 ? -1 : read(info, text, sizeof text - 1);
    if (info >= 0)
        close(info);
    text[size > 0 ? size : 0] = 0;
    const char *line = strstr(text, "\nPid:");
    return line && sscanf(line, "\nPid: %d", &pid) == 1 ? pid : 0;
}

// Whether the rails refuse a system call; errno is set then.
static int call_refused(long number, long a, long b, long c) {
    if (!maestro_here.in)
        return 0;
    if (number == SYS_pidfd_send_signal && b != 0 && !maestro_child_descends(maestro_here.in, process_of((int)a)))
        return maestro_rail_refuse(RAIL_PROCESS_END, EPERM) < 0;
    if (number == SYS_copy_file_range)
        return maestro_descriptor_theirs((int)a) || maestro_descriptor_theirs((int)c);
    return 0;
}

// libc knew no function for these when libpython was built.
static long syscall_here(long number, long a, long b, long c, long d, long e, long f) {
    if (call_refused(number, a, b, c) || (number == SYS_copy_file_range && !maestro_space_write((int)c, (uint64_t)e)))
        return -1;
    long result = syscall(number, a, b, c, d, e, f);
    if (number == SYS_pidfd_open || number == SYS_memfd_create)
        own((int)result);
    return result;
}

// Descriptors that came with a message.
static ssize_t recvmsg_here(int fd, struct msghdr *message, int flags) {
    if (maestro_descriptor_theirs(fd))
        return -1;
    ssize_t received = recvmsg(fd, message, flags);
    if (received < 0 || !message->msg_control)
        return received;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int got;
            memcpy(&got, CMSG_DATA(part) + i * sizeof got, sizeof got);
            own(got);
        }
    }
    return received;
}

// Closing and replacing.

static int close_here(int fd) {
    if (!may(fd)) {
        errno = EBADF;
        return -1;
    }
    disown(fd);
    return close(fd);
}

static int closedir_here(DIR *folder) {
    disown(dirfd(folder));
    return closedir(folder);
}

static int fclose_here(FILE *file) {
    disown(fileno(file));
    return fclose(file);
}

// Makes the descriptor `to` a copy of another. One that is open and not the
// interpreter's stays; one that is not open may be by now, so that only the
// kernel can say that it is free.
static int dup3_here(int from, int to, int flags) {
    if (maestro_descriptor_theirs(from))
        return -1;
    if (may(to) || from == to)
        return own(from == to ? dup2(from, to) : dup3(from, to, flags));
    int got = fcntl(from, flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, to);
    if (got == to || got < 0)
        return own(got);
    close(got);
    errno = EPERM;
    return -1;
}

static int dup2_here(int from, int to) { return from == to ? dup2(from, to) : dup3_here(from, to, 0); }

static ssize_t write_here(int fd, const void *data, size_t size) {
    if ((fd == 1 || fd == 2) && !may(fd)) {
        maestro_print_raw(maestro_here.in, maestro_here.frame, fd, data, size);
        return (ssize_t)size;
    }
    if (maestro_descriptor_theirs(fd) || !maestro_space_write(fd, size))
        return -1;
    return write(fd, data, size);
}

// Threads.

struct begin {
    void *(*run)(void *);
    void *argument;
    struct maestro_here creator;
};

static void end_thread(void *in) { atomic_fetch_sub(&((struct maestro_interp *)in)->threads, 1); }

static void *run_thread(void *argument) {
    struct begin begin = *(struct begin *)argument;
    free(argument);
    maestro_here.in = begin.creator.in;
    maestro_here.id = begin.creator.id;
    maestro_here.frame = begin.creator.frame;
    maestro_here.place = begin.creator.place;
    maestro_here.change = begin.creator.change;
    maestro_place_own();
    void *result;
    pthread_cleanup_push(end_thread, begin.creator.in); // also where it ends by pthread_exit
    result = begin.run(begin.argument);
    pthread_cleanup_pop(1);
    return result;
}

static int pthread_create_here(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
    if (!maestro_here.id)
        return pthread_create(thread, attributes, run, argument);
    struct begin *begin = malloc(sizeof *begin);
    if (!begin)
        return EAGAIN;
    *begin = (struct begin){run, argument, maestro_here};
    atomic_fetch_add(&maestro_here.in->threads, 1);
    int failed = pthread_create(thread, attributes, run_thread, begin);
    if (failed) {
        end_thread(maestro_here.in);
        free(begin);
    }
    return failed;
}

// The server's variables that are visible to subtenants' code.
static int visible(const char *entry) {
    static const char *const names[] = {"PATH=", "HOME=", "LANG=", "TZ=", "LC_", "SSL_CERT_"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return 1;
    return 0;
}

static int select_environ(void) {
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    if (!(maestro_environ = calloc(count + 1, sizeof *maestro_environ)))
        return 0;
    for (size_t i = 0; i < count; i++)
        if (visible(environ[i]) && !(maestro_environ[kept++] = strdup(environ[i])))
            return 0;
    return 1;
}

// The references of other files.
static const struct {
    const struct maestro_reference *references;
    const size_t *count;
} others[] = {
    {maestro_path_references, &maestro_path_reference_count},
    {maestro_descriptor_references, &maestro_descriptor_reference_count},
    {maestro_network_references, &maestro_network_reference_count},
    {maestro_loader_references, &maestro_loader_reference_count},
};

char *maestro_libc_replace(void *library) {
    if (!select_environ())
        return strdup("out of memory");
#define FUNCTION(name)             \
    {                              \
        #name, (void *)name##_here \
    }
    const struct maestro_reference references[] = {
        FUNCTION(accept),
        FUNCTION(accept4),
        FUNCTION(close),
        FUNCTION(closedir),
        FUNCTION(dup),
        FUNCTION(dup2),
        FUNCTION(dup3),
        FUNCTION(epoll_create1),
        FUNCTION(eventfd),
        FUNCTION(fclose),
        FUNCTION(fcntl),
        FUNCTION(ioctl),
        FUNCTION(openpty),
        FUNCTION(pipe),
        FUNCTION(pipe2),
        FUNCTION(posix_openpt),
        FUNCTION(pthread_create),
        FUNCTION(recvmsg),
        FUNCTION(shm_open),
        FUNCTION(socket),
        FUNCTION(socketpair),
        FUNCTION(syscall),
        FUNCTION(timerfd_create),
        FUNCTION(write),
        // The same functions under other names, and two variables.
        {"fcntl64", (void *)fcntl_here},
        {"environ", &maestro_environ},
        {"__environ", &maestro_environ},
    };
#undef FUNCTION
    char *message = maestro_link_replace(library, references, sizeof references / sizeof *references);
    for (size_t i = 0; !message && i < sizeof others / sizeof *others; i++)
        message = maestro_link_replace(library, others[i].references, *others[i].count);
    return message;
}

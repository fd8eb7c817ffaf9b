#include "libc.h"

#include "children.h"
#include "descriptor.h"
#include "fault.h"
#include "here.h"
#include "left.h"
#include "libc_descriptor.h"
#include "libc_loader.h"
#include "libc_map.h"
#include "libc_network.h"
#include "libc_path.h"
#include "libc_stream.h"
#include "load.h"
#include "memory.h"
#include "place.h"
#include "print.h"
#include "rail_child.h"
#include "rail_shared.h"
#include "rail_space.h"
#include "rails.h"
#include "thread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <semaphore.h>
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
#include <sys/timerfd.h>
#include <unistd.h>

__thread struct maestro_here maestro_here;
char **maestro_environ;

// Opening, and changing. Each gives the descriptor to the calling thread's
// interpreter, unless that has too many.

static int own(int fd) { return maestro_descriptor_own(fd); }

static int has_room(void) { return maestro_descriptor_room(1); }

static int has_two(void) { return maestro_descriptor_room(2); }

static int shm_open_here(const char *name, int flags, mode_t mode) {
    if (!has_room() || ((flags & O_CREAT) && !maestro_space_take(0)))
        return -1;
    int fd = own(shm_open(name, flags, mode));
    if (fd >= 0)
        maestro_space_opened(fd, flags);
    return fd;
}

static sem_t *sem_open_here(const char *name, int flags, mode_t mode, unsigned value) {
    if (!(flags & O_CREAT))
        return sem_open(name, flags);
    if (!maestro_space_take(MAESTRO_SPACE_OF_A_FILE) || !maestro_shared_note_semaphore(name))
        return SEM_FAILED;
    return sem_open(name, flags, mode, value);
}

static int dup_here(int fd) { return !maestro_descriptor_theirs(fd) && has_room() ? own(dup(fd)) : -1; }

static int socket_here(int domain, int type, int protocol) { return has_room() ? own(socket(domain, type, protocol)) : -1; }

static int accept_here(int fd, struct sockaddr *address, socklen_t *size) {
    return has_room() ? own(accept(fd, address, size)) : -1;
}

static int accept4_here(int fd, struct sockaddr *address, socklen_t *size, int flags) {
    return has_room() ? own(accept4(fd, address, size, flags)) : -1;
}

static int epoll_create1_here(int flags) { return has_room() ? own(epoll_create1(flags)) : -1; }

static int eventfd_here(unsigned value, int flags) { return has_room() ? own(eventfd(value, flags)) : -1; }

static int timerfd_create_here(int clock, int flags) { return has_room() ? own(timerfd_create(clock, flags)) : -1; }

static int own_pair(int result, const int pair[2]) {
    if (result == 0) {
        own(pair[0]);
        own(pair[1]);
    }
    return result;
}

static int posix_openpt_here(int flags) { return has_room() ? own(posix_openpt(flags)) : -1; }

static int pipe_here(int pair[2]) { return has_two() ? own_pair(pipe(pair), pair) : -1; }

static int pipe2_here(int pair[2], int flags) { return has_two() ? own_pair(pipe2(pair, flags), pair) : -1; }

static int socketpair_here(int domain, int type, int protocol, int pair[2]) {
    return has_two() ? own_pair(socketpair(domain, type, protocol, pair), pair) : -1;
}

static int openpty_here(int *primary, int *secondary, char *name, const struct termios *terminal,
                        const struct winsize *size) {
    int result = has_two() ? openpty(primary, secondary, name, terminal, size) : -1;
    if (result == 0) {
        own(*primary);
        own(*secondary);
    }
    return result;
}

// Whether a descriptor is open and not the thread's to change: a socket of the
// server's that waits where it must not, for one.
static int theirs(int fd) {
    if (maestro_descriptor_may(fd) || fcntl(fd, F_GETFD) < 0)
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
    int copies = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
    if (copies && (maestro_descriptor_theirs(fd) || !has_room()))
        return -1;
    int result = fcntl(fd, command, argument);
    return copies ? own(result) : result;
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
static int call_refused(long number, long a, long b) {
    if (!maestro_here.in || number != SYS_pidfd_send_signal || b == 0 ||
        maestro_child_descends(maestro_here.in, process_of((int)a)))
        return 0;
    maestro_rail_refuse(RAIL_PROCESS_END, EPERM);
    return 1;
}

// libc knew no function for these when libpython was built.
static long syscall_here(long number, long a, long b, long c, long d, long e, long f) {
    int opens = number == SYS_pidfd_open || number == SYS_memfd_create;
    if ((opens && !has_room()) || call_refused(number, a, b))
        return -1;
    long result = syscall(number, a, b, c, d, e, f);
    if (opens)
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
    if (!maestro_descriptor_may(fd)) {
        errno = EBADF;
        return -1;
    }
    maestro_descriptor_disown(fd);
    return close(fd);
}

// Where libc has them, libpython closes ranges by these two (os.closerange), and a child before its
// program begins.
static int close_range_here(unsigned begin, unsigned end, int flags) {
    if (!maestro_here.id || maestro_here.forking)
        return (int)syscall(SYS_close_range, begin, end, flags);
    enum { MOST = 1 << 20 }; // no descriptor beyond has an owner (descriptor.c)
    for (unsigned fd = begin; fd <= end && fd < MOST; fd++)
        if (maestro_descriptor_mine((int)fd))
            close_here((int)fd);
    return 0;
}

static void closefrom_here(int begin) { close_range_here(begin < 0 ? 0 : (unsigned)begin, ~0u, 0); }

static int memfd_create_here(const char *name, unsigned flags) {
    return has_room() ? own((int)syscall(SYS_memfd_create, name, flags)) : -1;
}

static int closedir_here(DIR *folder) {
    maestro_descriptor_disown(dirfd(folder));
    return closedir(folder);
}

static int fclose_here(FILE *file) {
    maestro_descriptor_disown(fileno(file));
    return fclose(file);
}

// Makes the descriptor `to` a copy of another. One that is open and not the
// interpreter's stays; one that is not open may be by now, so that only the
// kernel can say that it is free.
static int dup3_here(int from, int to, int flags) {
    if (maestro_descriptor_theirs(from) || (from != to && !maestro_descriptor_mine(to) && !has_room()))
        return -1;
    if (maestro_descriptor_may(to) || from == to)
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
    if ((fd == 1 || fd == 2) && !maestro_descriptor_may(fd)) {
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
    int left; // a thread that is left behind has begun it
    struct maestro_here creator;
};

// The place of a thread in its interpreter's list.
struct membership {
    struct maestro_interp *in;
    struct maestro_native begun;
};

static void end_thread(void *argument) {
    struct membership *membership = argument;
    maestro_memory_enter(NULL);
    maestro_begun_remove(membership->in, &membership->begun);
    atomic_fetch_sub(&membership->in->threads, 1);
}

static void *run_thread(void *argument) {
    struct begin begin = *(struct begin *)argument;
    free(argument);
    maestro_here.in = begin.creator.in;
    maestro_here.id = begin.creator.id;
    maestro_memory_enter(&begin.creator.in->memory);
    maestro_here.frame = begin.creator.frame;
    maestro_here.place = begin.creator.place;
    maestro_here.change = begin.creator.change;
    maestro_place_own();
    maestro_here.go_unheld = maestro_here.own_place && !maestro_alone;
    struct membership membership = {.in = begin.creator.in, .begun = {.left = begin.left, .known = begin.left}};
    maestro_begun_add(membership.in, &membership.begun);
    void *result;
    pthread_cleanup_push(end_thread, &membership); // also where it ends by pthread_exit
    pthread_cleanup_push(maestro_fault_stack_free, maestro_fault_stack_new());
    result = begin.run(begin.argument);
    pthread_cleanup_pop(1);
    pthread_cleanup_pop(1);
    return result;
}

int maestro_thread_room(const struct maestro_interp *in) {
    return !in->limits.threads || atomic_load_explicit(&in->threads, memory_order_relaxed) < in->limits.threads;
}

static int pthread_create_here(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
    if (!maestro_here.id)
        return pthread_create(thread, attributes, run, argument);
    int left = maestro_left_begins(maestro_here.in);
    struct begin *begin = left >= 0 && maestro_thread_room(maestro_here.in) ? malloc(sizeof *begin) : NULL;
    if (!begin)
        return EAGAIN;
    *begin = (struct begin){run, argument, left, maestro_here};
    atomic_fetch_add(&maestro_here.in->threads, 1);
    int failed = pthread_create(thread, attributes, run_thread, begin);
    if (failed) {
        atomic_fetch_sub(&maestro_here.in->threads, 1);
        free(begin);
    }
    return failed;
}

// Ends of the process, which say whose they are (fault.h). abort is a signal.

static void exit_here(int status) {
    maestro_fault_exits("exit", status);
    exit(status);
}

static void _exit_here(int status) {
    maestro_fault_exits("_exit", status);
    _exit(status);
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

#define FUNCTION(name) {#name, (void *)name##_here}
static const struct maestro_reference references[] = {
    FUNCTION(_exit),
    FUNCTION(accept),
    FUNCTION(accept4),
    FUNCTION(close),
    FUNCTION(close_range),
    FUNCTION(closedir),
    FUNCTION(closefrom),
    FUNCTION(dup),
    FUNCTION(dup2),
    FUNCTION(dup3),
    FUNCTION(epoll_create1),
    FUNCTION(eventfd),
    FUNCTION(exit),
    FUNCTION(fclose),
    FUNCTION(fcntl),
    FUNCTION(ioctl),
    FUNCTION(memfd_create),
    FUNCTION(openpty),
    FUNCTION(pipe),
    FUNCTION(pipe2),
    FUNCTION(posix_openpt),
    FUNCTION(pthread_create),
    FUNCTION(recvmsg),
    FUNCTION(sem_open),
    FUNCTION(shm_open),
    FUNCTION(socket),
    FUNCTION(socketpair),
    FUNCTION(syscall),
    FUNCTION(timerfd_create),
    FUNCTION(write),
    {"malloc", (void *)maestro_libc_malloc},
    {"calloc", (void *)maestro_libc_calloc},
    {"realloc", (void *)maestro_libc_realloc},
    {"posix_memalign", (void *)maestro_libc_posix_memalign},
    {"free", (void *)maestro_libc_free},
    {"munmap", (void *)maestro_libc_munmap},
    {"fprintf", (void *)maestro_libc_fprintf},
    {"vfprintf", (void *)maestro_libc_vfprintf},
    {"fputs", (void *)maestro_libc_fputs},
    {"fputc", (void *)maestro_libc_fputc},
    {"fwrite", (void *)maestro_libc_fwrite},
    {"mremap", (void *)maestro_libc_mremap},
    // The same functions under other names, and two variables.
    {"fcntl64", (void *)fcntl_here},
    {"environ", &maestro_environ},
    {"__environ", &maestro_environ},
};
#undef FUNCTION
static const size_t reference_count = sizeof references / sizeof *references;

// The references of this file, and of others.
static const struct {
    const struct maestro_reference *references;
    const size_t *count;
} tables[] = {
    {references, &reference_count},
    {maestro_path_references, &maestro_path_reference_count},
    {maestro_descriptor_references, &maestro_descriptor_reference_count},
    {maestro_network_references, &maestro_network_reference_count},
    {maestro_loader_references, &maestro_loader_reference_count},
    {maestro_exec_references, &maestro_exec_reference_count},
};
enum { TABLES = sizeof tables / sizeof *tables, MOST = 128 };

// Which of them any library has. Written while Python is loaded.
static unsigned char found[TABLES][MOST];

char *maestro_libc_replace(void *library) {
    if (!maestro_environ && !select_environ())
        return strdup("out of memory");
    char *message = NULL;
    for (size_t i = 0; !message && i < TABLES; i++)
        message = *tables[i].count > MOST ? strdup("a table of references has more rows than are counted")
                                          : maestro_link_search(library, tables[i].references, *tables[i].count, found[i]);
    return message;
}

int maestro_libc_found(const char *name) {
    for (size_t i = 0; i < TABLES; i++)
        for (size_t j = 0; j < *tables[i].count; j++)
            if (found[i][j] && strcmp(tables[i].references[j].name, name) == 0)
                return 1;
    return 0;
}

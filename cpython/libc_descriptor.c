#include "libc_descriptor.h"

#include "descriptor.h"
#include "libc_map.h"
#include "rail_space.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

// Reading and changing through the descriptor that is the first argument.
#define USING(X)                                                                                                        \
    X(ssize_t, -1, read, (int fd, void *data, size_t size), (fd, data, size))                                           \
    X(ssize_t, -1, readv, (int fd, const struct iovec *parts, int count), (fd, parts, count))                           \
    X(ssize_t, -1, pread64, (int fd, void *data, size_t size, off64_t at), (fd, data, size, at))                        \
    X(ssize_t, -1, preadv64, (int fd, const struct iovec *parts, int count, off64_t at), (fd, parts, count, at))        \
    X(ssize_t, -1, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags))                         \
    X(ssize_t, -1, recvfrom, (int fd, void *data, size_t size, int flags, struct sockaddr *from, socklen_t *length),    \
      (fd, data, size, flags, from, length))                                                                            \
    X(ssize_t, -1, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags))                   \
    X(int, -1, shutdown, (int fd, int how), (fd, how))                                                                  \
    X(int, -1, listen, (int fd, int backlog), (fd, backlog))                                                            \
    X(int, -1, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),                            \
      (fd, level, name, value, size))                                                                                   \
    X(int, -1, epoll_ctl, (int fd, int operation, int other, struct epoll_event *event), (fd, operation, other, event)) \
    X(int, -1, epoll_wait, (int fd, struct epoll_event *events, int most, int timeout), (fd, events, most, timeout))    \
    X(int, -1, eventfd_read, (int fd, eventfd_t *value), (fd, value))                                                   \
    X(int, -1, eventfd_write, (int fd, eventfd_t value), (fd, value))                                                   \
    X(int, -1, timerfd_settime, (int fd, int flags, const struct itimerspec *value, struct itimerspec *before),         \
      (fd, flags, value, before))                                                                                       \
    X(int, -1, fchmod, (int fd, mode_t mode), (fd, mode))                                                               \
    X(int, -1, fchown, (int fd, uid_t user, gid_t group), (fd, user, group))                                            \
    X(int, -1, fchdir, (int fd), (fd))                                                                                  \
    X(int, -1, futimens, (int fd, const struct timespec times[2]), (fd, times))                                         \
    X(int, -1, flock, (int fd, int operation), (fd, operation))                                                         \
    X(int, -1, lockf64, (int fd, int command, off64_t size), (fd, command, size))                                       \
    X(off64_t, -1, lseek64, (int fd, off64_t at, int from), (fd, at, from))                                             \
    X(ssize_t, -1, fgetxattr, (int fd, const char *name, void *value, size_t size), (fd, name, value, size))            \
    X(int, -1, fsetxattr, (int fd, const char *name, const void *value, size_t size, int flags),                        \
      (fd, name, value, size, flags))                                                                                   \
    X(int, -1, fremovexattr, (int fd, const char *name), (fd, name))                                                    \
    X(int, -1, tcsetattr, (int fd, int when, const struct termios *terminal), (fd, when, terminal))                     \
    X(DIR *, NULL, fdopendir, (int fd), (fd))                                                                           \
    X(FILE *, NULL, fdopen, (int fd, const char *mode), (fd, mode))

#define X(result, failed, name, parameters, arguments) \
    static result name##_here parameters { return maestro_descriptor_theirs(fd) ? failed : name arguments; }
USING(X)
#undef X

static uint64_t size_of(const struct iovec *parts, int count) {
    uint64_t size = 0;
    for (int i = 0; parts && i < count; i++)
        size += parts[i].iov_len;
    return size;
}

// Writing, which takes room.
#define WRITING(X)                                                                                       \
    X(writev, (int fd, const struct iovec *parts, int count), (fd, parts, count), size_of(parts, count)) \
    X(pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at), size)         \
    X(pwritev64, (int fd, const struct iovec *parts, int count, off64_t at), (fd, parts, count, at), size_of(parts, count))

#define X(name, parameters, arguments, size)                                                          \
    static ssize_t name##_here parameters {                                                           \
        return maestro_descriptor_theirs(fd) || !maestro_space_write(fd, size) ? -1 : name arguments; \
    }
WRITING(X)
#undef X

static int ftruncate64_here(int fd, off64_t size) {
    struct stat64 before;
    if (maestro_descriptor_theirs(fd))
        return -1;
    uint64_t more = fstat64(fd, &before) == 0 && size > before.st_size ? (uint64_t)(size - before.st_size) : 0;
    return maestro_space_write(fd, more) ? ftruncate64(fd, size) : -1;
}

static int posix_fallocate64_here(int fd, off64_t at, off64_t size) {
    if (maestro_descriptor_theirs(fd) || !maestro_space_write(fd, size > 0 ? (uint64_t)size : 0))
        return errno;
    return posix_fallocate64(fd, at, size);
}

static ssize_t sendfile64_here(int to, int from, off64_t *at, size_t size) {
    if (maestro_descriptor_theirs(to) || maestro_descriptor_theirs(from) || !maestro_space_write(to, size))
        return -1;
    return sendfile64(to, from, at, size);
}

static ssize_t splice_here(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags) {
    if (maestro_descriptor_theirs(to) || maestro_descriptor_theirs(from) || !maestro_space_write(to, size))
        return -1;
    return splice(from, from_at, to, to_at, size, flags);
}

static ssize_t copy_file_range_here(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags) {
    if (maestro_descriptor_theirs(to) || maestro_descriptor_theirs(from) || !maestro_space_write(to, size))
        return -1;
    return copy_file_range(from, from_at, to, to_at, size, flags);
}

static ssize_t preadv2_here(int fd, const struct iovec *parts, int count, off64_t at, int flags) {
    return maestro_descriptor_theirs(fd) ? -1 : preadv2(fd, parts, count, at, flags);
}

static ssize_t pwritev2_here(int fd, const struct iovec *parts, int count, off64_t at, int flags) {
    if (maestro_descriptor_theirs(fd) || !maestro_space_write(fd, size_of(parts, count)))
        return -1;
    return pwritev2(fd, parts, count, at, flags);
}

static void *mmap64_here(void *at, size_t size, int protection, int flags, int fd, off64_t offset) {
    if (!(flags & MAP_ANONYMOUS) && maestro_descriptor_theirs(fd))
        return MAP_FAILED;
    return maestro_libc_mmap(at, size, protection, flags, fd, offset);
}

#define FUNCTION(name) {#name, (void *)name##_here}
const struct maestro_reference maestro_descriptor_references[] = {
#define X(result, failed, name, parameters, arguments) FUNCTION(name),
    USING(X)
#undef X
#define X(name, parameters, arguments, size) FUNCTION(name),
        WRITING(X)
#undef X
            FUNCTION(ftruncate64),
    FUNCTION(posix_fallocate64),
    FUNCTION(sendfile64),
    FUNCTION(splice),
    FUNCTION(mmap64),
    FUNCTION(copy_file_range),
    FUNCTION(preadv2),
    FUNCTION(pwritev2),
    // The same functions under other names, those of other builds of Python included.
    {"pread", (void *)pread64_here},
    {"preadv", (void *)preadv64_here},
    {"preadv64v2", (void *)preadv2_here},
    {"pwrite", (void *)pwrite64_here},
    {"pwritev", (void *)pwritev64_here},
    {"pwritev64v2", (void *)pwritev2_here},
    {"posix_fallocate", (void *)posix_fallocate64_here},
    {"sendfile", (void *)sendfile64_here},
    {"lockf", (void *)lockf64_here},
    {"ftruncate", (void *)ftruncate64_here},
    {"lseek", (void *)lseek64_here},
    {"mmap", (void *)mmap64_here},
};
#undef FUNCTION
const size_t maestro_descriptor_reference_count =
    sizeof maestro_descriptor_references / sizeof *maestro_descriptor_references;

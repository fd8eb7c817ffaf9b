#include "libc_path.h"

#include "descriptor.h"
#include "place.h"
#include "rail_path.h"
#include "rail_shared.h"
#include "rail_space.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

// The path to use, or NULL with errno: relative ones begin at the directory of the thread's call,
// which another thread of the same interpreter may have changed.
#define PATH(variable, folder, use, nofollow) \
    char variable##_buffer[PATH_MAX];         \
    maestro_place_sync();                     \
    variable = maestro_rail_path(folder, variable, use, nofollow, variable##_buffer)

// Functions with one path: ONE(result, failed, name, parameters, arguments, path, use, nofollow).
// `folder` is AT_FDCWD where the parameters name none.
enum { folder = AT_FDCWD };
#define ONE_PATH(X)                                                                                                      \
    X(int, -1, chdir, (const char *path), (path), USE_LIST, FOLLOW)                                                      \
    X(int, -1, chmod, (const char *path, mode_t mode), (path, mode), USE_WRITE, FOLLOW)                                  \
    X(int, -1, chown, (const char *path, uid_t user, gid_t group), (path, user, group), USE_WRITE, FOLLOW)               \
    X(int, -1, lchown, (const char *path, uid_t user, gid_t group), (path, user, group), USE_WRITE, NOFOLLOW)            \
    X(int, -1, fchmodat, (int folder, const char *path, mode_t mode, int flags), (folder, path, mode, flags), USE_WRITE, \
      (flags & AT_SYMLINK_NOFOLLOW) != 0)                                                                                \
    X(int, -1, fchownat, (int folder, const char *path, uid_t user, gid_t group, int flags),                             \
      (folder, path, user, group, flags), USE_WRITE, (flags & AT_SYMLINK_NOFOLLOW) != 0)                                 \
    X(ssize_t, -1, getxattr, (const char *path, const char *name, void *value, size_t size), (path, name, value, size),  \
      USE_READ, FOLLOW)                                                                                                  \
    X(ssize_t, -1, lgetxattr, (const char *path, const char *name, void *value, size_t size), (path, name, value, size), \
      USE_READ, NOFOLLOW)                                                                                                \
    X(ssize_t, -1, listxattr, (const char *path, char *list, size_t size), (path, list, size), USE_READ, FOLLOW)         \
    X(ssize_t, -1, llistxattr, (const char *path, char *list, size_t size), (path, list, size), USE_READ, NOFOLLOW)      \
    X(int, -1, setxattr, (const char *path, const char *name, const void *value, size_t size, int flags),                \
      (path, name, value, size, flags), USE_WRITE, FOLLOW)                                                               \
    X(int, -1, lsetxattr, (const char *path, const char *name, const void *value, size_t size, int flags),               \
      (path, name, value, size, flags), USE_WRITE, NOFOLLOW)                                                             \
    X(int, -1, removexattr, (const char *path, const char *name), (path, name), USE_WRITE, FOLLOW)                       \
    X(int, -1, lremovexattr, (const char *path, const char *name), (path, name), USE_WRITE, NOFOLLOW)                    \
    X(int, -1, lstat64, (const char *path, struct stat64 *found), (path, found), USE_STAT, NOFOLLOW)                     \
    X(int, -1, stat64, (const char *path, struct stat64 *found), (path, found), USE_STAT, FOLLOW)                        \
    X(int, -1, fstatat64, (int folder, const char *path, struct stat64 *found, int flags), (folder, path, found, flags), \
      USE_STAT, (flags & AT_SYMLINK_NOFOLLOW) != 0)                                                                      \
    X(int, -1, statfs, (const char *path, struct statfs *found), (path, found), USE_STAT, FOLLOW)                        \
    X(int, -1, statvfs64, (const char *path, struct statvfs64 *found), (path, found), USE_STAT, FOLLOW)                  \
    X(long, -1, pathconf, (const char *path, int name), (path, name), USE_STAT, FOLLOW)                                  \
    X(ssize_t, -1, readlink, (const char *path, char *data, size_t size), (path, data, size), USE_STAT, NOFOLLOW)        \
    X(ssize_t, -1, readlinkat, (int folder, const char *path, char *data, size_t size), (folder, path, data, size),      \
      USE_STAT, NOFOLLOW)                                                                                                \
    X(char *, NULL, realpath, (const char *path, char *result), (path, result), USE_STAT, FOLLOW)                        \
    X(int, -1, rmdir, (const char *path), (path), USE_WRITE, NOFOLLOW)                                                   \
    X(int, -1, unlink, (const char *path), (path), USE_WRITE, NOFOLLOW)                                                  \
    X(int, -1, unlinkat, (int folder, const char *path, int flags), (folder, path, flags), USE_WRITE, NOFOLLOW)          \
    X(int, -1, utimes, (const char *path, const struct timeval times[2]), (path, times), USE_WRITE, FOLLOW)              \
    X(int, -1, utimensat, (int folder, const char *path, const struct timespec times[2], int flags),                     \
      (folder, path, times, flags), USE_WRITE, (flags & AT_SYMLINK_NOFOLLOW) != 0)

#define X(result, failed, name, parameters, arguments, use, nofollow) \
    static result name##_here parameters {                            \
        PATH(path, folder, use, nofollow);                            \
        return path ? name arguments : failed;                        \
    }
ONE_PATH(X)
#undef X

// Functions that add a name to a folder, and so take room.
#define NEW_NAME(X)                                                                \
    X(mkdir, (const char *path, mode_t mode), (path, mode))                        \
    X(mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode))  \
    X(mkfifo, (const char *path, mode_t mode), (path, mode))                       \
    X(mkfifoat, (int folder, const char *path, mode_t mode), (folder, path, mode)) \
    X(symlink, (const char *to, const char *path), (to, path))                     \
    X(symlinkat, (const char *to, int folder, const char *path), (to, folder, path))

#define X(name, parameters, arguments)                                                    \
    static int name##_here parameters {                                                   \
        PATH(path, folder, USE_WRITE, NOFOLLOW);                                          \
        return path && maestro_space_take(MAESTRO_SPACE_OF_A_FILE) ? name arguments : -1; \
    }
NEW_NAME(X)
#undef X

static char *getcwd_here(char *buffer, size_t size) {
    maestro_place_sync();
    return getcwd(buffer, size);
}

static int access_use(int mode) { return mode & W_OK ? USE_WRITE : mode & (R_OK | X_OK) ? USE_READ : USE_STAT; }

// A folder is asked about by its names, a file by its content; where only one is refused, that is the answer.
static int access_here(const char *path, int mode) {
    PATH(path, AT_FDCWD, access_use(mode), FOLLOW);
    return path ? access(path, mode) : -1;
}

static int faccessat_here(int folder, const char *path, int mode, int flags) {
    PATH(path, folder, access_use(mode), (flags & AT_SYMLINK_NOFOLLOW) != 0);
    return path ? faccessat(folder, path, mode, flags) : -1;
}

// Two paths. The old name is changed as well: of a link's, the file behind both.

static int renameat_here(int from_folder, const char *from, int folder, const char *to) {
    PATH(from, from_folder, USE_WRITE, NOFOLLOW);
    if (!from)
        return -1;
    PATH(to, folder, USE_WRITE, NOFOLLOW);
    return to && maestro_shared_note(to) ? renameat(from_folder, from, folder, to) : -1;
}

static int rename_here(const char *from, const char *to) { return renameat_here(AT_FDCWD, from, AT_FDCWD, to); }

static int linkat_here(int from_folder, const char *from, int folder, const char *to, int flags) {
    PATH(from, from_folder, USE_WRITE, (flags & AT_SYMLINK_FOLLOW) == 0);
    if (!from)
        return -1;
    PATH(to, folder, USE_WRITE, NOFOLLOW);
    return to && maestro_shared_note(to) ? linkat(from_folder, from, folder, to, flags) : -1;
}

static int link_here(const char *from, const char *to) { return linkat_here(AT_FDCWD, from, AT_FDCWD, to, 0); }

// Opening.

static enum maestro_use open_use(int flags) {
    if (flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)) // O_TMPFILE includes writing
        return USE_WRITE;
    if (flags & O_PATH)
        return USE_STAT;
    return flags & O_DIRECTORY ? USE_LIST : USE_READ;
}

// Empties an open file as O_TRUNC does, which leaves devices and pipes alone.
static int empty(int fd) {
    struct stat64 found;
    if (fstat64(fd, &found) < 0)
        return 0;
    if (!S_ISREG(found.st_mode) || found.st_size == 0)
        return 1;
    char name[40]; // it may be open for reading only
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return truncate64(name, 0) == 0;
}

static int openat_here(int folder, const char *path, int flags, mode_t mode) {
    // A device is written to without being changed: what it is decides, not that.
    PATH(path, folder, open_use(flags), (flags & O_NOFOLLOW) != 0);
    if (!path || ((flags & O_CREAT) && !maestro_space_take(0)))
        return -1;
    if (!maestro_descriptor_room(1))
        return -1;
    // Emptied only once it is known that it is the file which was decided about.
    int empties = maestro_railed() && (flags & O_TRUNC) && !maestro_here.forking;
    int fd = openat(folder, path, empties ? flags & ~O_TRUNC : flags, mode);
    fd = maestro_rail_opened(fd, path, open_use(flags));
    if (fd >= 0 && empties && !empty(fd)) {
        int number = errno;
        close(fd);
        errno = number;
        return -1;
    }
    maestro_descriptor_own(fd);
    if (fd >= 0 && open_use(flags) == USE_WRITE)
        maestro_space_opened(fd, flags);
    return fd;
}

static int open_here(const char *path, int flags, mode_t mode) { return openat_here(AT_FDCWD, path, flags, mode); }

// As a library calls them that was compiled with _FORTIFY_SOURCE.

static int openat_2_here(int folder, const char *path, int flags) { return openat_here(folder, path, flags, 0); }

static int open_2_here(const char *path, int flags) { return openat_here(AT_FDCWD, path, flags, 0); }

static FILE *fopen_here(const char *path, const char *mode) {
    int writes = mode[0] != 'r' || strchr(mode, '+');
    PATH(path, AT_FDCWD, writes ? USE_WRITE : USE_READ, FOLLOW);
    if (!path || (writes && !maestro_space_take(0)) || !maestro_descriptor_room(1))
        return NULL;
    FILE *file = fopen(path, mode);
    int fd = file ? fileno(file) : -1, copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (file && (copy < 0 || maestro_rail_opened(copy, path, writes ? USE_WRITE : USE_READ) < 0)) {
        int number = errno;
        fclose(file);
        errno = number;
        return NULL;
    }
    if (file) {
        close(copy);
        maestro_descriptor_own(fd);
    }
    return file;
}

static DIR *opendir_here(const char *path) {
    PATH(path, AT_FDCWD, USE_LIST, FOLLOW);
    int fd = path && maestro_descriptor_room(1) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK) : -1;
    fd = maestro_rail_opened(fd, path, USE_LIST);
    DIR *names = fd < 0 ? NULL : fdopendir(fd);
    if (names)
        maestro_descriptor_own(fd);
    return names;
}

static int mkstemp_here(char *template) {
    const char *path = template;
    PATH(path, AT_FDCWD, USE_WRITE, NOFOLLOW);
    if (!path || !maestro_space_take(MAESTRO_SPACE_OF_A_FILE) || !maestro_descriptor_room(1))
        return -1;
    if (path == template)
        return maestro_descriptor_own(mkstemp(template));
    int fd = maestro_descriptor_own(mkstemp(path_buffer));
    if (fd >= 0) // the six characters at the end were chosen
        strcpy(template + strlen(template) - 6, path_buffer + strlen(path_buffer) - 6);
    return fd;
}

static FILE *tmpfile_here(void) { // in /tmp, which only the C library knows
    if (!maestro_railed())
        return tmpfile();
    int fd = open(maestro_here.in->rails->temporary, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return fd < 0 ? NULL : fdopen(fd, "w+");
}

static int truncate_here(const char *path, off64_t size) {
    struct stat64 before;
    PATH(path, AT_FDCWD, USE_WRITE, FOLLOW);
    if (!path || stat64(path, &before) < 0)
        return -1;
    return size <= before.st_size || maestro_space_take((uint64_t)(size - before.st_size)) ? truncate64(path, size) : -1;
}

// stat and its kin, as libraries know them that were built with an older libc.

static int xstat64_here(int version, const char *path, struct stat64 *found) { return stat64_here(path, found); }

static int lxstat64_here(int version, const char *path, struct stat64 *found) { return lstat64_here(path, found); }

static int fxstatat64_here(int version, int folder, const char *path, struct stat64 *found, int flags) {
    return fstatat64_here(folder, path, found, flags);
}

// Names of devices are not made: mknod is for files, pipes and sockets.
static int mknodat_here(int folder, const char *path, mode_t mode, dev_t device) {
    PATH(path, folder, USE_WRITE, NOFOLLOW);
    if (path && maestro_railed() && (S_ISBLK(mode) || S_ISCHR(mode)))
        return maestro_rail_refuse(RAIL_DEVICES, EPERM);
    return path && maestro_space_take(MAESTRO_SPACE_OF_A_FILE) ? mknodat(folder, path, mode, device) : -1;
}

static int mknod_here(const char *path, mode_t mode, dev_t device) { return mknodat_here(AT_FDCWD, path, mode, device); }

static int xmknodat_here(int version, int folder, const char *path, mode_t mode, dev_t *device) {
    return mknodat_here(folder, path, mode, *device);
}

static int xmknod_here(int version, const char *path, mode_t mode, dev_t *device) {
    return mknodat_here(AT_FDCWD, path, mode, *device);
}

#define FUNCTION(name) {#name, (void *)name##_here}
const struct maestro_reference maestro_path_references[] = {
#define X(result, failed, name, parameters, arguments, use, nofollow) FUNCTION(name),
    ONE_PATH(X)
#undef X
#define X(name, parameters, arguments) FUNCTION(name),
        NEW_NAME(X)
#undef X
            FUNCTION(access),
    FUNCTION(faccessat),
    FUNCTION(fopen),
    FUNCTION(getcwd),
    FUNCTION(link),
    FUNCTION(linkat),
    FUNCTION(mkstemp),
    FUNCTION(open),
    FUNCTION(opendir),
    FUNCTION(openat),
    FUNCTION(rename),
    FUNCTION(renameat),
    FUNCTION(tmpfile),
    FUNCTION(truncate),
    // The same functions under other names.
    {"fopen64", (void *)fopen_here},
    {"open64", (void *)open_here},
    {"openat64", (void *)openat_here},
    {"__open_2", (void *)open_2_here},
    {"__open64_2", (void *)open_2_here},
    {"__openat_2", (void *)openat_2_here},
    {"__openat64_2", (void *)openat_2_here},
    {"stat", (void *)stat64_here},
    {"lstat", (void *)lstat64_here},
    {"tmpfile64", (void *)tmpfile_here},
    {"truncate64", (void *)truncate_here},
    {"__xstat", (void *)xstat64_here},
    {"__xstat64", (void *)xstat64_here},
    {"__lxstat64", (void *)lxstat64_here},
    {"__fxstatat64", (void *)fxstatat64_here},
    {"fstatat", (void *)fstatat64_here},
    {"statfs64", (void *)statfs_here},
    {"statvfs", (void *)statvfs64_here},
    {"mkstemp64", (void *)mkstemp_here},
    {"mknodat", (void *)mknodat_here},
    {"mknod", (void *)mknod_here},
    {"__xmknod", (void *)xmknod_here},
    {"__xmknodat", (void *)xmknodat_here},
};
#undef FUNCTION
const size_t maestro_path_reference_count = sizeof maestro_path_references / sizeof *maestro_path_references;

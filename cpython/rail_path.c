#include "rail_path.h"

#include "children.h"
#include "descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int maestro_path_within(const char *path, const char *folder) {
    size_t size = strlen(folder);
    return strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == 0);
}

int maestro_path_within_any(const char *path, char *const *folders) {
    for (; *folders; folders++)
        if (maestro_path_within(path, *folders))
            return 1;
    return 0;
}

// Whether path is a folder above one that the code may use: seen when a path is resolved.
static int above_own(const struct maestro_rails *rails, const char *path) {
    if (maestro_path_within(rails->folder, path) || (rails->packages && maestro_path_within(rails->packages, path)))
        return 1;
    for (char *const *folder = rails->policy->readable; *folder; folder++)
        if (maestro_path_within(*folder, path))
            return 1;
    return 0;
}

static int is_one_of(const char *text, const char *const *names) {
    for (; *names; names++)
        if (strcmp(text, *names) == 0)
            return 1;
    return 0;
}

// Whether a link in /proc tells the name of a file that the server has opened.
static int shows_descriptor(const char *path) {
    char *end;
    long pid = strtol(path + strlen("/proc/"), &end, 10);
    const char *fd = strstr(end, "/fd/");
    return pid == getpid() && fd && !maestro_descriptor_mine((int)strtol(fd + strlen("/fd/"), NULL, 10));
}

// /proc. The figures of the machine, which libraries read to size pools and buffers; and of the
// server's process and of the caller's children, what psutil and the like read of "self". Not
// what shows memory, variables, open files or threads' stacks.
static int proc_allowed(const char *path, enum maestro_use use) {
    static const char *const machine[] = {"cpuinfo",    "meminfo",     "stat",    "loadavg",  "uptime",
                                          "version",    "filesystems", "cgroups", "devices",  "diskstats",
                                          "partitions", "swaps",       "vmstat",  "zoneinfo", "interrupts",
                                          "softirqs",   "cmdline",     "misc",    NULL};
    static const char *const network[] = {"dev",     "route",    "ipv6_route", "if_inet6", "arp", "snmp",
                                          "netstat", "sockstat", "protocols",  "wireless", NULL};
    static const char *const process[] = {"stat",         "statm",    "status",    "cgroup",    "mounts",
                                          "mountinfo",    "limits",   "io",        "comm",      "cmdline",
                                          "smaps_rollup", "sched",    "schedstat", "oom_score", "oom_score_adj",
                                          "cpuset",       "loginuid", "sessionid", NULL};
    const char *rest = path + strlen("/proc");
    if (use == USE_STAT)
        return !shows_descriptor(path);
    if (use > USE_LIST)
        return 0;
    if (!*rest)
        return 1; // which processes there are
    rest++;
    if (strncmp(rest, "sys/", 4) == 0 || strcmp(rest, "sys") == 0 || is_one_of(rest, machine))
        return 1;
    char *end;
    long pid = strtol(rest, &end, 10);
    if (end == rest)
        return strncmp(rest, "pressure/", 9) == 0;
    if (pid != getpid() && !maestro_child_known(maestro_here.in, (pid_t)pid))
        return 0;
    if (!*end || (use == USE_LIST && (strcmp(end, "/task") == 0 || strcmp(end, "/fd") == 0)))
        return 1;
    rest = end + 1;
    if (strncmp(rest, "task/", 5) == 0) {
        strtol(rest + 5, &end, 10);
        if (!*end)
            return use == USE_LIST;
        rest = end + 1;
    }
    return is_one_of(rest, process) || (strncmp(rest, "net/", 4) == 0 && is_one_of(rest + 4, network));
}

static int device_allowed(const char *path, enum maestro_use use) {
    static const char *const devices[] = {"null", "zero", "full",     "random", "urandom",
                                          "tty",  "ptmx", "pts/ptmx", "log",    NULL};
    const char *rest = path + strlen("/dev");
    if (use == USE_STAT || (use == USE_LIST && strcmp(rest, "/shm") != 0))
        return 1;
    return *rest == '/' &&
           (is_one_of(rest + 1, devices) || strncmp(rest, "/shm/", 5) == 0 || strncmp(rest, "/pts/", 5) == 0);
}

// Where native code may be loaded from, besides packages and the kit.
static int of_system(const char *path) {
    static char *const folders[] = {"/usr", "/lib", "/lib64", "/lib32", "/opt", "/nix/store", NULL};
    return maestro_path_within_any(path, folders);
}

static int refused(enum maestro_rail rail) {
    maestro_rail_refuse(rail, EACCES);
    return 0;
}

// Decides about a real path. Returns 0 with errno.
static int allowed(const struct maestro_rails *rails, const char *path, enum maestro_use use) {
    int readable = maestro_path_within_any(path, rails->policy->readable) ||
                   (rails->packages && maestro_path_within(path, rails->packages));
    if (use == USE_LOAD)
        return readable || (of_system(path) && !maestro_path_within_any(path, rails->policy->private))
                   ? 1
                   : refused(RAIL_NATIVE_CODE);
    if (maestro_path_within(path, rails->folder))
        return 1;
    if (readable)
        return use == USE_WRITE ? refused(RAIL_FILES) : 1;
    if (use == USE_STAT && above_own(rails, path))
        return 1;
    if (maestro_path_within(path, rails->policy->data))
        return refused(RAIL_DATA_FOLDER);
    if (maestro_path_within_any(path, rails->policy->private))
        return refused(RAIL_SECRET_FILES);
    if (maestro_path_within(path, "/proc"))
        return proc_allowed(path, use) ? 1 : refused(RAIL_PROC);
    if (maestro_path_within(path, "/dev"))
        return device_allowed(path, use) ? 1 : refused(RAIL_DEVICES);
    if (use == USE_WRITE)
        return refused(RAIL_FILES);
    // Temporary files of other programs.
    if (use != USE_STAT && (maestro_path_within(path, "/tmp") || maestro_path_within(path, "/var/tmp")))
        return refused(RAIL_FILES);
    return 1;
}

// The descriptor that a path names through /proc, or -1: /proc/self/fd/3, /dev/fd/3.
static int descriptor_named(const char *path) {
    static const char *const starts[] = {"/proc/self/fd/", "/dev/fd/", "/proc/thread-self/fd/"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(path, starts[i], strlen(starts[i])) == 0) {
            char *end;
            const char *number = path + strlen(starts[i]);
            long fd = strtol(number, &end, 10);
            return end != number && !*end && fd >= 0 && fd < INT_MAX ? (int)fd : -1;
        }
    return -1;
}

// The name of an open file. Returns 0 with errno when it cannot be had: ENAMETOOLONG for one
// that is longer than a path may be, which a file in many folders within each other has.
static int name_of(int fd, char name[PATH_MAX]) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, name, PATH_MAX - 1);
    if (size <= 0 || size == PATH_MAX - 1) {
        if (size > 0 || errno != ENAMETOOLONG)
            errno = size > 0 ? ENAMETOOLONG : EACCES;
        return 0;
    }
    name[size] = 0;
    return 1;
}

// The real path of what does not exist yet, in its folder. Returns 1, 0 when the folder does not
// exist either, or -1 with errno.
static int real_of_new(int folder, const char *path, int nofollow, char real[PATH_MAX], int depth);

// The real path. The same; 0 also where the kernel will refuse the path anyway.
static int real_of(int folder, const char *path, int nofollow, char real[PATH_MAX], int depth) {
    int fd = openat(folder, path, O_PATH | O_CLOEXEC | (nofollow ? O_NOFOLLOW : 0));
    if (fd >= 0) {
        int known = name_of(fd, real), number = errno;
        close(fd);
        errno = number;
        return known ? 1 : -1;
    }
    if (errno == ENOENT)
        return real_of_new(folder, path, nofollow, real, depth);
    return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -1 : 0;
}

static int real_of_new(int folder, const char *path, int nofollow, char real[PATH_MAX], int depth) {
    char parent[PATH_MAX], target[PATH_MAX];
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    size_t start = size;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (start == size || size >= PATH_MAX || depth > 16)
        return 0;
    memcpy(parent, path, start);
    strcpy(parent + start, start ? "." : "./.");
    int above = openat(folder, parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (above < 0)
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -1 : 0;
    char name[NAME_MAX + 1];
    int found = -1;
    size_t length = size - start;
    int named = name_of(above, real);
    if (length > NAME_MAX || (named && strlen(real) + 1 + length >= PATH_MAX)) {
        errno = ENAMETOOLONG;
    } else if (named) {
        memcpy(name, path + start, length);
        name[length] = 0;
        ssize_t link = nofollow ? -1 : readlinkat(above, name, target, sizeof target - 1);
        if (link > 0) { // a link to what does not exist
            target[link] = 0;
            found = real_of(above, target, 0, real, depth + 1);
        } else {
            size_t end = strcmp(real, "/") == 0 ? 0 : strlen(real);
            real[end] = '/';
            strcpy(real + end + 1, name);
            found = 1;
        }
    }
    int number = errno;
    close(above);
    errno = number;
    return found;
}

const char *maestro_rail_map(const char *path, char buffer[PATH_MAX]) {
    if (!maestro_railed() || path[0] != '/')
        return path;
    const char *rest = strncmp(path, "/tmp", 4) == 0 ? path + 4 : strncmp(path, "/var/tmp", 8) == 0 ? path + 8 : NULL;
    const struct maestro_rails *rails = maestro_here.in->rails;
    if (!rest || (*rest && *rest != '/'))
        return path;
    if (rest[strspn(rest, "/")] &&
        (maestro_path_within(path, rails->policy->data) || above_own(rails, path) ||
         maestro_path_within(path, rails->folder) || maestro_path_within_any(path, rails->policy->readable) ||
         (rails->packages && maestro_path_within(path, rails->packages))))
        return path; // the server itself keeps its files below /tmp
    size_t size = strlen(rails->temporary);
    if (size + strlen(rest) >= PATH_MAX)
        return path;
    memcpy(buffer, rails->temporary, size);
    strcpy(buffer + size, rest);
    return buffer;
}

// Whether a path begins in a folder of files that no code of a subtenant's can change, and stays
// there: no link in it leads elsewhere.
static int plainly_readable(const struct maestro_rails *rails, const char *path) {
    return path[0] == '/' && !strstr(path, "/..") &&
           (maestro_path_within_any(path, rails->policy->readable) ||
            (rails->packages && maestro_path_within(path, rails->packages)));
}

const char *maestro_rail_decide(int folder, const char *path, enum maestro_use use, int nofollow, char buffer[PATH_MAX]) {
    const struct maestro_rails *rails = maestro_here.in->rails;
    maestro_rail_clear();
    if (use != USE_WRITE && plainly_readable(rails, path))
        return path;
    path = maestro_rail_map(path, buffer);
    int fd = descriptor_named(path);
    if (fd >= 0 && maestro_descriptor_mine(fd))
        return path; // it was decided about when it was opened
    char real[PATH_MAX];
    int found = real_of(folder, path, nofollow, real, 0);
    if (found < 0)
        return NULL;
    if (!found)
        return path;
    if (real[0] != '/' || strncmp(real, "/memfd:", 7) == 0) { // another's pipe, socket or memory
        maestro_rail_refuse(RAIL_DESCRIPTORS, EACCES);
        return NULL;
    }
    return allowed(rails, real, use) ? path : NULL;
}

int maestro_rail_opened(int fd, const char *path, enum maestro_use use) {
    if (fd < 0 || !maestro_railed() || maestro_here.forking)
        return fd;
    const struct maestro_rails *rails = maestro_here.in->rails;
    if ((use != USE_WRITE && plainly_readable(rails, path)) || descriptor_named(path) >= 0)
        return fd;
    char real[PATH_MAX];
    if (name_of(fd, real) && allowed(rails, real, use))
        return fd;
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

#include "rail_child.h"

#include "here.h"
#include "place.h"
#include "rail_path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The interface of the kernel, which older headers do not declare. The numbers are the same for all processors.
enum { CREATE_RULESET = 444, ADD_RULE = 445, VERSION = 1, PATH_BENEATH = 1 };

struct ruleset {
    uint64_t files, network, scoped;
};

struct rule {
    uint64_t rights;
    int parent;
} __attribute__((packed));

enum {
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    READ_FOLDER = 1 << 3,
    REMOVE = 1 << 4 | 1 << 5,
    MAKE_FILE = 1 << 8,
    MAKE = 1 << 6 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12,
    MAKE_DEVICE = 1 << 6 | 1 << 11,
    REFER = 1 << 13,    // moving and linking between folders, from version 2
    TRUNCATE = 1 << 14, // from version 3
    OF_FILES = WRITE_FILE | READ_FILE | TRUNCATE,
    SCOPE_ALL = 1 << 0 | 1 << 1, // sockets without a path, and signals; from version 6
};

int maestro_landlock_version(void) {
    static _Atomic int version = -1;
    if (version < 0) {
        long found = syscall(CREATE_RULESET, NULL, 0, VERSION);
        version = found > 0 ? (int)found : 0;
    }
    return version;
}

static uint64_t handled(void) {
    int version = maestro_landlock_version();
    return WRITE_FILE | READ_FILE | READ_FOLDER | REMOVE | MAKE | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0);
}

static void allow(int rules, const char *path, uint64_t rights) {
    struct stat found;
    int fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    if (fstat(fd, &found) == 0 && !S_ISLNK(found.st_mode)) {
        struct rule rule = {rights & handled() & (S_ISDIR(found.st_mode) ? ~UINT64_C(0) : OF_FILES), fd};
        syscall(ADD_RULE, rules, PATH_BENEATH, &rule, 0);
    }
    close(fd);
}

// Folders with rules of their own.
static char *const special[] = {"/proc", "/dev", "/tmp", "/var/tmp", NULL};

static int is_above(const char *path, const struct maestro_policy *policy) {
    if (maestro_path_within(policy->data, path) || maestro_path_within("/var/tmp", path))
        return 1;
    for (char *const *private = policy->private; *private; private++)
        if (maestro_path_within(*private, path))
            return 1;
    return 0;
}

// Allows reading all of a folder but its private parts: a rule can only add. Files that are made later beside something
// private are not covered.
static void allow_others(int rules, const struct maestro_policy *policy, const char *folder, int depth) {
    DIR *names = depth < 64 ? opendir(folder) : NULL;
    for (struct dirent *entry; names && (entry = readdir(names));) {
        char path[PATH_MAX];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            snprintf(path, sizeof path, "%s%s%s", folder, folder[1] ? "/" : "", entry->d_name) >= (int)sizeof path)
            continue;
        if (maestro_path_within_any(path, special) || maestro_path_within_any(path, policy->private) ||
            maestro_path_within(path, policy->data))
            continue;
        struct stat found;
        if (!is_above(path, policy))
            allow(rules, path, READ_FILE | READ_FOLDER);
        else if (lstat(path, &found) == 0 && S_ISDIR(found.st_mode))
            allow_others(rules, policy, path, depth + 1);
    }
    if (names)
        closedir(names);
}

static int make_rules(const struct maestro_rails *rails) {
    static const char *const devices[] = {"/dev/null",    "/dev/zero", "/dev/full", "/dev/random",
                                          "/dev/urandom", "/dev/tty",  "/dev/ptmx", "/dev/pts"};
    // Not those of processes: the rule for its own folder would have to name a child that does not exist yet, and one
    // for all would show the memory and environment of the server.
    static const char *const figures[] = {"/proc/cpuinfo", "/proc/meminfo", "/proc/stat",        "/proc/loadavg",
                                          "/proc/uptime",  "/proc/version", "/proc/filesystems", "/proc/sys"};
    int version = maestro_landlock_version();
    struct ruleset attributes = {.files = handled(), .scoped = version >= 6 ? SCOPE_ALL : 0};
    size_t size = version >= 6 ? sizeof attributes : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
    int rules = version ? (int)syscall(CREATE_RULESET, &attributes, size, 0) : -1;
    if (rules < 0)
        return -1;
    allow_others(rules, rails->policy, "/", 0);
    for (char *const *path = rails->policy->readable; *path; path++)
        allow(rules, *path, READ_FILE | READ_FOLDER);
    if (rails->packages)
        allow(rules, rails->packages, READ_FILE | READ_FOLDER);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        allow(rules, figures[i], READ_FILE | READ_FOLDER);
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        allow(rules, devices[i], OF_FILES | READ_FOLDER);
    if (!is_above("/dev/shm", rails->policy)) // a rule for it would cover the folders in it
        allow(rules, "/dev/shm", OF_FILES | MAKE_FILE | REMOVE);
    allow(rules, rails->folder, handled() & ~(uint64_t)MAKE_DEVICE);
    return rules;
}

int maestro_child_rules(void) {
    struct maestro_rails *rails = maestro_here.in ? maestro_here.in->rails : NULL;
    if (!rails || !maestro_landlock_version())
        return -1;
    int rules = atomic_load(&rails->ruleset);
    if (rules >= 0)
        return rules;
    int made = make_rules(rails);
    if (made >= 0 && !atomic_compare_exchange_strong(&rails->ruleset, &rules, made)) {
        close(made); // another thread was faster
        return rules;
    }
    return made;
}

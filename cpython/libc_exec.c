// Executing programs: in a child of this process, which may share its memory until then. So everything here is
// async-signal-safe, but for maestro_posix_spawn, which has a thread of its own.
#include "here.h"
#include "place.h"
#include "rail_child.h"
#include "rail_path.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RESTRICT_SELF = 446 };

// How much lower the priority of such a program is than the server's: many of them at once must not
// hold up the calls of others.
enum { NICER = 5 };

// Confines the calling thread, for good. Returns 0 where the kernel refuses what it should do.
static int confine(int rules) {
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICER); // of this thread alone, on Linux
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return 0;
    return rules < 0 || syscall(RESTRICT_SELF, rules, 0) == 0;
}

// Arguments that begin with /tmp/ are the subtenant's files there, which a program would look for in vain.
static size_t count_of(char *const *arguments) {
    size_t count = 0;
    while (arguments[count])
        count++;
    return count;
}

static int is_temporary(const char *argument) {
    return strncmp(argument, "/tmp/", 5) == 0 || strncmp(argument, "/var/tmp/", 9) == 0;
}

// The room that the replaced arguments take.
static size_t room_for(char *const *arguments) {
    size_t room = 0;
    for (; *arguments; arguments++)
        if (is_temporary(*arguments) && strlen(*arguments) < PATH_MAX)
            room += strlen(maestro_here.in->rails->temporary) + strlen(*arguments) + 1;
    return room;
}

static void map_arguments(char *const *arguments, char **mapped, char *room) {
    char buffer[PATH_MAX];
    for (; *arguments; arguments++, mapped++) {
        *mapped = *arguments;
        if (!is_temporary(*arguments) || strlen(*arguments) >= PATH_MAX)
            continue;
        const char *path = maestro_rail_map(*arguments, buffer);
        if (path != *arguments) {
            *mapped = strcpy(room, path);
            room += strlen(path) + 1;
        }
    }
    *mapped = NULL;
}

static int execve_here(const char *path, char *const arguments[], char *const environment[]) {
    struct maestro_here *here = &maestro_here;
    if (!maestro_railed())
        return execve(path, arguments, environment);
    if (!here->confined) { // one program after the other is tried
        int rules = atomic_load(&here->in->rails->ruleset);
        if (rules >= 0)
            fcntl(rules, F_SETFD, FD_CLOEXEC);
        if (!confine(rules))
            return -1;
        struct rlimit size = {here->in->rails->limit, here->in->rails->limit};
        if (size.rlim_cur)
            setrlimit(RLIMIT_FSIZE, &size);
        here->confined = 1;
    }
    char buffer[PATH_MAX], *mapped[count_of(arguments) + 1], room[room_for(arguments) + 1];
    map_arguments(arguments, mapped, room);
    return execve(maestro_rail_map(path, buffer), mapped, environment);
}

static int execv_here(const char *path, char *const arguments[]) { return execve_here(path, arguments, environ); }

// posix_spawn makes the child inside libc: a thread confines itself and calls it, and ends.
struct spawn {
    int (*function)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[],
                    char *const[]);
    pid_t *pid;
    const char *path;
    const posix_spawn_file_actions_t *actions;
    const posix_spawnattr_t *attributes;
    char *const *arguments, *const *environment;
    int rules, result;
};

static void *run_spawn(void *argument) {
    struct spawn *spawn = argument;
    spawn->result = confine(spawn->rules) ? spawn->function(spawn->pid, spawn->path, spawn->actions, spawn->attributes,
                                                            spawn->arguments, spawn->environment)
                                          : errno;
    return NULL;
}

static int spawn(struct spawn spawn) {
    if (!maestro_railed())
        return spawn.function(spawn.pid, spawn.path, spawn.actions, spawn.attributes, spawn.arguments, spawn.environment);
    maestro_place_sync();
    char buffer[PATH_MAX], *mapped[count_of(spawn.arguments) + 1], room[room_for(spawn.arguments) + 1];
    map_arguments(spawn.arguments, mapped, room);
    spawn.arguments = mapped;
    spawn.path = maestro_rail_map(spawn.path, buffer);
    spawn.rules = maestro_child_rules();
    pthread_t thread; // it shares the calling thread's current directory
    int failed = pthread_create(&thread, NULL, run_spawn, &spawn);
    if (failed)
        return failed;
    pthread_join(thread, NULL);
    return spawn.result;
}

static int posix_spawn_here(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                            const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
    return spawn((struct spawn){posix_spawn, pid, path, actions, attributes, arguments, environment, -1, 0});
}

static int posix_spawnp_here(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                             const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
    return spawn((struct spawn){posix_spawnp, pid, path, actions, attributes, arguments, environment, -1, 0});
}

// What such a child opens and inherits is the server's doing: the rails hold for it as for the calling code.
static int addopen_here(posix_spawn_file_actions_t *actions, int fd, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    int writes = flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR);
    maestro_place_sync();
    path = maestro_rail_path(AT_FDCWD, path, writes ? USE_WRITE : USE_READ, FOLLOW, buffer);
    return path ? posix_spawn_file_actions_addopen(actions, fd, path, flags, mode) : errno;
}

#define FUNCTION(name) {#name, (void *)name##_here}
const struct maestro_reference maestro_exec_references[] = {
    FUNCTION(execv),
    FUNCTION(execve),
    FUNCTION(posix_spawn),
    FUNCTION(posix_spawnp),
    {"posix_spawn_file_actions_addopen", (void *)addopen_here},
};
#undef FUNCTION
const size_t maestro_exec_reference_count = sizeof maestro_exec_references / sizeof *maestro_exec_references;

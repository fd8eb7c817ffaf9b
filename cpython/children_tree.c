// A child's own children: killing a shell alone leaves running what it has started, and its time is theirs.
#include "children.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEEPEST = 32 };

// The work on a process before its children are visited, and after.
struct visit {
    void (*before)(pid_t, struct visit *), (*after)(pid_t, struct visit *);
    int64_t used; // by those that were visited
};

static void visit_tree(pid_t pid, int depth, struct visit *visit);

// Visits those that one thread of a process has started. Kernels without the file's
// support have none to read.
static void visit_started_by(pid_t pid, const char *thread, int depth, struct visit *visit) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task/%s/children", (int)pid, thread);
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    int child;
    while (fscanf(file, "%d", &child) == 1)
        visit_tree(child, depth + 1, visit);
    fclose(file);
}

static void visit_tree(pid_t pid, int depth, struct visit *visit) {
    visit->before(pid, visit);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = depth < DEEPEST ? opendir(path) : NULL;
    for (struct dirent *entry = threads ? readdir(threads) : NULL; entry; entry = readdir(threads))
        if (entry->d_name[0] != '.')
            visit_started_by(pid, entry->d_name, depth, visit);
    if (threads)
        closedir(threads);
    visit->after(pid, visit);
}

// The process is stopped first, so that it starts no others meanwhile; its children
// have it as their parent until it is gone.
static void stop_process(pid_t pid, struct visit *visit) {
    (void)visit;
    kill(pid, SIGSTOP);
}

static void kill_process(pid_t pid, struct visit *visit) {
    (void)visit;
    kill(pid, SIGKILL);
}

void maestro_child_kill(pid_t pid) {
    struct visit visit = {.before = stop_process, .after = kill_process};
    visit_tree(pid, 0, &visit);
}

// Adds the time of a process and of the children that it has waited for: what those have used
// that end is not lost.
static void add_used(pid_t pid, struct visit *visit) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[size] = 0;
    const char *end = strrchr(text, ')'); // of the name, which may have any characters
    unsigned long long user, system, users, systems;
    if (end && sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu", &user, &system, &users,
                      &systems) == 4)
        visit->used +=
            (int64_t)((user + system + users + systems) * (1000000000ULL / (unsigned long long)sysconf(_SC_CLK_TCK)));
}

static void do_nothing(pid_t pid, struct visit *visit) {
    (void)pid;
    (void)visit;
}

int64_t maestro_child_used(pid_t pid) {
    struct visit visit = {.before = add_used, .after = do_nothing};
    visit_tree(pid, 0, &visit);
    return visit.used;
}

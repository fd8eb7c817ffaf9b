// A child's own children: killing a shell alone leaves running what it has started.
#include "children.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEEPEST = 32 };

static void kill_tree(pid_t pid, int depth);

// Kills those that one thread of a process has started. Kernels without the file's
// support have none to read.
static void kill_started_by(pid_t pid, const char *thread, int depth) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task/%s/children", (int)pid, thread);
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    int child;
    while (fscanf(file, "%d", &child) == 1)
        kill_tree(child, depth + 1);
    fclose(file);
}

// The process is stopped first, so that it starts no others meanwhile; its children
// have it as their parent until it is gone.
static void kill_tree(pid_t pid, int depth) {
    kill(pid, SIGSTOP);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = depth < DEEPEST ? opendir(path) : NULL;
    for (struct dirent *entry = threads ? readdir(threads) : NULL; entry; entry = readdir(threads))
        if (entry->d_name[0] != '.')
            kill_started_by(pid, entry->d_name, depth);
    if (threads)
        closedir(threads);
    kill(pid, SIGKILL);
}

void maestro_child_kill(pid_t pid) { kill_tree(pid, 0); }

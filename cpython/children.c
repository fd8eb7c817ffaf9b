#include "children.h"

#include "replace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

int maestro_child_room(struct maestro_interp *in) {
    pthread_mutex_lock(&in->lock);
    int room = !in->limits.threads || in->children.count < (size_t)in->limits.threads;
    pthread_mutex_unlock(&in->lock);
    if (room)
        return 1;
    char text[200];
    snprintf(text, sizeof text,
             "the code of this subtenant runs %d processes, which is its bound. Wait for some of them to end, or have "
             "MAX_FUNCTION_THREADS raised",
             in->limits.threads);
    maestro_refuse(EAGAIN, text);
    return 0;
}

// Bounds the memory of a child, and of those that it starts: what they have for
// themselves and may write to. Addresses that they only reserve do not count, so that
// programs with a large heap of which they use little run.
static void bound_memory(const struct maestro_interp *in, pid_t pid) {
    enum { TIMES = 2 };
    rlim_t most = (rlim_t)in->limits.memory * TIMES;
    struct rlimit now, limit = {most, most};
    if (most && prlimit(pid, RLIMIT_DATA, NULL, &now) == 0 && now.rlim_max > most)
        prlimit(pid, RLIMIT_DATA, &limit, NULL);
}

int maestro_child_add(struct maestro_interp *in, pid_t pid, uint64_t call, uint64_t output) {
    struct maestro_children *children = &in->children;
    pthread_mutex_lock(&in->lock);
    if (children->count == children->room) {
        size_t room = children->room ? 2 * children->room : 8;
        struct maestro_child *all = realloc(children->all, room * sizeof *all);
        if (all) {
            children->all = all;
            children->room = room;
        }
    }
    int added = children->count < children->room;
    if (added)
        children->all[children->count++] = (struct maestro_child){.pid = pid, .call = call, .output = output};
    pthread_mutex_unlock(&in->lock);
    bound_memory(in, pid);
    return added;
}

// The child with that number, or NULL. The lock is held.
static struct maestro_child *find(struct maestro_interp *in, pid_t pid) {
    for (size_t i = 0; i < in->children.count; i++)
        if (in->children.all[i].pid == pid)
            return &in->children.all[i];
    return NULL;
}

uint64_t maestro_child_remove(struct maestro_interp *in, pid_t pid) {
    uint64_t output = 0;
    pthread_mutex_lock(&in->lock);
    struct maestro_child *child = find(in, pid);
    if (child) {
        output = child->output;
        *child = in->children.all[--in->children.count];
    }
    pthread_mutex_unlock(&in->lock);
    return output;
}

int maestro_child_known(struct maestro_interp *in, pid_t pid) {
    pthread_mutex_lock(&in->lock);
    int known = find(in, pid) != NULL;
    pthread_mutex_unlock(&in->lock);
    return known;
}

size_t maestro_children_list(struct maestro_interp *in, pid_t **pids) {
    pthread_mutex_lock(&in->lock);
    size_t count = in->children.count;
    *pids = malloc((count + 1) * sizeof **pids);
    for (size_t i = 0; *pids && i < count; i++)
        (*pids)[i] = in->children.all[i].pid;
    pthread_mutex_unlock(&in->lock);
    return *pids ? count : 0;
}

void maestro_child_keep(struct maestro_interp *in, pid_t pid) {
    pthread_mutex_lock(&in->lock);
    struct maestro_child *child = find(in, pid);
    if (child)
        child->kept = 1;
    pthread_mutex_unlock(&in->lock);
}

void maestro_child_spare(struct maestro_interp *in, pid_t pid) {
    pthread_mutex_lock(&in->lock);
    struct maestro_child *child = find(in, pid);
    if (child)
        child->spared = 1;
    pthread_mutex_unlock(&in->lock);
}

void maestro_child_pool(struct maestro_interp *in, pid_t pid) {
    pthread_mutex_lock(&in->lock);
    struct maestro_child *child = find(in, pid);
    if (child)
        child->pooled = 1;
    pthread_mutex_unlock(&in->lock);
}

static int ends_with(const struct maestro_child *child, uint64_t call) {
    return child->call == call && !child->spared && !child->pooled && !child->kept;
}

int maestro_children_of(struct maestro_interp *in, uint64_t call) {
    int found = 0;
    pthread_mutex_lock(&in->lock);
    for (size_t i = 0; i < in->children.count; i++)
        found = found || ends_with(&in->children.all[i], call);
    pthread_mutex_unlock(&in->lock);
    return found;
}

void maestro_children_finish(struct maestro_interp *in, uint64_t call) {
    pthread_mutex_lock(&in->lock);
    for (size_t i = 0; i < in->children.count; i++)
        if (ends_with(&in->children.all[i], call))
            maestro_child_kill(in->children.all[i].pid);
    pthread_mutex_unlock(&in->lock);
}

int maestro_children_charge(struct maestro_interp *in, int idle, int64_t passed, const struct maestro_left_limits *limits,
                            int64_t *used) {
    pid_t *pids;
    size_t count = maestro_children_list(in, &pids);
    int killed = 0;
    *used = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t now = maestro_child_used(pids[i]);
        pthread_mutex_lock(&in->lock);
        struct maestro_child *child = find(in, pids[i]);
        if (child) {
            const struct maestro_budget *budget = child->call ? &limits->left : &limits->own;
            int64_t more = now > child->seen ? now - child->seen : 0;
            child->seen = now;
            child->level -= (int64_t)(budget->refill * (double)passed);
            child->level = child->level > 0 ? child->level : 0;
            *used += more;
            child->level += idle ? more : 0;
            if (child->level > budget->most && !child->kept) {
                maestro_child_kill(child->pid);
                killed++;
            }
        }
        pthread_mutex_unlock(&in->lock);
    }
    free(pids);
    return count ? killed : -1;
}

// Kills those of a call, or with `all` of any.
static void kill_children(struct maestro_interp *in, uint64_t call, int all) {
    pthread_mutex_lock(&in->lock);
    for (size_t i = 0; i < in->children.count; i++) {
        const struct maestro_child *child = &in->children.all[i];
        if (!child->kept && (all || (child->call == call && !child->spared)))
            maestro_child_kill(child->pid);
    }
    pthread_mutex_unlock(&in->lock);
}

void maestro_children_stop(struct maestro_interp *in, uint64_t call) { kill_children(in, call, 0); }

void maestro_children_kill(struct maestro_interp *in) { kill_children(in, 0, 1); }

// Waits for the end of a child, 500 times for 2 ms, and then without patience.
static void end_kept(pid_t pid) {
    const struct timespec moment = {.tv_nsec = 2000000};
    for (int i = 0; i < 500; i++) {
        if (waitpid(pid, NULL, WNOHANG) != 0)
            return;
        nanosleep(&moment, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

void maestro_children_end(struct maestro_interp *in) {
    maestro_children_kill(in);
    for (size_t i = 0; i < in->children.count; i++)
        if (in->children.all[i].kept)
            end_kept(in->children.all[i].pid);
        else
            while (waitpid(in->children.all[i].pid, NULL, 0) < 0 && errno == EINTR)
                ;
    in->children.count = 0;
}

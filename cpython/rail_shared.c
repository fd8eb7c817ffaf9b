#include "rail_shared.h"

#include "here.h"
#include "rails.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/dev/shm/"

enum { MOST = 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// Drops the names of removed files, and returns the bytes of the others. The lock is held.
static uint64_t sweep(struct maestro_shared *shared) {
    uint64_t size = 0;
    int left = 0;
    for (int i = 0; i < shared->count; i++) {
        struct stat found;
        if (lstat(shared->paths[i], &found) != 0) {
            free(shared->paths[i]);
            continue;
        }
        shared->paths[left++] = shared->paths[i];
        size += found.st_size > 4096 ? (uint64_t)found.st_size : 4096;
    }
    shared->count = left;
    return size;
}

static int has_room(struct maestro_shared *shared) {
    if (shared->count < shared->room)
        return 1;
    if (shared->room)
        sweep(shared);
    if (shared->count < shared->room)
        return 1;
    int room = shared->room ? 2 * shared->room : 8;
    char **paths = room <= MOST ? realloc(shared->paths, (size_t)room * sizeof *paths) : NULL;
    if (!paths)
        return 0;
    shared->paths = paths;
    shared->room = room;
    return 1;
}

static int note(struct maestro_shared *shared, const char *path) {
    for (int i = 0; i < shared->count; i++)
        if (strcmp(shared->paths[i], path) == 0)
            return 1;
    char *copy = has_room(shared) ? strdup(path) : NULL;
    if (!copy)
        return 0;
    shared->paths[shared->count++] = copy;
    return 1;
}

int maestro_shared_note(const char *path) {
    struct maestro_rails *rails = maestro_here.in && !maestro_here.forking ? maestro_here.in->rails : NULL;
    if (!rails || strncmp(path, FOLDER, strlen(FOLDER)) != 0)
        return 1;
    int number = errno;
    pthread_mutex_lock(&lock);
    int noted = note(&rails->shared, path);
    pthread_mutex_unlock(&lock);
    errno = number;
    if (!noted)
        maestro_rail_refuse(RAIL_DISK_SPACE, ENOSPC);
    return noted;
}

int maestro_shared_note_semaphore(const char *name) {
    char path[PATH_MAX];
    while (*name == '/')
        name++;
    return snprintf(path, sizeof path, FOLDER "sem.%s", name) >= (int)sizeof path || maestro_shared_note(path);
}

static dev_t device_of_folder(void) {
    static _Atomic dev_t device; // 0: not known
    struct stat found;
    if (!device && stat(FOLDER, &found) == 0)
        device = found.st_dev;
    return device;
}

int maestro_shared_is(dev_t device) { return device == device_of_folder(); }

void maestro_shared_opened(int fd) {
    char link[40], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0)
        return;
    path[size] = 0;
    int number = errno;
    if (!maestro_shared_note(path))
        unlink(path);
    errno = number;
}

uint64_t maestro_shared_size(struct maestro_rails *rails) {
    pthread_mutex_lock(&lock);
    uint64_t size = sweep(&rails->shared);
    pthread_mutex_unlock(&lock);
    return size * MAESTRO_SPACE_OF_MEMORY;
}

void maestro_shared_remove(struct maestro_rails *rails) {
    pthread_mutex_lock(&lock);
    for (int i = 0; i < rails->shared.count; i++) {
        unlink(rails->shared.paths[i]);
        free(rails->shared.paths[i]);
    }
    free(rails->shared.paths);
    rails->shared = (struct maestro_shared){0};
    pthread_mutex_unlock(&lock);
}

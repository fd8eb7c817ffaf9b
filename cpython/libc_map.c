#include "libc_map.h"

#include "here.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/vfs.h>

// The mappings of one interpreter are few, and the process's are bounded by
// the kernel (vm.max_map_count, 65,530), for malloc and thread stacks too.
enum { MAPPINGS = 1000 };

#define TMPFS 0x01021994 // the magic of statfs, of shared memory and memfd too

// A mapping that is charged to an interpreter.
struct mapping {
    void *address;
    size_t size;
    uint64_t owner; // id of the interpreter
    struct mapping *next;
};

static struct mapping *mappings;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // guards mappings; nothing waits inside

// Whether the pages of a mapping are memory, and not those of a file on a disk.
static int is_memory(int protection, int flags, int fd) {
    struct statfs system;
    if (fd < 0 || flags & MAP_ANONYMOUS)
        return 1;
    if (flags & MAP_PRIVATE)
        return (protection & PROT_WRITE) != 0;
    return fstatfs(fd, &system) == 0 && system.f_type == TMPFS;
}

void maestro_libc_map_lock(int taken) {
    if (taken)
        pthread_mutex_lock(&lock);
    else
        pthread_mutex_unlock(&lock);
}

static size_t count_of(uint64_t owner) {
    size_t count = 0;
    pthread_mutex_lock(&lock);
    for (struct mapping *mapping = mappings; mapping; mapping = mapping->next)
        count += mapping->owner == owner;
    pthread_mutex_unlock(&lock);
    return count;
}

static void put(struct mapping *mapping) {
    pthread_mutex_lock(&lock);
    mapping->next = mappings;
    mappings = mapping;
    pthread_mutex_unlock(&lock);
}

static struct mapping *take(const void *address) {
    pthread_mutex_lock(&lock);
    struct mapping **link = &mappings;
    while (*link && (*link)->address != address)
        link = &(*link)->next;
    struct mapping *found = *link;
    if (found)
        *link = found->next;
    pthread_mutex_unlock(&lock);
    return found;
}

void *maestro_libc_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
    uint64_t owner = maestro_here.id;
    if (!owner || maestro_here.forking || !is_memory(protection, flags, fd))
        return mmap(address, size, protection, flags, fd, offset);
    struct mapping *mapping = count_of(owner) < MAPPINGS && maestro_memory_room(size) ? malloc(sizeof *mapping) : NULL;
    if (!mapping) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *mapped = mmap(address, size, protection, flags, fd, offset);
    if (mapped == MAP_FAILED) {
        free(mapping);
        return mapped;
    }
    maestro_memory_add((int64_t)size);
    *mapping = (struct mapping){.address = mapped, .size = size, .owner = owner};
    put(mapping);
    return mapped;
}

int maestro_libc_munmap(void *address, size_t size) {
    struct mapping *mapping = take(address); // before another mapping can have the address
    if (mapping)
        maestro_memory_add(-(int64_t)mapping->size);
    free(mapping);
    return munmap(address, size);
}

void *maestro_libc_mremap(void *address, size_t before, size_t size, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    void *wanted = flags & MREMAP_FIXED ? va_arg(rest, void *) : NULL;
    va_end(rest);
    struct mapping *mapping = take(address);
    if (mapping && size > before && !maestro_memory_room(size - before)) {
        put(mapping);
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *mapped = mremap(address, before, size, flags, wanted);
    if (mapping) {
        if (mapped != MAP_FAILED) {
            maestro_memory_add((int64_t)size - (int64_t)mapping->size);
            mapping->address = mapped;
            mapping->size = size;
        }
        put(mapping);
    }
    return mapped;
}

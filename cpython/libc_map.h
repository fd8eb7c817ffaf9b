// libc_map.h: mappings of memory, which Python code makes with the module mmap.
//
// They are charged to the interpreter (memory.h) unless a file on a disk is
// mapped, whose pages the kernel can drop: mappings without a file, private
// copies of one, and shared memory.
#ifndef MAESTRO_LIBC_MAP_H
#define MAESTRO_LIBC_MAP_H

#include <stddef.h>
#include <sys/types.h>

// mmap and its kin as libpython's references to libc lead to them (libc.c).
void *maestro_libc_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);
int maestro_libc_munmap(void *address, size_t size);
void *maestro_libc_mremap(void *address, size_t before, size_t size, int flags, ...);

// Takes the lock of this file, or gives it back: around a fork.
void maestro_libc_map_lock(int taken);

#endif

// pyapi_memory.h: the part of pyapi.h about allocators.
#ifndef MAESTRO_PYAPI_MEMORY_H
#define MAESTRO_PYAPI_MEMORY_H

#include <stddef.h>

// The allocators that Python gets its memory from.
typedef enum {
    PYMEM_DOMAIN_RAW,
} PyMemAllocatorDomain;

typedef struct {
    void *ctx;
    void *(*malloc)(void *ctx, size_t size);
    void *(*calloc)(void *ctx, size_t nelem, size_t elsize);
    void *(*realloc)(void *ctx, void *ptr, size_t new_size);
    void (*free)(void *ctx, void *ptr);
} PyMemAllocatorEx;

typedef struct {
    void *ctx;
    void *(*alloc)(void *ctx, size_t size);
    void (*free)(void *ctx, void *ptr, size_t size);
} PyObjectArenaAllocator;

#endif

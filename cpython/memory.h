// memory.h: the memory of each interpreter, counted and bounded.
//
// What an interpreter holds comes from the system in three ways, and each is
// counted there, so that blocks need no header of their own:
//
//   - arenas of 1 MiB, from which CPython cuts objects of up to 512 bytes, and
//     the stack of Python frames (PyObject_SetArenaAllocator);
//   - larger blocks (CPython's raw domain), and the blocks of the C libraries
//     inside libpython, such as SQLite and OpenSSL: by the size that malloc
//     states for them;
//   - mappings without a file, of the module mmap.
//
// The account is that of the interpreter whose code the thread runs (here.h),
// also for threads that Python started. Threads collect changes of up to 64 KiB
// before they report them, so that counting costs no atomic operation in
// nearly all cases; an interpreter may exceed its bound by as much for each.
//
// A request beyond the bound fails before any memory is touched, and CPython
// raises MemoryError. Not counted: what extension modules and the libraries
// they bring allocate with malloc.
#ifndef MAESTRO_MEMORY_H
#define MAESTRO_MEMORY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

// The account of one interpreter.
struct maestro_memory {
    atomic_llong used;  // bytes, without those that threads have not reported yet
    atomic_llong high;  // the most that it was since maestro_memory_freed returned 1 last
    atomic_llong limit; // bytes; 0: no bound
    atomic_uint denied; // requests that failed at a bound
    atomic_int reason;  // of the last such failure (memory.c)
};

// Installs the counting in the loaded libpython. Called before Python is initialised.
void maestro_memory_load(void);

// Charges the calling thread's further requests to an account; NULL: to none.
void maestro_memory_enter(struct maestro_memory *account);

// Returns what an account holds, with what the calling thread has collected.
int64_t maestro_memory_used(struct maestro_memory *account);

// Reports whether size more bytes would be within the bounds of the calling
// thread's account. For buffers of this package, which are not counted
// because another thread frees them; a refusal counts as a failed request.
int maestro_memory_room(size_t size);

// Counts bytes that were requested or freed by other means, for the calling
// thread's account.
void maestro_memory_add(int64_t bytes);

// Permits the calling thread to exceed the bound a little, until it is called
// with 0 as often: the description of a failure needs memory where there is none left.
void maestro_memory_reserve(int on);

// Raises the bound of an account whose interpreter is about to end: its event loop
// needs memory to get there. Called once.
void maestro_memory_loosen(struct maestro_memory *account);

// Why a request failed last, for the author of the function. Returns the length,
// at most size - 1; 0 if none did.
size_t maestro_memory_reason(struct maestro_memory *account, char *text, size_t size);

// Reports whether much of what the account held has been freed, which malloc
// then holds and can return to the system. On the thread that the account is charged by.
int maestro_memory_freed(struct maestro_memory *account);

// Opens and closes an account, of zeroed memory. Closing leaves memory that was not
// freed in the total.
void maestro_memory_open(struct maestro_memory *account);
void maestro_memory_close(struct maestro_memory *account);

// The memory of all interpreters together. Past the budget, requests of those
// that hold more than an equal share fail; 0: no budget. The descriptor, of an
// eventfd, is written to when seven eighths of it are used, once after each
// maestro_memory_watch.
void maestro_memory_budget(int64_t bytes, int descriptor);
void maestro_memory_watch(void);
void maestro_memory_wake(void); // writes to it in any case

// Says whether Go has found no idle interpreter to end. Until then requests beyond
// the budget wait, a second at most.
void maestro_memory_hopeless(int yes);

int64_t maestro_memory_total(void);

// malloc and its kin as libpython's references to libc lead to them (libc.c).
void *maestro_libc_malloc(size_t size);
void *maestro_libc_calloc(size_t count, size_t size);
void *maestro_libc_realloc(void *block, size_t size);
int maestro_libc_posix_memalign(void **block, size_t alignment, size_t size);
void maestro_libc_free(void *block);

#endif

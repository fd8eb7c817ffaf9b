// rail_shared.h: the shared memory that a subtenant's code has made: files of /dev/shm, and named semaphores.
//
// It is memory of the machine, which outlives the process, and no other count has it: so it takes room among the
// subtenant's files (rail_space.h), and goes with the interpreter. What child processes make is not known.
#ifndef MAESTRO_RAIL_SHARED_H
#define MAESTRO_RAIL_SHARED_H

#include <stdint.h>
#include <sys/types.h>

struct maestro_rails;

// The names. The lock of rail_shared.c guards them.
struct maestro_shared {
    char **paths; // malloc'ed, each once
    int count, room;
};

// Notes the file of a descriptor, which is `device`'s, if it is shared memory. One too many is removed, and
// lives as long as the descriptor. No thread state; the same holds for the rest.
void maestro_shared_opened(int fd, dev_t device);

// Notes a file that is about to be there, if it is shared memory. Returns 0 with ENOSPC where there are too many.
int maestro_shared_note(const char *path);

// The same for the name of a semaphore.
int maestro_shared_note_semaphore(const char *name);

// The bytes of the files that are left.
uint64_t maestro_shared_size(struct maestro_rails *rails);

// Removes the files that are left, and forgets the names. For the end of an interpreter.
void maestro_shared_remove(struct maestro_rails *rails);

#endif

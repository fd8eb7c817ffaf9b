// rail_shared.h: the shared memory that a subtenant's code has made: files of /dev/shm, and named semaphores.
//
// It is memory of the machine, which outlives the process, and no other count has it: so it takes room among the
// subtenant's files (rail_space.h), four times its size, and goes with the interpreter. What child processes make is not
// known.
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

// How many times its size shared memory takes.
enum { MAESTRO_SPACE_OF_MEMORY = 4 };

// Whether a file is shared memory, by its device.
int maestro_shared_is(dev_t device);

// Notes the file of a descriptor of shared memory that may have made it. One too many is removed, and lives as long as
// the descriptor. No thread state; the same holds for the rest.
void maestro_shared_opened(int fd);

// Notes a file that is about to be there, if it is shared memory. Returns 0 with ENOSPC where there are too many.
int maestro_shared_note(const char *path);

// The same for the name of a semaphore.
int maestro_shared_note_semaphore(const char *name);

// The room that the files take which are left.
uint64_t maestro_shared_size(struct maestro_rails *rails);

// Removes the files that are left, and forgets the names. For the end of an interpreter.
void maestro_shared_remove(struct maestro_rails *rails);

#endif

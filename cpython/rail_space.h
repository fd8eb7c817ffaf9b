// rail_space.h: the room that a subtenant's files may take, and its shared memory.
//
// Counted twice: what its code writes is added at once, and the folder is measured where that
// passes the limit, or where children have written meanwhile. So nothing needs to know of files
// that were deleted or shortened, and a write costs an addition.
#ifndef MAESTRO_RAIL_SPACE_H
#define MAESTRO_RAIL_SPACE_H

#include <stdint.h>
#include <sys/types.h>

// What a new name counts, with an empty file behind it.
enum { MAESTRO_SPACE_OF_A_FILE = 4096 };

// Takes room for that many bytes. Returns 0 with ENOSPC when the subtenant's folder is full. May
// read the whole folder: no lock may be held, and no GIL where that can be avoided.
int maestro_space_take(uint64_t size);

// Notes a file that was opened for writing: the bytes written to it count.
void maestro_space_opened(int fd, int flags);

// Takes room for a write to a descriptor. As maestro_space_take.
int maestro_space_write(int fd, uint64_t size);

// Notes that files may have changed unseen: a child of the calling interpreter has ended.
void maestro_space_unsure(void);

#endif

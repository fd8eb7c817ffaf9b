#include "rail_space.h"

#include "descriptor.h"
#include "here.h"
#include "rail_shared.h"
#include "rails.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

static struct maestro_rails *rails_here(void) {
    struct maestro_interp *in = maestro_here.in;
    return in && in->rails && in->rails->limit && !maestro_here.forking ? in->rails : NULL;
}

// The bytes on disk of all files of a folder.
static uint64_t measure(char *folder) {
    char *roots[] = {folder, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    uint64_t size = 0;
    for (FTSENT *entry; tree && (entry = fts_read(tree));)
        if (entry->fts_info == FTS_F || entry->fts_info == FTS_D || entry->fts_info == FTS_SL) {
            uint64_t blocks = (uint64_t)entry->fts_statp->st_blocks * 512;
            size += blocks > MAESTRO_SPACE_OF_A_FILE ? blocks : MAESTRO_SPACE_OF_A_FILE;
        }
    if (tree)
        fts_close(tree);
    return size;
}

static void count(struct maestro_rails *rails) {
    uint64_t now = atomic_load(&rails->count);
    int number = errno;
    atomic_store(&rails->used, measure(rails->folder) + maestro_shared_size(rails));
    atomic_store(&rails->counted, now);
    errno = number;
}

int maestro_space_take(uint64_t size) {
    struct maestro_rails *rails = rails_here();
    if (!rails)
        return 1;
    if (atomic_load(&rails->count) != atomic_load(&rails->counted))
        count(rails);
    if (size > rails->limit || atomic_fetch_add(&rails->used, size) + size > rails->limit) {
        if (size <= rails->limit) {
            count(rails); // files that were deleted meanwhile take no room
            if (atomic_fetch_add(&rails->used, size) + size <= rails->limit)
                return 1;
        }
        if (size <= rails->limit)
            atomic_fetch_sub(&rails->used, size);
        maestro_rail_refuse(RAIL_DISK_SPACE, ENOSPC);
        return 0;
    }
    return 1;
}

void maestro_space_opened(int fd, int flags) {
    struct stat64 found;
    if (!rails_here() || fstat64(fd, &found) < 0 || !S_ISREG(found.st_mode))
        return;
    int shared = maestro_shared_is(found.st_dev);
    maestro_descriptor_count(fd, shared);
    if (shared && (flags & O_CREAT))
        maestro_shared_opened(fd);
    if ((flags & O_CREAT) && found.st_size == 0)
        atomic_fetch_add(&rails_here()->used, MAESTRO_SPACE_OF_A_FILE);
}

int maestro_space_write(int fd, uint64_t size) {
    if (!rails_here() || !maestro_descriptor_counted(fd))
        return 1;
    return maestro_space_take(maestro_descriptor_shared(fd) ? size * MAESTRO_SPACE_OF_MEMORY : size);
}

void maestro_space_unsure(void) {
    struct maestro_rails *rails = rails_here();
    if (rails)
        atomic_fetch_add(&rails->count, 1);
}

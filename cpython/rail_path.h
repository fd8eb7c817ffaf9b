// rail_path.h: which files subtenants' code may use.
//
// The decision is about the real path that the kernel finds at that moment, so that symbolic
// links, "..", descriptors of folders and /proc/self/root lead to the same answer. An opened file is
// decided about once more, by its own name: a link may have been replaced in between. Where a name is
// changed (rename, unlink) that is not noticed: a guard rail, not a boundary.
#ifndef MAESTRO_RAIL_PATH_H
#define MAESTRO_RAIL_PATH_H

#include "here.h"
#include "rails.h"

#include <limits.h>

// A use of a path, by what it could show or change.
enum maestro_use {
    USE_STAT,  // that it exists, and its attributes
    USE_READ,  // the content of a file
    USE_LIST,  // the names in a folder, or to work in it
    USE_WRITE, // content, attributes, or the name itself
    USE_LOAD,  // native code
};

// Where the last part of a path is a symbolic link, it is the link itself that is meant.
enum { FOLLOW = 0, NOFOLLOW = 1 };

// Decides about a path, which may be relative to an open folder. Returns the path to use, which is
// in buffer where it stands for another one, or NULL with errno.
const char *maestro_rail_decide(int folder, const char *path, enum maestro_use use, int nofollow, char buffer[PATH_MAX]);

// Decides about a file that was opened by that path, which maestro_rail_path returned. Returns fd, or
// closes it and returns -1 with errno.
int maestro_rail_opened(int fd, const char *path, enum maestro_use use);

// The path that stands for this one where that is all: in a child of this process. Async-signal-safe.
const char *maestro_rail_map(const char *path, char buffer[PATH_MAX]);

// Whether rails hold for the calling thread.
static inline int maestro_railed(void) { return maestro_here.in && maestro_here.in->rails; }

static inline const char *maestro_rail_path(int folder, const char *path, enum maestro_use use, int nofollow,
                                            char buffer[PATH_MAX]) {
    if (!maestro_railed() || !path)
        return path;
    if (maestro_here.forking)
        return maestro_rail_map(path, buffer);
    return maestro_rail_decide(folder, path, use, nofollow, buffer);
}

// Whether path is folder, or in it.
int maestro_path_within(const char *path, const char *folder);

// Whether it is within one of them; the list is ended by NULL.
int maestro_path_within_any(const char *path, char *const *folders);

#endif

// libc_path.h: the calls of libc that take paths, with the rails on them (rail_path.h) and the
// current directory of the calling thread's interpreter (place.h).
#ifndef MAESTRO_LIBC_PATH_H
#define MAESTRO_LIBC_PATH_H

#include "libc_link.h"

// Their references, and how many.
extern const struct maestro_reference maestro_path_references[];
extern const size_t maestro_path_reference_count;

#endif

// libc_loader.h: the calls of libc that load native code and find functions in it, and that name errors.
#ifndef MAESTRO_LIBC_LOADER_H
#define MAESTRO_LIBC_LOADER_H

#include "libc_link.h"

// Their references, and how many.
extern const struct maestro_reference maestro_loader_references[];
extern const size_t maestro_loader_reference_count;
#endif

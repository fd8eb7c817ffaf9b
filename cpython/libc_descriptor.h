// libc_descriptor.h: the calls of libc that use an open descriptor: of the interpreter's own only (libc.h).
#ifndef MAESTRO_LIBC_DESCRIPTOR_H
#define MAESTRO_LIBC_DESCRIPTOR_H

#include "libc_link.h"

// Their references, and how many.
extern const struct maestro_reference maestro_descriptor_references[];
extern const size_t maestro_descriptor_reference_count;
#endif

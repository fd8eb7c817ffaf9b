// libc_network.h: the calls of libc that connect and send to an address, with the rails on them.
#ifndef MAESTRO_LIBC_NETWORK_H
#define MAESTRO_LIBC_NETWORK_H

#include "libc_link.h"

// Their references, and how many.
extern const struct maestro_reference maestro_network_references[];
extern const size_t maestro_network_reference_count;
#endif

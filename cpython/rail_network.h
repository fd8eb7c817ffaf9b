// rail_network.h: which addresses subtenants' code may connect and send to, and which connections
// to the server's own port are theirs.
#ifndef MAESTRO_RAIL_NETWORK_H
#define MAESTRO_RAIL_NETWORK_H

#include "rails.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

// Decides about an address to connect or send to. Returns 0 with errno.
int maestro_address_allowed(const struct maestro_policy *policy, const struct sockaddr *address, socklen_t size);

// Notes a connection of the calling interpreter's to the server's own port, once its socket has an address.
void maestro_connection_note(const struct maestro_policy *policy, int fd, const struct sockaddr *address);

// By port of this machine: the number of the socket (its inode) that code of a subtenant's has connected to the
// server's own port with, or 0. It may be closed by now, and the port another program's. Read by Go.
extern _Atomic uint64_t maestro_connections[UINT16_MAX + 1];

// Reads the lists of maestro_policy_new. Returns 0 where one has an entry that is no address.
int maestro_networks_read(struct maestro_policy *policy, const char *networks, const char *services);

#endif

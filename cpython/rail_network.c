#include "rail_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// An address as IPv6 has it, and of how many bits a network is made; with a port, a service.
struct maestro_network {
    struct in6_addr address;
    int bits;
    uint16_t port;
};

_Atomic uint64_t maestro_connections[UINT16_MAX + 1];

static int parse(const char *line, size_t size, char mark, struct maestro_network *entry) {
    char text[80];
    if (size >= sizeof text)
        return 0;
    memcpy(text, line, size);
    text[size] = 0;
    char *end = strrchr(text, mark), *start = text;
    if (!end)
        return 0;
    *end = 0;
    long number = strtol(end + 1, NULL, 10);
    if (*start == '[') {
        start++;
        start[strcspn(start, "]")] = 0;
    }
    *entry = (struct maestro_network){.bits = mark == '/' ? (int)number : 128, .port = mark == ':' ? (uint16_t)number : 0};
    return inet_pton(AF_INET6, start, &entry->address) == 1;
}

static int parse_all(const char *lines, char mark, struct maestro_network **entries, size_t *count) {
    size_t room = 1;
    for (const char *c = lines; *c; c++)
        room += *c == '\n';
    if (!(*entries = calloc(room, sizeof **entries)))
        return 0;
    for (*count = 0; *lines; lines += *lines == '\n') {
        size_t size = strcspn(lines, "\n");
        if (size && !parse(lines, size, mark, &(*entries)[(*count)++]))
            return 0;
        lines += size;
    }
    return 1;
}

int maestro_networks_read(struct maestro_policy *policy, const char *networks, const char *services) {
    return parse_all(networks, '/', &policy->networks, &policy->network_count) &&
           parse_all(services, ':', &policy->services, &policy->service_count);
}

static int within(const struct in6_addr *address, const struct maestro_network *network) {
    int bytes = network->bits / 8, rest = network->bits % 8;
    if (memcmp(address, &network->address, (size_t)bytes) != 0)
        return 0;
    unsigned mask = (0xff00u >> rest) & 0xff;
    return !rest || ((address->s6_addr[bytes] ^ network->address.s6_addr[bytes]) & mask) == 0;
}

// The address and port as IPv6 has them. Returns 0 for other families. The address that stands for
// any of this machine is the loopback one where it is connected to.
static int read_address(const struct sockaddr *address, socklen_t size, struct in6_addr *found, uint16_t *port) {
    static const struct in6_addr any4 = {{{[10] = 0xff, [11] = 0xff}}};
    if (address->sa_family == AF_INET && size >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        *found = any4;
        memcpy(&found->s6_addr[12], &four->sin_addr, 4);
        *port = ntohs(four->sin_port);
    } else if (address->sa_family == AF_INET6 && size >= sizeof(struct sockaddr_in6) - sizeof(uint32_t)) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
        *found = six->sin6_addr;
        *port = ntohs(six->sin6_port);
    } else {
        return 0;
    }
    if (memcmp(found, &any4, sizeof any4) == 0) {
        found->s6_addr[12] = 127;
        found->s6_addr[15] = 1;
    } else if (IN6_IS_ADDR_UNSPECIFIED(found)) {
        *found = in6addr_loopback;
    }
    return 1;
}

static int is_loopback(const struct in6_addr *address) {
    return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

int maestro_address_allowed(const struct maestro_policy *policy, const struct sockaddr *address, socklen_t size) {
    struct in6_addr wanted;
    uint16_t port;
    if (!read_address(address, size, &wanted, &port))
        return 1;
    for (size_t i = 0; i < policy->service_count; i++)
        if (policy->services[i].port == port && (memcmp(&policy->services[i].address, &wanted, sizeof wanted) == 0 ||
                                                 (is_loopback(&policy->services[i].address) && is_loopback(&wanted)))) {
            maestro_rail_refuse(RAIL_SERVICES, EACCES);
            return 0;
        }
    for (size_t i = 0; i < policy->network_count; i++)
        if (within(&wanted, &policy->networks[i])) {
            maestro_rail_refuse(RAIL_NETWORK, EACCES);
            return 0;
        }
    return 1;
}

void maestro_connection_note(const struct maestro_policy *policy, int fd, const struct sockaddr *address) {
    struct in6_addr wanted;
    uint16_t port;
    if (!policy->port || !read_address(address, sizeof(struct sockaddr_in6), &wanted, &port) || port != policy->port)
        return;
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    struct stat found;
    if (getsockname(fd, (struct sockaddr *)&own, &size) == 0 && fstat(fd, &found) == 0 &&
        read_address((struct sockaddr *)&own, size, &wanted, &port))
        atomic_store(&maestro_connections[port], (uint64_t)found.st_ino);
}

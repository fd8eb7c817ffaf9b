#include "rail_network.h"
#include "rail_path.h"

#include <stdlib.h>
#include <string.h>

// The lines of a text as a list ended by NULL, each as the real path if there is one. NULL without memory.
static char **paths_of(const char *lines) {
    size_t room = 2, count = 0;
    for (const char *c = lines; *c; c++)
        room += *c == '\n';
    char **paths = calloc(room, sizeof *paths);
    for (; paths && *lines; lines += *lines == '\n') {
        size_t size = strcspn(lines, "\n");
        char *given = strndup(lines, size), *real = given ? realpath(given, NULL) : NULL;
        if (real)
            free(given);
        if (size)
            paths[count++] = real ? real : given;
        lines += size;
    }
    return paths;
}

struct maestro_policy *maestro_policy_new(const char *data, const char *private, const char *readable, const char *networks,
                                          const char *services, int port, char **message) {
    struct maestro_policy *policy = calloc(1, sizeof *policy);
    if (!policy || !(policy->data = realpath(data, NULL)) || !(policy->private = paths_of(private)) ||
        !(policy->readable = paths_of(readable))) {
        *message = strdup("put up the rails: the data folder cannot be resolved");
        return NULL;
    }
    policy->port = port;
    if (!maestro_networks_read(policy, networks, services)) {
        *message = strdup("put up the rails: a network or service is not an address");
        return NULL;
    }
    return policy;
}

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

char *maestro_rails_open(const char *data, const char *private_paths, const char *readable, const char *networks,
                         const char *services, int port) {
    char *real = realpath(data, NULL);
    char **private = paths_of(private_paths), **open = paths_of(readable);
    if (!real || !private || !open)
        return strdup("put up the rails: the data folder cannot be resolved");
    if (!maestro_network_open(networks, services, port))
        return strdup("put up the rails: an address is not one");
    maestro_private_paths = private;
    maestro_readable_paths = open;
    maestro_data_folder = real;
    return NULL;
}

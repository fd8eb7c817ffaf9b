#include "libc.h"

#include <dirent.h>
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Modules that no stored function can import, or whose libraries are large.
static int skipped(const char *file) {
    static const char *const beginnings[] = {"_test", "_xx", "xx", "_ctypes_test", "_tkinter", "_curses", "readline"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncmp(file, beginnings[i], strlen(beginnings[i])) == 0)
            return 1;
    size_t length = strlen(file);
    return length < 3 || strcmp(file + length - 3, ".so") != 0;
}

// Functions without which the owners of descriptors, threads and memory would not be known: a
// libpython that calls them by other names cannot be used.
static const char *const needed[][2] = {
    {"close", "close"},
    {"open", "open64"},
    {"write", "write"},
    {"socket", "socket"},
    {"pthread_create", "pthread_create"},
    {"free", "free"},
    {"malloc", "malloc"},
    {"mmap", "mmap64"},
    {"environ", "__environ"},
};

// The first of the libraries that are loaded, and the last of those that were before Python's.
static struct link_map *first, *last;

int maestro_libc_remember(void) {
    void *program = dlopen(NULL, RTLD_NOW);
    if (!program || dlinfo(program, RTLD_DI_LINKMAP, &first) != 0)
        return 0;
    while (first->l_prev)
        first = first->l_prev;
    for (last = first; last->l_next;)
        last = last->l_next;
    return 1;
}

// The C library's own parts, which Python may be the first to load.
static int is_libc(const char *path) {
    static const char *const names[] = {"libc.so", "libm.so",      "libdl.so",    "libpthread.so", "librt.so", "libutil.so",
                                        "libnss_", "libresolv.so", "libgcc_s.so", "libstdc++.so",  "ld-linux"};
    const char *file = strrchr(path, '/');
    file = file ? file + 1 : path;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(file, names[i], strlen(names[i])) == 0)
            return 1;
    return 0;
}

// The libraries that came with Python: its modules, and what they need, such as sqlite's.
static char *replace_loaded(void) {
    char *message = NULL;
    for (struct link_map *map = last->l_next; map && !message; map = map->l_next)
        if (!is_libc(map->l_name))
            message = maestro_libc_replace(map);
    return message;
}

char *maestro_libc_replace_modules(const char *home) {
    char *folder = NULL, *message = NULL;
    if (asprintf(&folder, "%s/lib/python3.14/lib-dynload", home) < 0)
        return strdup("out of memory");
    DIR *modules = opendir(folder);
    for (struct dirent *entry; modules && !message && (entry = readdir(modules));) {
        char *path = NULL;
        if (skipped(entry->d_name))
            continue;
        if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0) {
            message = strdup("out of memory");
            break;
        }
        // Kept open: an import finds it loaded. One that lacks a library is an
        // ImportError in the function that imports it.
        dlopen(path, RTLD_NOW | RTLD_LOCAL);
        free(path);
    }
    if (modules)
        closedir(modules);
    free(folder);
    if (!message)
        message = replace_loaded();
    for (size_t i = 0; !message && i < sizeof needed / sizeof *needed; i++)
        if (!maestro_libc_found(needed[i][0]) && !maestro_libc_found(needed[i][1]) &&
            asprintf(&message,
                     "look into libpython: it calls libc's %s by another name; use the Python that Maestro carries",
                     needed[i][0]) < 0)
            message = strdup("look into libpython: it calls libc by other names");
    return message;
}

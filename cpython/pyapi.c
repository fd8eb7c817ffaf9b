#include "pyapi.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct maestro_py py;

// Stores the address of a symbol, without the cast from object to function
// pointer that ISO C leaves undefined.
static int find(void *library, const char *name, void *slot) {
    void *symbol = dlsym(library, name);
    memcpy(slot, &symbol, sizeof symbol);
    return symbol != NULL;
}

static char *failure(const char *what, const char *detail) {
    char *message = NULL;
    if (asprintf(&message, "%s: %s", what, detail ? detail : "unknown reason") < 0)
        return strdup(what);
    return message;
}

char *maestro_py_load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!library)
        return failure("dlopen", dlerror());
#define X(result, name, parameters)      \
    if (!find(library, #name, &py.name)) \
        return failure("missing in libpython", #name);
    MAESTRO_PY_FUNCTIONS(X)
#undef X
#define X(name)                                            \
    {                                                      \
        PyObject **variable;                               \
        if (!find(library, #name, &variable))              \
            return failure("missing in libpython", #name); \
        py.name = *variable;                               \
    }
    MAESTRO_PY_EXCEPTIONS(X)
#undef X
#define X(name)                          \
    if (!find(library, #name, &py.name)) \
        return failure("missing in libpython", #name);
    MAESTRO_PY_TYPES(X)
#undef X
    if (!find(library, "PyImport_Inittab", &py.inittab))
        return failure("missing in libpython", "PyImport_Inittab");
    py.library = library;
    return NULL;
}

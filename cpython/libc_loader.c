#include "libc_loader.h"

#include "place.h"
#include "rail_path.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Functions of libc and libpython that ctypes may find: those that libraries look up without a
// replacement in Python, and that change nothing of the process and take no address from outside.
static const char *const available[] = {
    "PyBuffer_Release",
    "PyCapsule_GetContext",
    "PyCapsule_GetName",
    "PyCapsule_GetPointer",
    "PyCapsule_IsValid",
    "PyCapsule_New",
    "PyObject_GetBuffer",
    "PyThreadState_SetAsyncExc",
    "Py_GetVersion",
    "Py_IsInitialized",
    "abs",
    "clock",
    "getegid",
    "geteuid",
    "getgid",
    "getpagesize",
    "getpid",
    "getppid",
    "gettid",
    "getuid",
    "gnu_get_libc_release",
    "gnu_get_libc_version",
    "inotify_add_watch",
    "inotify_init",
    "inotify_init1",
    "inotify_rm_watch",
    "isatty",
    "labs",
    "malloc_trim",
    "sched_getcpu",
    "sysconf",
    "time",
    "tolower",
    "toupper",
};

static int compare(const void *name, const void *entry) { return strcmp(name, *(const char *const *)entry); }

// Whether a function is libc's, libpython's, the loader's or the server's own: together they can do anything to
// the process.
static int of_process(void *function) {
    static const void *const members[] = {(void *)&getpid, (void *)&dlopen, (void *)&pthread_create,
                                          (void *)&maestro_rail_text};
    Dl_info wanted, member;
    if (!dladdr(function, &wanted))
        return 1;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (dladdr(members[i], &member) && member.dli_fbase == wanted.dli_fbase)
            return 1;
    const void *python = py.Py_GetVersion, *loader = dlsym(RTLD_DEFAULT, "__tls_get_addr");
    return (dladdr(python, &member) && member.dli_fbase == wanted.dli_fbase) ||
           (loader && dladdr(loader, &member) && member.dli_fbase == wanted.dli_fbase);
}

static void *dlopen_here(const char *path, int flags) {
    char buffer[PATH_MAX];
    if (path && strchr(path, '/')) {
        maestro_place_sync();
        path = maestro_rail_path(AT_FDCWD, path, USE_LOAD, FOLLOW, buffer);
        if (!path)
            return NULL;
    }
    return dlopen(path, flags);
}

static void *dlsym_here(void *library, const char *name) {
    maestro_rail_clear();
    void *found = dlsym(library, name);
    if (!found || !maestro_railed() || !of_process(found) ||
        bsearch(name, available, sizeof available / sizeof *available, sizeof *available, compare))
        return found;
    maestro_rail_refuse(RAIL_NATIVE_CODE, EACCES);
    return NULL;
}

static char *dlerror_here(void) {
    const char *text = maestro_rail_kept(0);
    return text ? (char *)text : dlerror();
}

static char *strerror_here(int number) {
    const char *text = maestro_rail_kept(number);
    return text ? (char *)text : strerror(number);
}

#define FUNCTION(name) {#name, (void *)name##_here}
const struct maestro_reference maestro_loader_references[] = {
    FUNCTION(dlerror),
    FUNCTION(dlopen),
    FUNCTION(dlsym),
    FUNCTION(strerror),
};
#undef FUNCTION
const size_t maestro_loader_reference_count = sizeof maestro_loader_references / sizeof *maestro_loader_references;

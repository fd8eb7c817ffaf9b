// rails.h: the guard rails around subtenants' code, all in one list.
//
// A rail refuses what code in this process must not do to the server, to the machine or to other
// subtenants. It is a guard rail, not a boundary: it stops mistakes and ordinary curiosity, and
// raises the effort of an attack. The boundary is another process. docs/threat-model.md says what
// each rail leaves open.
//
// Rails stand where libpython calls libc (libc*.c), in the method tables of builtin modules
// (replace*.c), and in an audit hook (rail_audit.c) for events that have no such place. A call of libc can only
// answer with a number: the reason is kept for the calling thread, and the next request for the
// text of that number gets it (strerror), so that Python raises PermissionError with the whole
// message.
#ifndef MAESTRO_RAILS_H
#define MAESTRO_RAILS_H

#include "interp.h"
#include "rail_shared.h"

#include <stddef.h>
#include <stdint.h>

// RAIL(identifier, name, why and what to do instead)
#define MAESTRO_RAILS(RAIL)                                                                                                \
    RAIL(PROCESS_END, "process-end",                                                                                       \
         "the process of stored functions is the whole server; raise an exception to end the call, and signal child "      \
         "processes by their own process id")                                                                              \
    RAIL(PROCESS_STATE, "process-state", "the server and its other subtenants share this state of the process")            \
    RAIL(NATIVE_CODE, "native-code",                                                                                       \
         "native code comes from installed packages and the system's libraries, and of libc and libpython only a few "     \
         "functions are available; use the standard library, or install a package")                                        \
    RAIL(MEMORY, "memory",                                                                                                 \
         "stored code may not use addresses of memory, which is the whole server's; use struct, array or memoryview")      \
    RAIL(CODE_OBJECTS, "code-objects", "code is made from source; use compile(), or store a function or module")           \
    RAIL(DATA_FOLDER, "data-folder",                                                                                       \
         "the data folder is the server's; a subtenant's files are in its home directory, os.path.expanduser('~')")        \
    RAIL(SECRET_FILES, "secret-files",                                                                                     \
         "files with keys and tokens of the machine are not readable; store a secret and use maestro.secret()")            \
    RAIL(PROC, "proc", "of /proc, only the figures of the machine and of the caller's own processes are readable")         \
    RAIL(DEVICES, "devices", "devices are the machine's; /dev/null, /dev/zero, /dev/urandom and terminals are available")  \
    RAIL(FILES, "files",                                                                                                   \
         "functions keep files in their home directory, which is the current directory at first; use a relative path, or " \
         "tempfile.gettempdir()")                                                                                          \
    RAIL(DISK_SPACE, "disk-space",                                                                                         \
         "the subtenant's folder is full; delete files there, or have the operator raise MAX_FUNCTION_DISK")               \
    RAIL(DESCRIPTORS, "descriptors", "the descriptor was not opened by this subtenant's functions; use only those")        \
    RAIL(NETWORK, "network", "the operator has excluded this network for functions (FUNCTION_NETWORK_DENY)")               \
    RAIL(SERVICES, "services",                                                                                             \
         "it is the server's own database, Redis or control socket; use a database of your own, or call the API")          \
    RAIL(INTERNALS, "internals", "it reaches beyond the code and the objects of this subtenant's functions")

// The end of each message: where such code may run.
#define MAESTRO_RAIL_LANE                                                                                   \
    " Code that needs it can run in the process lane, which an administrator can choose for the subtenant:" \
    " PUT /api/v1/subtenants/{id} {\"lane\": \"process\"}."

enum maestro_rail {
#define RAIL(identifier, name, advice) RAIL_##identifier,
    MAESTRO_RAILS(RAIL)
#undef RAIL
        RAIL_COUNT
};

// The name of a rail, and its message: both static. NULL beyond the last.
const char *maestro_rail_name(int rail);
const char *maestro_rail_text(int rail);

// Refuses a call of libc: sets errno to number, and keeps the message for it. Returns -1.
int maestro_rail_refuse(enum maestro_rail rail, int number);

// Forgets a message that was kept: before a call of libc whose error has reasons of its own.
void maestro_rail_clear(void);

// The message that is kept for that number and not asked for yet, or NULL. With number 0 any.
const char *maestro_rail_kept(int number);

// Raises OSError with that number: "what: refused by the rail …". Returns NULL. Attached.
PyObject *maestro_rail_raise(enum maestro_rail rail, int number, const char *what);

// The same with an exception of another type.
PyObject *maestro_rail_raise_as(enum maestro_rail rail, PyObject *type, const char *what);

// What holds for all subtenants of a server. Made once, constant and never freed.
struct maestro_policy {
    char *data;                                  // its data folder, the real path
    char **private;                              // paths that no subtenant's code may use, ended by NULL
    char **readable;                             // paths, within those also, that all may read; ended by NULL
    struct maestro_network *networks, *services; // that are not connected to (rail_network.c)
    size_t network_count, service_count;
    int port; // the server's own; 0: not known
};

// data is the data folder. The others are lists with one entry a line. networks: "address/bits" in the notation of
// IPv6 (::ffff:a.b.c.d for IPv4); services: "[address]:port", the same. Returns NULL with a malloc'ed message.
struct maestro_policy *maestro_policy_new(const char *data, const char *private, const char *readable, const char *networks,
                                          const char *services, int port, char **message);

// What the rails know of an interpreter's subtenant. Made before its first call, constant
// afterwards except for the numbers, freed with the interpreter.
struct maestro_rails {
    const struct maestro_policy *policy;
    char *folder;             // its own; the real path
    char *temporary;          // within it: stands for /tmp
    char *packages;           // the real path, or NULL
    uint64_t limit;           // bytes in folder; 0: none
    _Atomic uint64_t used;    // at the last count, and written since
    _Atomic uint64_t count;   // of changes that only counting anew will find: children write, files are deleted
    _Atomic uint64_t counted; // value of count at the last count
    _Atomic int ruleset;      // of Landlock, for children; -1: not made yet
    struct maestro_shared shared;
};

// Puts up the rails in an interpreter, before its first call. The folders exist; packages may be
// empty. Returns 0 with errno.
int maestro_rails_assign(struct maestro_interp *in, const struct maestro_policy *policy, const char *folder,
                         const char *temporary, const char *packages, uint64_t limit);
void maestro_rails_free(struct maestro_interp *in);

#endif

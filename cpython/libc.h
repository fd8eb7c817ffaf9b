// libc.h: the calls of libc by which libpython opens, closes, writes and starts
// threads, redirected to functions of this package.
//
// All modules of the standard library are part of the carried libpython, and those
// of another Python are loaded before it starts, so that replacing their references
// to libc's functions meets each of them, and none of Go's: Go makes its system
// calls itself. Its purposes:
//
//   - Descriptors have an owner (descriptor.h).
//   - The guard rails (rails.h): paths, networks, native code and descriptors are
//     decided about here.
//   - The memory of the C libraries inside libpython is counted (memory.h).
//   - Output to the descriptors 1 and 2 is the output of the call.
//   - A thread that Python starts has a current directory and umask of its own
//     and is known as one of its interpreter's (here.h).
//   - Code that ends the process leaves a marker that names it (fault.h).
#ifndef MAESTRO_LIBC_H
#define MAESTRO_LIBC_H

#include "interp.h"

// Remembers which libraries are loaded before Python's. Once. Returns 0 if they are not known.
int maestro_libc_remember(void);

// Replaces the references of the loaded libpython, or of one of its modules. Called before
// Python is initialised. Returns NULL, or a malloc'ed message.
char *maestro_libc_replace(void *library);

// Loads the modules of the home that are libraries of their own, and replaces their references,
// and those of the libraries that they need, too. A Python that calls libc by names that are not known here is refused: a
// malloc'ed message.
char *maestro_libc_replace_modules(const char *home);

// Reports whether a reference of that name was replaced in any library.
int maestro_libc_found(const char *name);

// The variables of the server's environment that Python sees and children get:
// "NAME=value", ended by NULL. Set by maestro_libc_replace, never changed.
extern char **maestro_environ;

// Reports whether the code of an interpreter may start another thread. Needs no
// thread state.
int maestro_thread_room(const struct maestro_interp *in);

#endif

// libc.h: the calls of libc by which libpython opens, closes, writes and starts
// threads, redirected to functions of this package.
//
// All modules of the standard library are part of the carried libpython, so
// that replacing its references to libc's functions meets each of them, and
// none of Go's: Go makes its system calls itself. Its purposes:
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

// Replaces the references of the loaded libpython. Called once, before Python is
// initialised. Returns NULL, or a malloc'ed message.
char *maestro_libc_replace(void *library);

// The variables of the server's environment that Python sees and children get:
// "NAME=value", ended by NULL. Set by maestro_libc_replace, never changed.
extern char **maestro_environ;

// Reports whether the code of an interpreter may start another thread. Needs no
// thread state.
int maestro_thread_room(const struct maestro_interp *in);

#endif

// libc.h: the calls of libc by which libpython opens, closes, writes and starts
// threads, redirected to functions of this package.
//
// All modules of the standard library are part of the carried libpython, so
// that replacing its references to libc's functions meets each of them, and
// none of Go's: Go makes its system calls itself. Its purposes:
//
//   - Descriptors have an owner, the interpreter that opened them. One
//     interpreter can neither close nor replace those of another one or of the
//     server: to close such a number a second time is a usual mistake, and
//     the number may be a connection of the server's by then. Closing answers
//     EBADF, as if it was not open.
//   - The guard rails (rails.h): paths, networks and native code are decided about here, and descriptors that
//     an interpreter has not opened can be neither read nor written.
//   - Output to the descriptors 1 and 2 is the output of the call.
//   - A thread that Python starts has a current directory and umask of its own
//     and is known as one of its interpreter's (here.h).
#ifndef MAESTRO_LIBC_H
#define MAESTRO_LIBC_H

#include "interp.h"

// Replaces the references of the loaded libpython. Called once, before Python is
// initialised. Returns NULL, or a malloc'ed message.
char *maestro_libc_replace(void *library);

// The variables of the server's environment that Python sees and children get:
// "NAME=value", ended by NULL. Set by maestro_libc_replace, never changed.
extern char **maestro_environ;

// Reports whether the calling thread's interpreter has opened that descriptor.
// Needs no thread state.
int maestro_descriptor_mine(int fd);

// Gives a descriptor that was opened to the calling thread's interpreter. Returns fd.
int maestro_descriptor_own(int fd);

// Whether a descriptor is open and another's: the server's, or another subtenant's. Sets errno and the
// message of a rail then.
int maestro_descriptor_theirs(int fd);

// Has what is written to a descriptor of the interpreter's counted (rail_space.h), and whether it is.
void maestro_descriptor_count(int fd);
int maestro_descriptor_counted(int fd);

// Keeps a descriptor of the calling thread's interpreter from being closed or
// replaced by its code, or ends that: an event loop's own, which all calls need.
void maestro_descriptor_guard(int fd, int guarded);

// Lets an interpreter's code use a descriptor that is the server's and stays so; NULL: none any more, before
// it is closed.
void maestro_descriptor_lend(int fd, const struct maestro_interp *in);

// Closes the open descriptors of an ended interpreter. No thread of it runs any more.
void maestro_descriptors_close(struct maestro_interp *in);

#endif

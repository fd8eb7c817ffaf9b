// descriptor.h: the owner of each descriptor, the interpreter that opened it.
//
// One interpreter can neither close nor replace those of another one or of the
// server: to close such a number a second time is a usual mistake, and the
// number may be a connection of the server's by then. Closing answers EBADF, as
// if it was not open.
//
// An interpreter has a bounded number of them, and all interpreters together
// leave a part of the process's to the server: opening more answers EMFILE.
//
// All functions use what the calling thread runs for (here.h), and need no
// thread state.
#ifndef MAESTRO_DESCRIPTOR_H
#define MAESTRO_DESCRIPTOR_H

#include "interp.h"

// Reads how many descriptors the process may have. Called once.
void maestro_descriptor_load(void);

// Reports whether the thread's interpreter may open that many more. If not, errno
// is EMFILE.
int maestro_descriptor_room(int count);

// Notes that the thread's interpreter has opened fd, which is returned; nothing
// if fd is negative.
int maestro_descriptor_own(int fd);

// Notes that fd is about to be closed.
void maestro_descriptor_disown(int fd);

// Reports whether the thread's interpreter has opened that descriptor.
int maestro_descriptor_mine(int fd);

// Reports whether the thread has full access to it: also where no code of a
// subtenant runs, and in a child that has descriptors of its own.
int maestro_descriptor_may(int fd);

// Reports whether a descriptor is open and another's: the server's, or another
// subtenant's. Sets errno and the message of a rail then (rails.h).
int maestro_descriptor_theirs(int fd);

// Has the bytes counted that are written to a descriptor of the interpreter (rail_space.h), and reports whether they are.
void maestro_descriptor_count(int fd, int shared);
int maestro_descriptor_counted(int fd);

// Whether it is of shared memory, as that was said.
int maestro_descriptor_shared(int fd);

// Lets an interpreter's code use a descriptor that is the server's and stays so;
// NULL: none any more, before it is closed.
void maestro_descriptor_lend(int fd, const struct maestro_interp *in);

// Keeps a descriptor from the code of a process of one subtenant: it can neither use nor close what connects the
// process to the server. The second function closes them in a process that code has forked.
void maestro_descriptor_keep(int fd);
void maestro_descriptors_leave(void);

// Keeps a descriptor of the thread's interpreter from being closed or
// replaced by its code, or ends that: an event loop's own, which all calls need.
void maestro_descriptor_guard(int fd, int guarded);

// Closes the open descriptors of an ended interpreter. No thread of it runs any more.
void maestro_descriptors_close(struct maestro_interp *in);

#endif

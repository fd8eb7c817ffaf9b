// children.h: the processes that an interpreter's code has started.
//
// Code waits for, and is told the end of, its own interpreter's children only:
// os.waitpid(-1) would otherwise take the end of another subtenant's, or of the
// server's database. They die with the interpreter.
//
// A child is in the list until its end has been taken from the kernel, which
// nothing but the functions here does; so its number stands for no other process.
#ifndef MAESTRO_CHILDREN_H
#define MAESTRO_CHILDREN_H

#include "interp.h"

// Notes a child of a call, and what takes its output. Returns 0 when there is no
// memory.
int maestro_child_add(struct maestro_interp *in, pid_t pid, uint64_t call, uint64_t output);

// Forgets one whose end was taken. Returns what takes its output, or 0.
uint64_t maestro_child_remove(struct maestro_interp *in, pid_t pid);

// Copies the numbers of all, malloc'ed for the caller, and returns how many.
size_t maestro_children_list(struct maestro_interp *in, pid_t **pids);

// Reports whether it is one of the interpreter's.
int maestro_child_known(struct maestro_interp *in, pid_t pid);

// Lets a child live until the interpreter has ended: the one that frees what
// multiprocessing has left behind.
void maestro_child_keep(struct maestro_interp *in, pid_t pid);

// Lets a child live when its call is stopped.
void maestro_child_spare(struct maestro_interp *in, pid_t pid);

// Kills those that a call has started, which is being stopped: what waits for
// them goes on, and meets its own end. No thread state; may be attached.
void maestro_children_stop(struct maestro_interp *in, uint64_t call);

// Kills all but those that are kept. Their ends are left for the code that
// started them. Attached or not.
void maestro_children_kill(struct maestro_interp *in);

// Takes the ends of all that are left, after the interpreter's and when its
// descriptors are closed. Those that are kept get a moment to end by themselves.
void maestro_children_end(struct maestro_interp *in);

#endif

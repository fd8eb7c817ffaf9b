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

// Notes a child, and what takes its output. Returns 0 when there is no memory.
int maestro_child_add(struct maestro_interp *in, pid_t pid, uint64_t output);

// Forgets one whose end was taken. Returns what takes its output, or 0.
uint64_t maestro_child_remove(struct maestro_interp *in, pid_t pid);

// Copies the numbers of all, malloc'ed for the caller, and returns how many.
size_t maestro_children_list(struct maestro_interp *in, pid_t **pids);

// Reports whether it is one of the interpreter's.
int maestro_child_known(struct maestro_interp *in, pid_t pid);

// Kills all and takes their ends. May be attached: they end at once.
void maestro_children_kill(struct maestro_interp *in);

#endif

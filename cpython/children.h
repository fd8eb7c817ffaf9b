// children.h: the processes that an interpreter's code has started.
//
// Code waits for, and gets the exit status of, its own interpreter's children only:
// os.waitpid(-1) would otherwise take the end of another subtenant's, or of the
// server's database. They die with the interpreter.
//
// A child is in the list until its exit status has been collected from the kernel,
// which only the functions here do; so its number belongs to no other process.
#ifndef MAESTRO_CHILDREN_H
#define MAESTRO_CHILDREN_H

#include "left.h"

// Reports whether the interpreter may start another process: as many as threads.
// If not, with an OSError. Attached.
int maestro_child_room(struct maestro_interp *in);

// Records a child of a call, and bounds its memory, and the reader of its output. Returns 0 when there is no
// memory.
int maestro_child_add(struct maestro_interp *in, pid_t pid, uint64_t call, uint64_t output);

// Removes one whose exit status was collected. Returns the reader of its output, or 0.
uint64_t maestro_child_remove(struct maestro_interp *in, pid_t pid);

// Copies the numbers of all, malloc'ed for the caller, and returns how many.
size_t maestro_children_list(struct maestro_interp *in, pid_t **pids);

// Reports whether it is one of the interpreter's.
int maestro_child_known(struct maestro_interp *in, pid_t pid);

// Reports whether it is one of them, or a process that one has started. Reads /proc.
int maestro_child_descends(struct maestro_interp *in, pid_t pid);

// Lets a child live until the interpreter has ended: the one that frees what
// multiprocessing has left behind.
void maestro_child_keep(struct maestro_interp *in, pid_t pid);

// Lets a child live when its call is stopped.
void maestro_child_spare(struct maestro_interp *in, pid_t pid);

// Lets a child live when its call is over: a worker of a pool.
void maestro_child_pool(struct maestro_interp *in, pid_t pid);

// Reports whether there are any that a call has started and that end with it. No thread state.
int maestro_children_of(struct maestro_interp *in, uint64_t call);

// Kills those, after the call's end. No thread state.
void maestro_children_finish(struct maestro_interp *in, uint64_t call);

// Charges the children with the nanoseconds of processor time that they and their own have used since this was asked
// last, if no call ran meanwhile (`idle`), and kills those that have used up their budget: `left` that of one which a
// call has started, `own` that of one of module-level code. Returns how many that are,
// or -1 when there are no children. *used is what all have used. No thread state.
int maestro_children_charge(struct maestro_interp *in, int idle, int64_t passed, const struct maestro_left_limits *limits,
                            int64_t *used);

// The processor time of a process, and of all that descend from it, in nanoseconds.
int64_t maestro_child_used(pid_t pid);

// Kills a child that has not been waited for, and all that descend from it and whose
// parents live. Any thread.
void maestro_child_kill(pid_t pid);

// Kills those that a call has started which is being stopped: code that waits for
// them continues, and is stopped itself. No thread state; may be attached.
void maestro_children_stop(struct maestro_interp *in, uint64_t call);

// Kills all but those that are kept. Their exit statuses are left for the code that
// started them. Attached or not.
void maestro_children_kill(struct maestro_interp *in);

// Collects the exit statuses of all remaining ones, after the interpreter's end and
// when its descriptors are closed. Those that are kept get a moment to end by themselves.
void maestro_children_end(struct maestro_interp *in);

#endif

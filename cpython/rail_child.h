// rail_child.h: the rails of child processes, which are the kernel's (Landlock).
//
// A child runs other programs, so that nothing in this process can decide about its calls. It is confined before it
// executes its program, in the thread that becomes it: it reads the system's files, the kit and its subtenant's
// packages, writes to its subtenant's folder, and signals only its own children. Without Landlock it is not confined,
// beyond that it cannot gain privileges.
#ifndef MAESTRO_RAIL_CHILD_H
#define MAESTRO_RAIL_CHILD_H

#include "libc_link.h"
#include "rails.h"

#include <limits.h>

// The version of Landlock that the kernel has; 0: none.
int maestro_landlock_version(void);

// The rules of the calling interpreter's children: a descriptor that stays open, or -1 where there are none. Made at
// the first call.
int maestro_child_rules(void);

// The references of libc's that execute programs, and how many.
extern const struct maestro_reference maestro_exec_references[];
extern const size_t maestro_exec_reference_count;

#endif

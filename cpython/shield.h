// shield.h: code of the runtime that must not be stopped half way.
//
// A stop raises at an arbitrary line of a thread. In the runtime that may be
// between taking its lock and the block that would release it, and every later
// call of the subtenant would wait for that lock. So the hooks that take it run
// shielded: a stop passes over such a thread, and is delivered when the shield
// is lowered. The author's module-level code, which a hook runs, is taken out of
// the shield by maestro_shield_run.
#ifndef MAESTRO_SHIELD_H
#define MAESTRO_SHIELD_H

#include "interp.h"

// A thread's shield; it lives on its C stack. All of it is guarded by the GIL.
struct maestro_shield {
    unsigned long thread;
    int lifted; // the author's code is running below it
    struct maestro_shield *next;
};

// Raises the shield on the calling thread and takes back a stop that has not
// been delivered. Attached.
void maestro_shield_up(struct maestro_interp *in, struct maestro_shield *shield);

// Lowers it again; if the call is being stopped, the thread is told again.
void maestro_shield_down(struct maestro_interp *in, struct maestro_shield *shield);

// Whether stops pass that thread by.
int maestro_shielded(const struct maestro_interp *in, unsigned long thread);

// Evaluates code in a namespace, both borrowed, with the calling thread's
// innermost shield lifted. New reference.
PyObject *maestro_shield_run(struct maestro_interp *in, PyObject *code, PyObject *namespace);

#endif

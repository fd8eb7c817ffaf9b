// fork.h: processes that code forks, in a process of one subtenant.
//
// Only the forking thread is left in such a process, and Go's runtime is dead there: its
// threads are gone, the thread must not come back to it, and its handlers of signals would
// wait for other threads. So as soon as the process exists, by os.fork() or by a library, the
// callbacks answer without Go (go_gate.h), the handlers are taken away, and the connection to
// the server is closed, which is its parent's. Code that does not end the process itself
// ends it when it returns from its call.
#ifndef MAESTRO_FORK_H
#define MAESTRO_FORK_H

#include "pyapi.h"

// Readies this process for being forked. Once, when Go runs and Python is loaded. Returns
// NULL, or a malloc'ed message.
char *maestro_fork_load(void);

#endif

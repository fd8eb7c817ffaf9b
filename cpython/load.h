// load.h: libpython in this process, and the main interpreter. In the server the main
// interpreter runs no code of subtenants: it exists because CPython requires
// one, and because making another interpreter needs a thread state of it. In a process
// that belongs to a single subtenant it is that subtenant's (interp_main.c).
#ifndef MAESTRO_LOAD_H
#define MAESTRO_LOAD_H

#include "pyapi.h"

// The process belongs to a single subtenant, whose code runs in the main interpreter:
// what would affect others affects nothing here, and is Python's own. Written by
// maestro_load.
extern int maestro_alone;

// The thread state of the thread that has initialised Python. Written by maestro_load.
extern PyThreadState *maestro_first_state;

// Loads home/lib/libpython3.14.so.1.0, checks that it is 3.14, and initialises
// the main interpreter on the calling OS thread, which must stay locked and
// alive for as long as the process: CPython remembers it as the main thread.
// No thread state is attached afterwards. Returns NULL, or a malloc'ed message
// that the caller frees. Once per process.
char *maestro_load(const char *home, int alone);

// Returns CPython's version text. Static; needs no thread state.
const char *maestro_version(void);

#endif

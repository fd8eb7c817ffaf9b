// load.h: libpython in this process, and the main interpreter. The main
// interpreter runs no code of subtenants: it exists because CPython requires
// one, and because making another interpreter needs a thread state of it.
#ifndef MAESTRO_LOAD_H
#define MAESTRO_LOAD_H

// Loads home/lib/libpython3.14.so.1.0, checks that it is 3.14, and initialises
// the main interpreter on the calling OS thread, which must stay locked and
// alive for as long as the process: CPython remembers it as the main thread.
// No thread state is attached afterwards. Returns NULL, or a malloc'ed message
// that the caller frees. Once per process.
char *maestro_load(const char *home);

// Returns CPython's version text. Static; needs no thread state.
const char *maestro_version(void);

#endif

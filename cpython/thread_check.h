// thread_check.h: whether a call has left its OS thread as it was.
//
// The functions of the standard library that change a thread are replaced
// (replace.c). Others' C code can change it too, by ctypes or in an extension
// module, and the thread goes on to serve other subtenants. So from the first
// such module on, each call's end in that interpreter is followed by a look at
// the thread, which takes about a microsecond. In other interpreters nothing is
// looked at.
#ifndef MAESTRO_THREAD_CHECK_H
#define MAESTRO_THREAD_CHECK_H

#include <stdint.h>

// Stores the expected state of a thread. On the thread that initialises Python.
void maestro_thread_check_load(void);

// Remembers the calling thread's signal mask as the one that it shall have.
void maestro_thread_remember(void);

// Compares the calling thread's signal mask, current directory, umask, processor
// affinity and nice value, restores differing values, and counts the thread if
// there were any.
void maestro_thread_check(void);

// How many calls have left their thread changed. Any thread.
uint64_t maestro_threads_changed(void);

#endif

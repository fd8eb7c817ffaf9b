// fault.h: the marker of code of a subtenant that ends the process.
//
// A fault in C (a null pointer in an extension module, a C stack that has no end)
// cannot be survived: the memory of every subtenant is in doubt. What remains is to
// say whose it was. Go's own handlers never see such a signal as more than a reason
// to die, and os/signal never delivers it. So handlers of our own are installed after
// Go's, for SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT (Python's fatal errors abort):
//
//   - Where no code of a subtenant runs on the thread, or the instruction is one of
//     Go's, the signal is Go's: its handler is called, which makes a panic of a nil
//     pointer. A signal that another process has sent is Go's as well.
//   - Otherwise a marker is written: the signal, the address, the interpreter and its
//     owner, the call that the thread runs for, and the Python stack. Then the process
//     dies of the signal, as it would have without a handler.
//
// The marker is text in a file that was opened before, written by write(2) alone: the
// heap and every lock may be in the hands of the code that has failed. Reading
// Python's frames may fault again; then the marker ends there. A second thread that
// faults meanwhile waits for the end of the process.
//
// The handlers run on the alternate stack that Go gives its threads; those that Python
// starts get one here. A thread that an extension module starts by itself has no
// subtenant, and its signal is Go's.
//
// Code that ends the process by exit or _exit leaves a marker too.
#ifndef MAESTRO_FAULT_H
#define MAESTRO_FAULT_H

#include "interp.h"

#include <stdint.h>

// Installs the handlers, once for the process, after Python was loaded. Markers are
// written to that file, which stays open; with tells, a line on standard error says that
// the server dies. The code of Go lies from go_begin up to, not including, go_end. With
// dump the process leaves a core file where the system is set to.
void maestro_fault_watch(int file, int tells, uintptr_t go_begin, uintptr_t go_end, int dump);

// The name under which markers know the owner of an interpreter. At most 255 bytes
// are kept. Any thread, once.
void maestro_fault_owner(struct maestro_interp *in, const char *name);

// Gives the calling thread an alternate stack, and takes it away again. A thread that
// gets none (no memory) dies without a marker if it overflows its stack.
void *maestro_fault_stack_new(void);
void maestro_fault_stack_free(void *stack);

// Leaves a marker if the calling thread runs code of a subtenant, which ends the
// process by the function of that name.
void maestro_fault_exits(const char *function, int status);

// Where the Python stack of a thread is written to: text is appended, and write puts
// it out (fault.c).
struct maestro_fault_text {
    int file;
    size_t used;
    char text[512];
};
void maestro_fault_put(struct maestro_fault_text *out, const char *text);
void maestro_fault_put_char(struct maestro_fault_text *out, uint32_t character);
void maestro_fault_put_number(struct maestro_fault_text *out, uint64_t number);

// Determines where CPython keeps the frames of a thread. Returns 0 when this libpython
// does not say: markers then have no stack.
int maestro_fault_frames_prepare(void *library);

// Writes the Python stack of a thread, innermost frame first, as lines of a traceback.
// Takes no lock and allocates nothing. What it reads may be broken: a fault is the
// caller's to catch.
void maestro_fault_frames(struct maestro_fault_text *out, PyThreadState *state);

#endif

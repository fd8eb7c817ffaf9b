// program.h: the programs that an interpreter has loaded, by key.
#ifndef MAESTRO_PROGRAM_H
#define MAESTRO_PROGRAM_H

#include "interp.h"

// The entry function of the program with that key: loads its module when this
// interpreter has not, which runs the author's module-level code. frame is the
// one that asks. New reference, or NULL with an exception; *loading then tells
// whether it came from the module-level code. *async: it is an `async def`.
PyObject *maestro_program_function(struct maestro_interp *in, uint64_t key, int *async, int *loading);

// Runs the code of the stored module with that key in module: its importer's
// import statement has led here. Returns 0 with an exception.
int maestro_program_fill(struct maestro_interp *in, uint64_t key, PyObject *module);

// Drops all programs, at the end of the interpreter. Attached.
void maestro_programs_clear(struct maestro_interp *in);

#endif

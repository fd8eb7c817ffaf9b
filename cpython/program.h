// program.h: the programs that an interpreter has loaded, by key.
#ifndef MAESTRO_PROGRAM_H
#define MAESTRO_PROGRAM_H

#include "frame.h"

// What a program is entered by. The references are the holder's.
struct maestro_entry {
    PyObject *function;
    struct maestro_base base; // each call gets a copy
};

// Finds the entry of the program with that key: loads its module when this
// interpreter has not, which runs the author's module-level code for the frame.
// Returns 0 with an exception; *loading then tells whether it came from the
// module-level code.
int maestro_program_enter(struct maestro_interp *in, uint64_t key, uint64_t frame, struct maestro_entry *entry,
                          int *loading);

// Gives up the references of an entry.
void maestro_entry_clear(struct maestro_entry *entry);

// Runs the code of the stored module with that key in module: its importer's
// import statement has led here. Returns 0 with an exception.
int maestro_program_fill(struct maestro_interp *in, uint64_t key, PyObject *module);

// Drops all programs, at the end of the interpreter. Attached.
void maestro_programs_clear(struct maestro_interp *in);

#endif

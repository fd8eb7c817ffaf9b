// print.h: the output of functions, split into lines.
#ifndef MAESTRO_PRINT_H
#define MAESTRO_PRINT_H

#include "interp.h"

// Takes text that was written to a stream (1: stdout, 2: stderr). Whole lines go
// to Go at once, a rest waits for its end. Returns 0 with an exception. Detaches
// while Go has the line.
int maestro_print(struct maestro_interp *in, int stream, PyObject *text);

// Takes bytes that were written to the descriptor of a stream, whole lines or
// not. Detached or attached; where no call is known, frame is 0.
void maestro_print_raw(struct maestro_interp *in, uint64_t frame, int stream, const char *data, size_t size);

// Hands over the unended lines of an outer call; with call 0 those of all.
// Attached before and after, detached between.
void maestro_print_flush(struct maestro_interp *in, uint64_t call);

// Drops the remaining lines after the end of the interpreter. No thread state.
void maestro_print_discard(struct maestro_interp *in);

#endif

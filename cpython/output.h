// output.h: sys.stdout and sys.stderr, which each call has for itself.
//
// sys is one module for all calls of an interpreter, and programs assign to its
// attributes: contextlib.redirect_stdout, io.TextIOWrapper(sys.stdout.buffer).
// In one call that must not affect the output of another. So
//
//   - the module sys gets a separate type, for which `sys.stdout` reads and
//     writes the value of the current outer call. A property would not do: the
//     interpreter loads attributes of modules directly from their dict if
//     their type has the getattro of modules. Programs use type(sys) as another
//     name for the type of modules: isinstance with it, and calls and subclasses
//     of it, mean that one.
//   - print() and C code read sys.__dict__ itself. It holds an
//     object that never changes, whose write() goes to the current call's value.
#ifndef MAESTRO_OUTPUT_H
#define MAESTRO_OUTPUT_H

#include "interp.h"

// Makes the type for sys. New reference, or NULL with an exception.
PyObject *maestro_output_type(PyObject *module);

// own_outputs(stdout, stderr): the attributes where a call has set
// nothing. A METH_FASTCALL builtin.
PyObject *maestro_own_outputs(PyObject *module, PyObject *const *args, Py_ssize_t count);

// print_out(text), print_err(text) -> int: the write() of the objects in
// sys.__dict__. METH_O builtins.
PyObject *maestro_print_out(PyObject *module, PyObject *text);
PyObject *maestro_print_err(PyObject *module, PyObject *text);

// Flushes and drops the values that the outer call of that number has set. It runs code
// of the subtenant's: call it in the call's own frame, before its last lines
// are sent (maestro_print_flush). No exception is set before or after. Nearly
// always it costs two comparisons.
void maestro_output_end(struct maestro_interp *in, uint64_t call);

// Gives up every reference.
void maestro_output_clear(struct maestro_interp *in);

#endif

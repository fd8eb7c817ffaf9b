// rail_code.h: the rails around code objects, and around what shows or reaches the runtime's own objects.
//
// The interpreter executes a code object without checking it, so that one which no compiler has
// made reads and writes anywhere. Subtenants' code objects are therefore those that the compiler makes, and those in
// the files of the kit and of installed packages.
#ifndef MAESTRO_RAIL_CODE_H
#define MAESTRO_RAIL_CODE_H

#include "replace.h"

extern PyCFunction maestro_real_marshal_load, maestro_real_marshal_loads, maestro_real_get_frozen_object;

PyObject *maestro_marshal_load(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *maestro_marshal_loads(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *maestro_imp_get_frozen_object(PyObject *module, PyObject *const *args, Py_ssize_t count);

// Replaces code.replace(). Attached to the main interpreter, once. Returns NULL, or a
// malloc'ed message.
char *maestro_code_replace(void);

// Whether the calling thread may make a code object now: code.replace() has looked at the changes.
int maestro_code_allowed(void);

#endif

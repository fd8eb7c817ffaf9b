// rail_ctypes.h: the rail around addresses of memory in ctypes.
//
// Installed packages use them as they must to call their libraries. Stored code may build structures, buffers and
// pointers to them, but not read, write or call what a number points to. ctypes cannot be made safe: an index that
// is too large, or a number written into a structure, still reaches any memory.
#ifndef MAESTRO_RAIL_CTYPES_H
#define MAESTRO_RAIL_CTYPES_H

#include "rails.h"

// Replaces functions of the types of _ctypes, before any other interpreter makes its own. Attached to the
// main interpreter, once. Returns NULL, or a malloc'ed message.
char *maestro_ctypes_replace(void);

// check_addresses(): raises where a package has not called ctypes; for functions of ctypes that are
// themselves functions of libc.
PyObject *maestro_check_addresses(PyObject *module, PyObject *unused);

#endif

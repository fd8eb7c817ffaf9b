// module.h: the builtin module _maestro, which runtime.py uses.
#ifndef MAESTRO_MODULE_H
#define MAESTRO_MODULE_H

#include "pyapi.h"

// PyInit of _maestro, for PyImport_AppendInittab. Multi-phase, one state per
// interpreter; it can be imported only while maestro_interp_new is at work.
PyObject *maestro_module_init(void);

#endif

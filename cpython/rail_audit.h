// rail_audit.h: the audit hook of the rails.
#ifndef MAESTRO_RAIL_AUDIT_H
#define MAESTRO_RAIL_AUDIT_H

#include "rails.h"

// Adds the hook, for all interpreters; once, attached to the main one. Returns NULL, or a malloc'ed message.
char *maestro_audit_begin(void);

// Whether the code that calls into ctypes now is the kit's or an installed package's. Attached.
int maestro_called_by_package(void);

// The same, where ctypes itself counts as a package: whether the innermost frame is of one.
int maestro_written_in_package(void);

#endif

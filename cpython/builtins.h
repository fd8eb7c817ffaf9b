// builtins.h: the builtins of stored code.
//
// Stored functions find their siblings among the builtins. Libraries must not:
// `try: reduce; except NameError: from functools import reduce` would take a
// sibling of that name for Python's. So there are two dicts, the interpreter's
// own and the one that is the __builtins__ of each stored module, with the
// siblings in it. Both are exact dicts, since a subclass doubles the cost of
// each look-up, and changes by programs in one (mock.patch("builtins.open"),
// gettext.install) are made in the other immediately, by a dict watcher.
#ifndef MAESTRO_BUILTINS_H
#define MAESTRO_BUILTINS_H

#include "interp.h"

// follow_builtins(real, shown, ours, needed): keeps the two dicts the same, all but
// the names that are in `ours`, a dict. Where one of those in `needed`, a dict, is deleted
// or becomes what cannot be called, the interpreter is spoilt. A METH_FASTCALL builtin.
PyObject *maestro_follow_builtins(PyObject *module, PyObject *const *args, Py_ssize_t count);

// Ends that.
void maestro_builtins_clear(struct maestro_interp *in);

#endif

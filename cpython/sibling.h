// sibling.h: a call from one function to another.
//
//	begin_step in Go → the module → a fresh input → the function → end_step in
//	Go → a fresh output
//
// Callee and caller never share an object: the input and the output are bytes
// of JSON between them. Only an exception crosses as the object it is.
#ifndef MAESTRO_SIBLING_H
#define MAESTRO_SIBLING_H

#include "border.h"
#include "interp.h"

// A sibling as a value, which a call by name finds in the builtins dict.
struct maestro_sibling {
    PyObject head;
    vectorcallfunc vectorcall;
    struct maestro_interp *in; // outlives it
    PyObject *name;            // strong: str
    const char *utf8;          // of name, owned by it
    size_t size;
    int known;           // its program has been asked for, and then was…
    int async;           // …an async def. The answer of begin_step corrects it
    uint64_t generation; // of the names, when async was found out
    PyObject *weak;      // the list of weak references
};

// Makes the type. New reference, or NULL with an exception.
PyObject *maestro_sibling_type(PyObject *module);

// The sibling of that name, made when it was never asked for; the name need not
// exist. New reference, or NULL with an exception.
PyObject *maestro_sibling_named(struct maestro_interp *in, PyObject *name);

// __maestro_call(name, /, *args, **kwargs): looks into the caller's globals and
// builtins first, then for the sibling. A METH_FASTCALL | METH_KEYWORDS builtin.
PyObject *maestro_call_by_name(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *kwnames);

// call_function(name, input): the implementation of maestro.call(). A METH_FASTCALL
// builtin.
PyObject *maestro_call_computed(PyObject *module, PyObject *const *args, Py_ssize_t count);

// load_function(name): loads the module of the function that has this name now,
// and returns the key of its program. A METH_O builtin; a NameError where there is none.
PyObject *maestro_load_by_name(PyObject *module, PyObject *name);

// Makes the builtins dicts show the names of that generation. Returns 0 with an
// exception. Detaches.
int maestro_siblings_refresh(struct maestro_interp *in, uint64_t frame, uint64_t generation);

// The parts of a step, for awaitable.c as well.

// Asks Go to begin the step. Returns 0 with an exception. Detaches.
int maestro_step_begin(struct maestro_sibling *sibling, uint64_t parent, const struct maestro_json_text *input,
                       struct maestro_begun *begun);

// Calls the entry function of a begun step with a fresh input, in its frame and
// in a separate context. New reference, or NULL with an exception; *kind then
// has its kind. If context is not NULL it gets that context (new reference, or
// NULL), for a result that must still be awaited.
PyObject *maestro_step_run(struct maestro_interp *in, const struct maestro_begun *begun,
                           const struct maestro_json_text *input, int *kind, PyObject **context);

// Ends a step with its result and returns the caller's fresh copy (new
// reference), or NULL with an exception. Detaches.
PyObject *maestro_step_complete(struct maestro_interp *in, uint64_t frame, PyObject *result);

// Ends a step with the exception that is set, which stays set. Detaches.
void maestro_step_fail(struct maestro_interp *in, uint64_t frame, int kind);

#endif

// error.h: Python exceptions to Go and back.
#ifndef MAESTRO_ERROR_H
#define MAESTRO_ERROR_H

#include "border.h"
#include "interp.h"

// Raises the exception that Go requested, and frees its texts. An exception is set afterwards.
void maestro_raise_now(struct maestro_interp *in, struct maestro_raise *raise);

// Describes an exception (borrowed, or NULL) for Go: class, text, the author's frames.
// kind is used unless the exception's own class determines it. The caller frees
// the texts with maestro_exception_free. Runs Python code of the author's (a
// __str__); leaves no exception set.
void maestro_describe(struct maestro_interp *in, PyObject *raised, int kind, struct maestro_exception *out);

// Adds the names of the class of raised (borrowed, or NULL) and of its bases, by
// which a retry policy knows it. Leaves no exception set.
void maestro_describe_classes(struct maestro_interp *in, PyObject *raised, struct maestro_exception *out);

// Fills an exception that has no Python object; message is copied.
void maestro_describe_plain(int kind, const char *type, const char *message, struct maestro_exception *out);

// Frees the texts; no thread state.
void maestro_exception_free(struct maestro_exception *exception);

// A malloc'ed copy of a str's UTF-8 form, lone surrogates as backslash escapes;
// empty when object is not a str or there is no memory. Leaves no exception set.
struct maestro_text maestro_text_of(PyObject *object);

// A malloc'ed copy; empty when there is no memory. No thread state.
struct maestro_text maestro_text_copy(const char *data, size_t size);

// A str of bytes that Go calls UTF-8. New reference, or NULL with an exception.
PyObject *maestro_str(const struct maestro_text *text);

// Frees a text of Go's or maestro_text_of; no thread state.
void maestro_text_free(struct maestro_text *text);

#endif

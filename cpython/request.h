// request.h: maestro.request().
#ifndef MAESTRO_REQUEST_H
#define MAESTRO_REQUEST_H

#include "interp.h"

// request() -> (method, url, headers, body) of the HTTP request behind the call,
// or None. New reference, or NULL with an exception. Attached.
PyObject *maestro_request_of(PyObject *module, PyObject *unused);

#endif

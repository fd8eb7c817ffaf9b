#include "frame.h"

uint64_t maestro_frame(struct maestro_interp *in) {
    PyObject *value = NULL;
    if (!in->frame_var) // the interpreter ends, and code left for that is running
        return 0;
    if (py.PyContextVar_Get(in->frame_var, NULL, &value) < 0) {
        py.PyErr_Clear();
        return 0;
    }
    if (!value)
        return 0;
    uint64_t frame = py.PyLong_AsUnsignedLongLong(value);
    py.Py_DecRef(value);
    return frame;
}

PyObject *maestro_frame_enter(struct maestro_interp *in, uint64_t frame) {
    PyObject *value = py.PyLong_FromUnsignedLongLong(frame);
    PyObject *token = value ? py.PyContextVar_Set(in->frame_var, value) : NULL;
    py.Py_DecRef(value);
    return token;
}

void maestro_frame_leave(struct maestro_interp *in, PyObject *token) {
    PyObject *raised = py.PyErr_GetRaisedException();
    // It fails only in another context than the token's, which then is one
    // that this call has not touched.
    if (py.PyContextVar_Reset(in->frame_var, token) < 0)
        py.PyErr_Clear();
    py.Py_DecRef(token);
    py.PyErr_SetRaisedException(raised);
}

PyObject *maestro_context_enter(struct maestro_interp *in, uint64_t frame) {
    PyObject *context = py.PyContext_New();
    if (!context || py.PyContext_Enter(context) < 0) {
        py.Py_DecRef(context);
        return NULL;
    }
    PyObject *token = maestro_frame_enter(in, frame);
    if (!token) {
        py.PyContext_Exit(context);
        py.Py_DecRef(context);
        return NULL;
    }
    py.Py_DecRef(token);
    return context;
}

void maestro_context_leave(PyObject *context) {
    if (py.PyContext_Exit(context) < 0) // the function has left one entered of its own
        py.PyErr_Clear();
    py.Py_DecRef(context);
}

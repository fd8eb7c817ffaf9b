#include "awaitable.h"

#include "counter.h"
#include "error.h"
#include "frame.h"
#include "stream.h"

enum state { NEW, BEGUN, STARTED, DONE };

// NEW → BEGUN → STARTED → DONE, and from each straight to DONE.
//   NEW      called, not awaited
//   BEGUN    the step has begun, its function has not been called
//   STARTED  inner is the function's result
//   DONE     the step has ended, or never began
struct awaitable {
    PyObject head;
    struct maestro_sibling *sibling; // strong
    struct maestro_json_text input;  // empty once the function has been called
    uint64_t parent;                 // frame of the caller
    struct maestro_begun begun;
    PyObject *inner;   // strong: a coroutine, or an iterator as __await__ gives it
    PyObject *context; // strong: in which it runs, once the function has been called
    enum state state;
    int running; // inner is being run: it must not be entered again
};

static struct awaitable *make(struct maestro_sibling *sibling, struct maestro_json_text *input) {
    struct awaitable *self = (void *)py.PyType_GenericAlloc(sibling->in->awaitable_type, 0);
    if (!self)
        return NULL;
    self->sibling = (struct maestro_sibling *)py.Py_NewRef((PyObject *)sibling);
    self->input = *input;
    *input = (struct maestro_json_text){0};
    return self;
}

PyObject *maestro_awaitable_new(struct maestro_sibling *sibling, uint64_t parent, struct maestro_json_text *input) {
    struct awaitable *self = make(sibling, input);
    if (self)
        self->parent = parent;
    return (PyObject *)self;
}

static void begin(struct awaitable *self, const struct maestro_begun *begun) {
    maestro_count(COUNT_HANDLES, 1);
    self->begun = *begun;
    self->state = BEGUN;
}

PyObject *maestro_awaitable_begun(struct maestro_sibling *sibling, const struct maestro_begun *begun,
                                  struct maestro_json_text *input) {
    struct awaitable *self = make(sibling, input);
    if (self)
        begin(self, begun);
    else
        maestro_step_fail(sibling->in, begun->frame, EXCEPTION_ENGINE);
    return (PyObject *)self;
}

// Ends the step with the exception that is set.
static void fail(struct awaitable *self, int kind) {
    self->state = DONE;
    maestro_count(COUNT_HANDLES, -1);
    maestro_step_fail(self->sibling->in, self->begun.frame, kind);
    maestro_clear(&self->inner);
}

// Ends the step with a result (stolen). Returns the caller's fresh copy, or NULL.
static PyObject *complete(struct awaitable *self, PyObject *result) {
    self->state = DONE;
    maestro_count(COUNT_HANDLES, -1);
    struct maestro_interp *in = self->sibling->in;
    PyObject *fresh = maestro_is_generator(in, result) ? maestro_step_iterate(in, self->begun.frame, result, self->context)
                                                       : maestro_step_complete(in, self->begun.frame, result);
    py.Py_DecRef(result);
    maestro_clear(&self->inner);
    return fresh;
}

// The object to send to: a coroutine itself, otherwise the result of __await__. Steals
// the result of the function. *plain: it was no awaitable at all, and is the
// result (a decorator may have made an async def an ordinary function).
static PyObject *awaited(PyObject *result, int *plain) {
    PyObject *send = NULL, *await = NULL, *inner = NULL;
    if (py.PyObject_GetOptionalAttrString((PyObject *)result->ob_type, "__await__", &await) < 0)
        goto done;
    if (!await) {
        *plain = 1;
        inner = py.Py_NewRef(result);
    } else if (py.PyObject_GetOptionalAttrString((PyObject *)result->ob_type, "send", &send) < 0) {
        goto done;
    } else {
        inner = send ? py.Py_NewRef(result) : py.PyObject_CallOneArg(await, result);
    }
done:
    py.Py_DecRef(send);
    py.Py_DecRef(await);
    py.Py_DecRef(result);
    return inner;
}

// Begins the step where that has not happened, and calls the function. Returns
// 1, or 0 with an exception; or -1 with *fresh set: it is finished already.
static int start(struct awaitable *self, PyObject **fresh) {
    if (self->state == NEW) {
        struct maestro_begun begun;
        if (!maestro_step_begin(self->sibling, self->parent, &self->input, &begun)) {
            self->state = DONE;
            return 0;
        }
        begin(self, &begun);
    }
    int kind, plain = 0;
    PyObject *result = maestro_step_run(self->sibling->in, &self->begun, &self->input, &kind, &self->context);
    maestro_json_free(&self->input);
    if (result && !(self->inner = awaited(result, &plain)))
        result = NULL;
    if (!result) {
        fail(self, kind);
        return 0;
    }
    self->state = STARTED;
    if (!plain)
        return 1;
    *fresh = complete(self, py.Py_NewRef(self->inner));
    return *fresh ? -1 : 0;
}

// Whether the awaitable may be entered now; sets the exception when not.
static int enterable(struct awaitable *self) {
    if (self->running)
        py.PyErr_SetString(py.PyExc_ValueError, "coroutine already executing");
    else if (self->state == DONE)
        py.PyErr_SetString(py.PyExc_RuntimeError, "cannot reuse already awaited coroutine");
    else
        return 1;
    return 0;
}

// The outcome of running inner for a while: settles the step when it has ended.
// result is stolen.
static int settle(struct awaitable *self, int status, PyObject *result, PyObject **out) {
    if (status == PYGEN_NEXT) {
        *out = result;
        return PYGEN_NEXT;
    }
    if (status == PYGEN_RETURN) {
        *out = complete(self, result);
        return *out ? PYGEN_RETURN : PYGEN_ERROR;
    }
    fail(self, EXCEPTION_RAISED);
    return PYGEN_ERROR;
}

// tp_as_async->am_send.
static int am_send(PyObject *object, PyObject *value, PyObject **out) {
    struct awaitable *self = (struct awaitable *)object;
    struct maestro_interp *in = self->sibling->in;
    *out = NULL;
    if (!enterable(self))
        return PYGEN_ERROR;
    if (self->state != STARTED && value != py.None) {
        py.PyErr_SetString(py.PyExc_TypeError, "can't send non-None value to a just-started coroutine");
        return PYGEN_ERROR;
    }
    self->running = 1;
    int status = PYGEN_ERROR;
    int started = self->state == STARTED ? 1 : start(self, out);
    if (started < 0)
        status = PYGEN_RETURN;
    else if (started) {
        // It is in its context only while inner runs: when it waits, others run.
        struct maestro_stay stay;
        PyObject *result = NULL;
        if (maestro_context_resume(in, self->context, self->begun.frame, &stay)) {
            status = py.PyIter_Send(self->inner, value, &result);
            maestro_context_leave(&stay, 0);
        }
        status = settle(self, status, result, out);
    }
    self->running = 0;
    return status;
}

// Raises StopIteration(value); steals value. Always NULL.
static PyObject *stop_iteration(PyObject *value) {
    PyObject *stop = py.PyObject_CallOneArg(py.PyExc_StopIteration, value);
    if (stop)
        py.PyErr_SetObject(py.PyExc_StopIteration, stop);
    py.Py_DecRef(stop);
    py.Py_DecRef(value);
    return NULL;
}

static PyObject *send(PyObject *self, PyObject *value) {
    PyObject *result;
    return am_send(self, value, &result) == PYGEN_RETURN ? stop_iteration(result) : result;
}

static PyObject *iternext(PyObject *self) { return send(self, py.None); }

// Calls inner.throw(…) or inner.close() in the step's frame. New reference, or
// NULL with an exception.
static PyObject *call_inner(struct awaitable *self, const char *method, PyObject *const *args, Py_ssize_t count) {
    struct maestro_interp *in = self->sibling->in;
    PyObject *bound = NULL, *result = NULL;
    struct maestro_stay stay;
    if (!maestro_context_resume(in, self->context, self->begun.frame, &stay))
        return NULL;
    self->running = 1;
    bound = py.PyObject_GetAttrString(self->inner, method);
    if (bound)
        result = py.PyObject_Vectorcall(bound, args, (size_t)count, NULL);
    self->running = 0;
    py.Py_DecRef(bound);
    maestro_context_leave(&stay, 0);
    return result;
}

// Raises the arguments of throw(type, value, traceback).
static PyObject *raise(PyObject *const *args, Py_ssize_t count) {
    PyObject *exception = args[0], *made = NULL;
    if (maestro_has_flag(exception, Py_TPFLAGS_TYPE_SUBCLASS)) {
        int has_value = count > 1 && args[1] != py.None;
        exception = made = has_value && maestro_has_flag(args[1], Py_TPFLAGS_BASE_EXC_SUBCLASS) ? py.Py_NewRef(args[1])
                           : has_value ? py.PyObject_CallOneArg(args[0], args[1])
                                       : py.PyObject_CallNoArgs(args[0]);
    }
    if (exception && maestro_has_flag(exception, Py_TPFLAGS_BASE_EXC_SUBCLASS))
        py.PyErr_SetObject((PyObject *)exception->ob_type, exception);
    else if (exception)
        py.PyErr_SetString(py.PyExc_TypeError, "exceptions must be classes or instances deriving from BaseException");
    py.Py_DecRef(made);
    return NULL;
}

static PyObject *throw(PyObject *object, PyObject *const *args, Py_ssize_t count) {
    struct awaitable *self = (struct awaitable *)object;
    if (count < 1 || count > 3) {
        py.PyErr_SetString(py.PyExc_TypeError, "throw() takes 1 to 3 arguments");
        return NULL;
    }
    if (!enterable(self))
        return NULL;
    if (self->state != STARTED) {
        int begun = self->state == BEGUN;
        self->state = DONE;
        raise(args, count);
        if (begun)
            fail(self, EXCEPTION_RAISED);
        return NULL;
    }
    PyObject *result = call_inner(self, "throw", args, count);
    if (result)
        return result;
    if (!py.PyErr_ExceptionMatches(py.PyExc_StopIteration)) {
        fail(self, EXCEPTION_RAISED);
        return NULL;
    }
    PyObject *stop = py.PyErr_GetRaisedException();
    PyObject *value = py.PyObject_GetAttrString(stop, "value");
    py.Py_DecRef(stop);
    PyObject *fresh = value ? complete(self, value) : NULL;
    return fresh ? stop_iteration(fresh) : NULL;
}

static PyObject *close(PyObject *object, PyObject *unused) {
    struct awaitable *self = (struct awaitable *)object;
    if (self->running) {
        py.PyErr_SetString(py.PyExc_ValueError, "coroutine already executing");
        return NULL;
    }
    if (self->state == NEW || self->state == DONE) {
        self->state = DONE;
        return py.Py_NewRef(py.None);
    }
    PyObject *none = self->state == STARTED ? call_inner(self, "close", NULL, 0) : py.Py_NewRef(py.None);
    if (!none) {
        fail(self, EXCEPTION_RAISED);
        return NULL;
    }
    // The step ends as one that was given up; the caller sees nothing of it.
    py.PyErr_SetString(py.PyExc_GeneratorExit, "the coroutine was closed before its end");
    fail(self, EXCEPTION_RAISED);
    py.PyErr_Clear();
    return none;
}

static PyObject *await(PyObject *self) { return py.Py_NewRef(self); }

// tp_finalize: what Python does for an unfinished coroutine.
static void finalize(PyObject *object) {
    struct awaitable *self = (struct awaitable *)object;
    PyObject *raised = py.PyErr_GetRaisedException();
    if (self->state == NEW && self->sibling) {
        if (py.PyErr_WarnFormat(py.PyExc_RuntimeWarning, 1, "coroutine '%U' was never awaited", self->sibling->name) < 0)
            py.PyErr_WriteUnraisable(object);
    } else if (self->state == BEGUN || self->state == STARTED) {
        PyObject *none = close(object, NULL);
        if (!none)
            py.PyErr_WriteUnraisable(object);
        py.Py_DecRef(none);
    }
    py.PyErr_SetRaisedException(raised);
}

static int traverse(PyObject *object, visitproc visit, void *arg) {
    struct awaitable *self = (struct awaitable *)object;
    MAESTRO_VISIT(object->ob_type);
    MAESTRO_VISIT(self->sibling);
    MAESTRO_VISIT(self->inner);
    MAESTRO_VISIT(self->context);
    return 0;
}

static int clear(PyObject *object) {
    struct awaitable *self = (struct awaitable *)object;
    maestro_clear(&self->inner);
    maestro_clear(&self->context);
    return 0;
}

static void dealloc(PyObject *object) {
    struct awaitable *self = (struct awaitable *)object;
    PyTypeObject *type = object->ob_type;
    if (py.PyObject_CallFinalizerFromDealloc(object) < 0)
        return; // it lives again
    py.PyObject_GC_UnTrack(object);
    clear(object);
    maestro_json_free(&self->input);
    py.Py_DecRef((PyObject *)self->sibling);
    void (*release)(void *) = (void (*)(void *))py.PyType_GetSlot(type, Py_tp_free);
    release(object);
    py.Py_DecRef((PyObject *)type);
}

static PyObject *name(PyObject *self, void *unused) { return py.Py_NewRef(((struct awaitable *)self)->sibling->name); }

static PyObject *repr(PyObject *self) {
    return py.PyUnicode_FromFormat("<coroutine of function %U at %p>", ((struct awaitable *)self)->sibling->name, self);
}

static PyMethodDef methods[] = {
    {"send", send, METH_O, "send(value): runs until it waits or ends."},
    {"throw", (PyCFunction)(void (*)(void))throw, METH_FASTCALL, "throw(exception): raises it where it waits."},
    {"close", close, METH_NOARGS, "close(): ends it where it waits."},
    {0},
};

static PyGetSetDef getset[] = {
    {"__name__", name, NULL, NULL, NULL},
    {"__qualname__", name, NULL, NULL, NULL},
    {0},
};

PyObject *maestro_awaitable_type(PyObject *module) {
    PyType_Slot slots[] = {
        {Py_tp_doc, "The coroutine of an async function of the same subtenant."},
        {Py_am_await, (void *)await},
        {Py_am_send, (void *)am_send},
        {Py_tp_iternext, (void *)iternext},
        {Py_tp_methods, methods},
        {Py_tp_getset, getset},
        {Py_tp_repr, (void *)repr},
        {Py_tp_traverse, (void *)traverse},
        {Py_tp_clear, (void *)clear},
        {Py_tp_finalize, (void *)finalize},
        {Py_tp_dealloc, (void *)dealloc},
        {0, NULL},
    };
    PyType_Spec spec = {
        .name = "_maestro.Coroutine",
        .basicsize = sizeof(struct awaitable),
        .flags = Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = slots,
    };
    return py.PyType_FromModuleAndSpec(module, &spec, NULL);
}

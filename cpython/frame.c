#include "frame.h"

#include "here.h"
#include "left.h"
#include "stop.h"

#include <string.h>

// Set in a frame that a thread has taken over with an item of a queue.
#define ADOPTED (1ull << 63)

static __thread struct maestro_run *carried;

struct maestro_run *maestro_carry(struct maestro_run *run) {
    struct maestro_run *before = carried;
    carried = run;
    return before;
}

// Where CPython keeps data that no function of its interface returns: in a thread state
// its current context, its thread's identifier and its asynchronous exception, in a context the one that was
// current when it was entered. Their places are looked for rather than declared,
// so that another 3.14 than the one we carry can't be misread.
static struct {
    size_t context, thread, async; // bytes into a thread state
    size_t breaker;                // the word that has it look for its asynchronous exception
    uintptr_t asks;                // the bit that does
    size_t previous;               // bytes into a context
} place;

static void *read_at(const void *object, size_t offset) {
    void *value;
    memcpy(&value, (const char *)object + offset, sizeof value);
    return value;
}

// The offset of a pointer in an object of at least size bytes, or 0.
static size_t search(const void *object, size_t from, size_t size, const void *pointer) {
    for (size_t offset = from; offset < size; offset += sizeof(void *))
        if (read_at(object, offset) == pointer)
            return offset;
    return 0;
}

int maestro_frame_prepare(void) {
    enum { THREAD_STATE = 512, CONTEXT = 64 }; // both are larger
    PyThreadState *state = py.PyThreadState_GetUnchecked();
    PyObject *outer = py.PyContext_New(), *inner = py.PyContext_New();
    int found = 0;
    if (outer && inner && py.PyContext_Enter(outer) == 0) {
        place.context = search(state, 0, THREAD_STATE, outer);
        if (py.PyContext_Enter(inner) == 0) {
            place.previous = search(inner, sizeof(PyObject), CONTEXT, outer);
            found = place.context && place.previous && read_at(state, place.context) == inner;
            py.PyContext_Exit(inner);
        }
        found = found && read_at(state, place.context) == outer;
        py.PyContext_Exit(outer);
    }
    place.thread = search(state, 0, THREAD_STATE, (void *)py.PyThread_get_thread_ident());
    // Told to raise the context, which it is told to forget before it could.
    unsigned long thread = py.PyThread_get_thread_ident();
    uintptr_t before[THREAD_STATE / sizeof(uintptr_t)];
    memcpy(before, state, sizeof before);
    if (outer && py.PyThreadState_SetAsyncExc(thread, outer) == 1)
        place.async = search(state, 0, THREAD_STATE, outer);
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        uintptr_t changed = (uintptr_t)read_at(state, i * sizeof *before) ^ before[i];
        if (i * sizeof *before != place.async && changed && !(changed & (changed - 1))) {
            place.breaker = i * sizeof *before;
            place.asks = changed;
        }
    }
    py.PyThreadState_SetAsyncExc(thread, NULL);
    found = found && place.async && place.asks && !read_at(state, place.async);
    py.Py_DecRef(outer);
    py.Py_DecRef(inner);
    py.PyErr_Clear();
    return found && place.thread;
}

unsigned long maestro_thread_of(PyThreadState *state) { return (unsigned long)read_at(state, place.thread); }

PyObject *maestro_async_of(PyThreadState *state) { return read_at(state, place.async); }

void maestro_async_here(PyThreadState *state, PyObject *exception) {
    if (!state)
        return;
    _Atomic(PyObject *) *slot = (void *)((char *)state + place.async);
    atomic_uintptr_t *breaker = (void *)((char *)state + place.breaker);
    PyObject *none = NULL;
    if (atomic_compare_exchange_strong(slot, &none, exception))
        atomic_fetch_or(breaker, place.asks);
}

// A frame as the variable holds it; steals value, which may be NULL.
static uint64_t number(PyObject *value) {
    if (!value)
        return 0;
    uint64_t frame = py.PyLong_AsUnsignedLongLong(value);
    if (frame == UINT64_MAX)
        py.PyErr_Clear(); // made up
    py.Py_DecRef(value);
    return frame == UINT64_MAX ? 0 : frame;
}

// The frame in the current context.
static uint64_t claimed(struct maestro_interp *in) {
    PyObject *value = NULL;
    if (py.PyContextVar_Get(in->frame_var, NULL, &value) < 0)
        py.PyErr_Clear();
    return number(value);
}

// The frame in any context.
static uint64_t claimed_in(struct maestro_interp *in, PyObject *context) {
    PyObject *value = NULL;
    if (py.PyMapping_GetOptionalItem(context, in->frame_var, &value) < 0)
        py.PyErr_Clear();
    return number(value) & ~ADOPTED;
}

// The frame of a stack of entered contexts, the innermost first:
// the call is the outermost that is still running, the step the innermost of it.
static uint64_t frame_of_contexts(struct maestro_interp *in, PyObject *context) {
    uint64_t found = 0;
    PyObject *raised = py.PyErr_GetRaisedException(); // a context without the variable answers with one
    for (; context; context = read_at(context, place.previous)) {
        uint64_t frame = claimed_in(in, context);
        if (frame && MAESTRO_CALL_OF(frame) != MAESTRO_CALL_OF(found) && maestro_run_of_call(in, MAESTRO_CALL_OF(frame)))
            found = frame;
    }
    py.PyErr_SetRaisedException(raised);
    return found;
}

uint64_t maestro_frame(struct maestro_interp *in) {
    if (!in->frame_var) // the interpreter ends, and code left for that is running
        return 0;
    struct maestro_run *run = carried;
    if (run && run->in == in) {
        uint64_t frame = claimed(in);
        return MAESTRO_CALL_OF(frame) == run->call ? frame : run->frame;
    }
    return frame_of_contexts(in, read_at(py.PyThreadState_GetUnchecked(), place.context));
}

uint64_t maestro_frame_at_fault(struct maestro_interp *in) {
    struct maestro_run *run = carried;
    if (run && run->in == in)
        return run->frame;
    if (maestro_here.frame || !in->frame_var || !py.PyThreadState_GetUnchecked())
        return maestro_here.frame;
    uint64_t frame = claimed(in) & ~ADOPTED; // the innermost context: a task's own, on an event loop
    return maestro_run_of_call(in, MAESTRO_CALL_OF(frame)) ? frame : 0;
}

PyThreadState *maestro_state_at_fault(struct maestro_interp *in) {
    PyThreadState *state = py.PyThreadState_GetUnchecked();
    if (state)
        return state;
    unsigned long thread = (unsigned long)pthread_self(); // as CPython does it
    state = py.PyInterpreterState_ThreadHead(in->state);
    while (state && maestro_thread_of(state) != thread)
        state = py.PyThreadState_Next(state);
    return state;
}

uint64_t maestro_call_of_thread(struct maestro_interp *in, PyThreadState *state) {
    unsigned long thread = maestro_thread_of(state);
    for (struct maestro_run *run = in->carried; run; run = run->next_carried)
        if (run->thread == thread)
            return run->call;
    return in->frame_var ? MAESTRO_CALL_OF(frame_of_contexts(in, read_at(state, place.context))) : 0;
}

uint64_t maestro_claim_of_thread(struct maestro_interp *in, PyThreadState *state) {
    uint64_t found = 0;
    if (!in->frame_var)
        return 0;
    PyObject *raised = py.PyErr_GetRaisedException();
    for (PyObject *context = read_at(state, place.context); context; context = read_at(context, place.previous)) {
        uint64_t frame = claimed_in(in, context);
        found = frame ? MAESTRO_CALL_OF(frame) : found;
    }
    py.PyErr_SetRaisedException(raised);
    return found;
}

int maestro_has_context(const PyThreadState *state) { return read_at(state, place.context) != NULL; }

uint64_t maestro_claim(struct maestro_interp *in) { return maestro_claim_of_thread(in, py.PyThreadState_GetUnchecked()); }

// Sets the variable in the current context. Returns 0 with an exception.
static int claim(struct maestro_interp *in, uint64_t frame) {
    PyObject *value = py.PyLong_FromUnsignedLongLong(frame);
    PyObject *token = value ? py.PyContextVar_Set(in->frame_var, value) : NULL;
    py.Py_DecRef(value);
    py.Py_DecRef(token);
    return token != NULL;
}

// Enters a context (stolen).
static int enter(struct maestro_interp *in, PyObject *context, uint64_t frame, struct maestro_stay *stay) {
    if (!context || py.PyContext_Enter(context) < 0) {
        py.Py_DecRef(context);
        return 0;
    }
    struct maestro_run *run = carried && carried->in == in ? carried : NULL;
    *stay = (struct maestro_stay){.context = context, .run = run};
    if (run) {
        stay->outer = run->frame;
        run->frame = frame;
    }
    return 1;
}

// Sets a variable to a copy of a value: fresh is (variable, value), or NULL.
// Returns 0 with an exception.
static int refresh(PyObject *fresh) {
    if (!fresh)
        return 1;
    PyObject *copy = py.PyObject_GetAttrString(py.PyTuple_GetItem(fresh, 1), "copy");
    PyObject *value = copy ? py.PyObject_CallNoArgs(copy) : NULL;
    PyObject *token = value ? py.PyContextVar_Set(py.PyTuple_GetItem(fresh, 0), value) : NULL;
    py.Py_DecRef(copy);
    py.Py_DecRef(value);
    py.Py_DecRef(token);
    return token != NULL;
}

int maestro_context_enter(struct maestro_interp *in, const struct maestro_base *base, uint64_t frame,
                          struct maestro_stay *stay) {
    if (!enter(in, base->context ? py.PyContext_Copy(base->context) : py.PyContext_New(), frame, stay))
        return 0;
    if (claim(in, frame) && refresh(base->fresh))
        return 1;
    maestro_context_leave(stay, 0);
    return 0;
}

int maestro_context_resume(struct maestro_interp *in, PyObject *context, uint64_t frame, struct maestro_stay *stay) {
    return enter(in, py.Py_NewRef(context), frame, stay);
}

PyObject *maestro_context_leave(struct maestro_stay *stay, int keep) {
    PyObject *raised = py.PyErr_GetRaisedException();
    if (py.PyContext_Exit(stay->context) < 0) // the function has left one entered of its own
        py.PyErr_Clear();
    if (stay->run)
        stay->run->frame = stay->outer;
    if (!keep)
        maestro_clear(&stay->context);
    py.PyErr_SetRaisedException(raised);
    return stay->context;
}

int maestro_adopt(struct maestro_interp *in, uint64_t frame) {
    return !frame || !in->frame_var || maestro_frame(in) || claim(in, frame | ADOPTED);
}

int maestro_release(struct maestro_interp *in) {
    if (!in->frame_var || !(claimed(in) & ADOPTED))
        return 1;
    maestro_left_settle();
    return claim(in, 0);
}

#include "sibling.h"

#include "error.h"
#include "frame.h"
#include "program.h"
#include "shield.h"

#include "go_gate.h"

int maestro_siblings_refresh(struct maestro_interp *in, uint64_t frame, uint64_t generation) {
    if (generation == in->generation || !in->hooks[HOOK_SIBLINGS])
        return 1;
    struct maestro_text names = {0};
    PyThreadState *state = py.PyEval_SaveThread();
    int answered = maestro_go_siblings(in->id, frame, &names, &generation);
    py.PyEval_RestoreThread(state);
    if (!answered)
        return 1; // an internal error: the names stay, and are requested again
    PyObject *text = maestro_str(&names);
    struct maestro_shield shield;
    maestro_shield_up(in, &shield);
    PyObject *none = text ? py.PyObject_CallOneArg(in->hooks[HOOK_SIBLINGS], text) : NULL;
    maestro_shield_down(in, &shield);
    if (none)
        in->generation = generation;
    py.Py_DecRef(text);
    py.Py_DecRef(none);
    maestro_text_free(&names);
    return none != NULL;
}

int maestro_step_begin(struct maestro_sibling *sibling, uint64_t parent, const struct maestro_json_text *input,
                       struct maestro_begun *begun) {
    struct maestro_interp *in = sibling->in;
    *begun = (struct maestro_begun){0};
    if (atomic_load_explicit(&in->ended, memory_order_relaxed)) { // since the coroutine was made
        py.PyErr_SetString(py.PyExc_RuntimeError, "the interpreter is ending");
        return 0;
    }
    PyThreadState *state = py.PyEval_SaveThread();
    maestro_go_begin_step(in->id, parent, (char *)sibling->utf8, sibling->size, input->data, input->size, begun);
    py.PyEval_RestoreThread(state);
    if (begun->raise.kind) {
        maestro_raise_now(in, &begun->raise);
        return 0;
    }
    sibling->known = 1;
    sibling->async = begun->async;
    sibling->generation = begun->generation;
    if (maestro_siblings_refresh(in, begun->frame, begun->generation))
        return 1;
    maestro_step_fail(in, begun->frame, EXCEPTION_ENGINE);
    return 0;
}

PyObject *maestro_step_run(struct maestro_interp *in, const struct maestro_begun *begun,
                           const struct maestro_json_text *input, int *kind, PyObject **context) {
    *kind = EXCEPTION_ENGINE;
    int loading;
    struct maestro_entry entry;
    if (!maestro_program_enter(in, begun->key, begun->frame, &entry, &loading)) {
        if (loading)
            *kind = EXCEPTION_LOAD;
        return NULL;
    }
    struct maestro_stay stay;
    PyObject *result = NULL;
    if (maestro_context_enter(in, &entry.base, begun->frame, &stay)) {
        *kind = EXCEPTION_INPUT_JSON;
        const struct maestro_json_how how = {.offsets = input->marks.offsets, .count = input->marks.count};
        PyObject *value = maestro_json_load(&in->json, input->data, input->size, "input", &how);
        if (value) {
            *kind = EXCEPTION_RAISED;
            result = py.PyObject_Vectorcall(entry.function, &value, 1, NULL);
        }
        py.Py_DecRef(value);
        PyObject *left = maestro_context_leave(&stay, context != NULL);
        if (context)
            *context = left;
    }
    maestro_entry_clear(&entry);
    return result;
}

PyObject *maestro_step_complete(struct maestro_interp *in, uint64_t frame, PyObject *result) {
    struct maestro_json_text output;
    if (maestro_json_dump(&in->json, result, "output", &output) < 0) {
        maestro_step_fail(in, frame, EXCEPTION_OUTPUT_JSON);
        return NULL;
    }
    struct maestro_raise raise = {0};
    PyThreadState *state = py.PyEval_SaveThread();
    maestro_go_end_step(in->id, frame, output.data, output.size, NULL, &raise);
    py.PyEval_RestoreThread(state);
    PyObject *fresh = NULL;
    if (raise.kind) {
        maestro_raise_now(in, &raise);
    } else {
        const struct maestro_json_how how = {.offsets = output.marks.offsets, .count = output.marks.count};
        fresh = maestro_json_load(&in->json, output.data, output.size, "output", &how);
    }
    maestro_json_free(&output);
    return fresh;
}

void maestro_step_fail(struct maestro_interp *in, uint64_t frame, int kind) {
    PyObject *raised = py.PyErr_GetRaisedException();
    struct maestro_exception exception = {0};
    struct maestro_raise raise = {0};
    maestro_describe(in, raised, kind, &exception);
    PyThreadState *state = py.PyEval_SaveThread();
    maestro_go_end_step(in->id, frame, NULL, 0, &exception, &raise);
    py.PyEval_RestoreThread(state);
    maestro_exception_free(&exception);
    py.PyErr_SetRaisedException(raised);
    if (raise.kind) // the engine has something else to say
        maestro_raise_now(in, &raise);
}

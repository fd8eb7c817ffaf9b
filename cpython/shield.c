#include "shield.h"

#include "frame.h"
#include "stop.h"

static struct maestro_shield *innermost(const struct maestro_interp *in, unsigned long thread) {
    struct maestro_shield *shield = in->shields;
    while (shield && shield->thread != thread)
        shield = shield->next;
    return shield;
}

int maestro_shielded(const struct maestro_interp *in, unsigned long thread) {
    const struct maestro_shield *shield = innermost(in, thread);
    return shield && !shield->lifted;
}

// The calling thread's call if it is to be stopped, or NULL.
static struct maestro_run *stopping(struct maestro_interp *in) {
    struct maestro_run *run = maestro_run_of_call(in, MAESTRO_CALL_OF(maestro_frame(in)));
    return run && run->stopping ? run : NULL;
}

static void take_back(struct maestro_interp *in, unsigned long thread) {
    if (stopping(in))
        py.PyThreadState_SetAsyncExc(thread, NULL);
}

static void tell_anew(struct maestro_interp *in, unsigned long thread) {
    struct maestro_run *run = stopping(in);
    if (!run || !in->hooks[HOOK_STOPPED])
        return;
    run->interrupted++;
    py.PyThreadState_SetAsyncExc(thread, in->hooks[HOOK_STOPPED]);
}

void maestro_shield_up(struct maestro_interp *in, struct maestro_shield *shield) {
    *shield = (struct maestro_shield){.thread = py.PyThread_get_thread_ident(), .next = in->shields};
    in->shields = shield;
    take_back(in, shield->thread);
}

void maestro_shield_down(struct maestro_interp *in, struct maestro_shield *shield) {
    struct maestro_shield **link = &in->shields;
    while (*link != shield)
        link = &(*link)->next;
    *link = shield->next;
    // On its way out with an exception it is told by the next rung, if need be: now
    // it would be interrupted in what cleans up behind it, such as the import
    // statement that gives its lock back.
    if (!py.PyErr_Occurred() && !maestro_shielded(in, shield->thread))
        tell_anew(in, shield->thread);
}

PyObject *maestro_shield_run(struct maestro_interp *in, PyObject *code, PyObject *namespace) {
    struct maestro_shield *shield = innermost(in, py.PyThread_get_thread_ident());
    if (!shield)
        return py.PyEval_EvalCode(code, namespace, namespace);
    shield->lifted = 1;
    tell_anew(in, shield->thread);
    PyObject *result = py.PyEval_EvalCode(code, namespace, namespace);
    shield->lifted = 0;
    // Which call it is, is asked with an exception of the author's on its way.
    PyObject *raised = py.PyErr_GetRaisedException();
    take_back(in, shield->thread);
    py.PyErr_SetRaisedException(raised);
    return result;
}

#include "program.h"

#include "error.h"
#include "frame.h"
#include "shield.h"

#include "go_gate.h"

#include <stdlib.h>

// Old versions stay for the executions that began with them, this many besides
// the newest; an older one is loaded again should it still be needed.
enum { OLD_VERSIONS = 2 };

#define BUCKETS (sizeof((struct maestro_interp *)0)->programs / sizeof(struct maestro_program *))

static struct maestro_program *find(struct maestro_interp *in, uint64_t key) {
    struct maestro_program *program = in->programs[key % BUCKETS];
    while (program && program->key != key)
        program = program->next;
    return program;
}

static void forget(struct maestro_interp *in, struct maestro_program *program) {
    struct maestro_program **link = &in->programs[program->key % BUCKETS];
    while (*link != program)
        link = &(*link)->next;
    *link = program->next;
    PyObject *module = program->module, *namespace = program->namespace, *name = program->name;
    PyObject *context = program->context, *fresh = program->fresh;
    PyObject *key = py.PyLong_FromUnsignedLongLong(program->key);
    free(program);
    // Only now: the following can run the author's __del__, which may call back.
    PyObject *hook = in->hooks[HOOK_UNLOAD];
    PyObject *none = hook && key ? py.PyObject_CallOneArg(hook, key) : NULL;
    if (!none)
        py.PyErr_Clear();
    py.Py_DecRef(key);
    py.Py_DecRef(none);
    py.Py_DecRef(module);
    py.Py_DecRef(namespace);
    py.Py_DecRef(name);
    py.Py_DecRef(context);
    py.Py_DecRef(fresh);
}

// Forgets the oldest programs of that function when there are too many. Keys
// grow, so the smallest is the oldest.
static void trim(struct maestro_interp *in, PyObject *name) {
    for (;;) {
        struct maestro_program *oldest = NULL;
        int versions = 0;
        for (size_t i = 0; i < BUCKETS; i++)
            for (struct maestro_program *p = in->programs[i]; p; p = p->next)
                if (p->name == name) { // both interned
                    versions++;
                    if (!oldest || p->key < oldest->key)
                        oldest = p;
                }
        if (versions <= 1 + OLD_VERSIONS)
            return;
        forget(in, oldest);
    }
}

// Hands the code to the runtime, which runs it under a re-entrant lock of the
// program. Answers (module, ready, context, fresh), new reference, or NULL with an exception. A
// module that is not ready is being loaded further up this stack, or by a thread
// that waits for this one. With into, the code is that of a stored module and
// runs in that module object; the answer then says nothing.
static PyObject *run_module(struct maestro_interp *in, uint64_t key, const struct maestro_source *source, PyObject *into) {
    PyObject *arguments[] = {
        into ? py.Py_NewRef(into) : NULL,
        py.PyLong_FromUnsignedLongLong(key),
        maestro_str(&source->name),
        py.PyLong_FromLongLong(source->version),
        maestro_str(&source->source),
        py.PyMarshal_ReadObjectFromString(source->code.data, (Py_ssize_t)source->code.size),
        maestro_str(&source->imports),
    };
    enum { COUNT = sizeof arguments / sizeof *arguments };
    PyObject *answer = NULL, *hook = in->hooks[into ? HOOK_STORED : HOOK_LOAD];
    int first = into ? 0 : 1, complete = hook != NULL;
    for (int i = first; i < COUNT; i++)
        complete = complete && arguments[i];
    if (complete) {
        struct maestro_shield shield;
        maestro_shield_up(in, &shield);
        answer = py.PyObject_Vectorcall(hook, arguments + first, (size_t)(COUNT - first), NULL);
        maestro_shield_down(in, &shield);
    } else if (!py.PyErr_Occurred())
        py.PyErr_SetString(py.PyExc_RuntimeError, "the interpreter is ending");
    for (int i = 0; i < COUNT; i++)
        py.Py_DecRef(arguments[i]);
    return answer;
}

// Keeps a loaded module, unless another thread has done so meanwhile.
static int keep(struct maestro_interp *in, uint64_t key, const struct maestro_source *source, PyObject *module,
                const struct maestro_base *base) {
    if (find(in, key))
        return 1;
    PyObject *name = py.PyUnicode_FromStringAndSize(source->name.data, (Py_ssize_t)source->name.size);
    struct maestro_program *program = malloc(sizeof *program);
    if (!program || !name) {
        free(program);
        py.Py_DecRef(name);
        py.PyErr_NoMemory();
        return 0;
    }
    py.PyUnicode_InternInPlace(&name);
    *program = (struct maestro_program){
        .key = key,
        .module = py.Py_NewRef(module),
        .namespace = py.Py_NewRef(py.PyModule_GetDict(module)),
        .name = name,
        .context = py.Py_NewRef(base->context),
        .fresh = base->fresh ? py.Py_NewRef(base->fresh) : NULL,
        .next = in->programs[key % BUCKETS],
    };
    in->programs[key % BUCKETS] = program;
    trim(in, name);
    return 1;
}

// The function of that name in its module, which is ready unless its own
// module-level code has led here. New reference, or NULL with an exception.
static PyObject *function_in(PyObject *namespace, PyObject *name, int ready) {
    PyObject *function = NULL;
    if (py.PyDict_GetItemRef(namespace, name, &function) == 0)
        py.PyErr_Format(py.PyExc_NameError,
                        ready ? "name '%U' is not defined: its own module has deleted it"
                              : "name '%U' is not defined: its module is still loading",
                        name);
    return function;
}

// Runs the module-level code for the frame, in a context of its own on top of
// one that names the frame.
static PyObject *run_for(struct maestro_interp *in, uint64_t key, uint64_t frame, const struct maestro_source *source) {
    struct maestro_stay stay;
    static const struct maestro_base empty;
    if (!maestro_context_enter(in, &empty, frame, &stay))
        return NULL;
    PyObject *answer = run_module(in, key, source, NULL);
    maestro_context_leave(&stay, 0);
    return answer;
}

// Gives the entry references of its own.
static void hold(struct maestro_entry *entry, const struct maestro_base *base) {
    entry->base.context = py.Py_NewRef(base->context);
    entry->base.fresh = base->fresh ? py.Py_NewRef(base->fresh) : NULL;
}

// Asks Go for the program with that key. The filled-in texts are freed by release.
static struct maestro_source fetch(struct maestro_interp *in, uint64_t key) {
    struct maestro_source source = {0};
    PyThreadState *state = py.PyEval_SaveThread();
    maestro_go_module(in->id, key, &source);
    py.PyEval_RestoreThread(state);
    if (!source.found)
        py.PyErr_SetString(py.PyExc_RuntimeError, "the function's program is gone");
    return source;
}

static void release(struct maestro_source *source) {
    maestro_text_free(&source->name);
    maestro_text_free(&source->source);
    maestro_text_free(&source->code);
    maestro_text_free(&source->imports);
}

static int load(struct maestro_interp *in, uint64_t key, uint64_t frame, struct maestro_entry *entry, int *loading) {
    struct maestro_source source = fetch(in, key);
    PyObject *answer = NULL;
    if (!source.found) {
        // the exception says so
    } else if ((answer = run_for(in, key, frame, &source))) {
        PyObject *module = py.PyTuple_GetItem(answer, 0), *fresh = py.PyTuple_GetItem(answer, 3);
        const struct maestro_base base = {py.PyTuple_GetItem(answer, 2), fresh == py.None ? NULL : fresh};
        int ready = py.PyTuple_GetItem(answer, 1) == py.True;
        PyObject *name = maestro_str(&source.name);
        if (name && (!ready || keep(in, key, &source, module, &base)))
            entry->function = function_in(py.PyModule_GetDict(module), name, ready);
        if (entry->function)
            hold(entry, &base);
        py.Py_DecRef(name);
    } else {
        *loading = 1;
    }
    py.Py_DecRef(answer);
    release(&source);
    return entry->function != NULL;
}

int maestro_program_fill(struct maestro_interp *in, uint64_t key, PyObject *module) {
    struct maestro_source source = fetch(in, key);
    PyObject *none = source.found ? run_module(in, key, &source, module) : NULL;
    py.Py_DecRef(none);
    release(&source);
    return none != NULL;
}

int maestro_program_enter(struct maestro_interp *in, uint64_t key, uint64_t frame, struct maestro_entry *entry,
                          int *loading) {
    *loading = 0;
    *entry = (struct maestro_entry){0};
    struct maestro_program *program = find(in, key);
    if (!program)
        return load(in, key, frame, entry, loading);
    const struct maestro_base base = {program->context, program->fresh};
    hold(entry, &base);
    entry->function = function_in(program->namespace, program->name, 1);
    if (!entry->function)
        maestro_entry_clear(entry);
    return entry->function != NULL;
}

void maestro_entry_clear(struct maestro_entry *entry) {
    maestro_clear(&entry->function);
    maestro_clear(&entry->base.context);
    maestro_clear(&entry->base.fresh);
}

void maestro_programs_clear(struct maestro_interp *in) {
    for (size_t i = 0; i < BUCKETS; i++)
        while (in->programs[i])
            forget(in, in->programs[i]);
}

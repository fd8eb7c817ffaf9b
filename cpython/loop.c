#include "loop.h"

#include "call.h"
#include "children.h"
#include "counter.h"
#include "descriptor.h"
#include "error.h"
#include "frame.h"
#include "output.h"
#include "print.h"
#include "program.h"
#include "sibling.h"
#include "stop.h"
#include "stream.h"
#include "thread.h"

#include "go_gate.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

// One call on a loop: from take on in the interpreter's list of calls, until it
// is complete or has failed.
struct task {
    struct maestro_run run;     // first: the list leads here
    uint64_t loop;              // Go's number of its loop
    PyObject *function, *input; // strong, NULL once the function has been called
};

// The loop that the calling thread carries, or has carried until code blocked it.
static __thread struct maestro_loop *serving;

// Whether the calling thread carries its loop.
static int carries(void) { return serving && atomic_load_explicit(&serving->carrier, memory_order_relaxed) == &serving; }

struct maestro_loop *maestro_loop_new(struct maestro_interp *in, uint64_t id) {
    struct maestro_loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    loop->in = in;
    loop->id = id;
    loop->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->wake >= 0) {
        maestro_descriptor_lend(loop->wake, in);
        return loop;
    }
    free(loop);
    return NULL;
}

void maestro_loop_free(struct maestro_loop *loop) {
    maestro_descriptor_lend(loop->wake, NULL);
    close(loop->wake);
    free(loop);
}

void maestro_loop_wake(struct maestro_loop *loop) { eventfd_write(loop->wake, 1); }

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

long long maestro_loop_busy(struct maestro_loop *loop) {
    long long since = atomic_load_explicit(&loop->busy, memory_order_relaxed);
    return since ? now() - since : 0;
}

// Until it carries its loop, and between rests and works, the thread may exceed the bound
// on memory. Without that, a loop whose tasks hold all of it could not be taken over, nor
// get to the next task, which would free some.
static void reserve(int on) {
    static __thread int reserved;
    if (on == reserved)
        return;
    reserved = on;
    maestro_memory_reserve(on);
}

struct maestro_result *maestro_loop_run(struct maestro_loop *loop) {
    static __thread struct maestro_result result;
    struct maestro_interp *in = loop->in;
    result = (struct maestro_result){0};
    if (!in->hooks[0] || !maestro_attach(in)) {
        maestro_describe_plain(EXCEPTION_ENGINE, "RuntimeError", "no event loop can be started here", &result.exception);
        return &result;
    }
    serving = loop;
    struct maestro_native native = {.loop = 1};
    maestro_begun_add(in, &native);
    reserve(1);
    PyObject *wake = py.PyLong_FromLongLong(loop->wake);
    PyObject *none = wake ? py.PyObject_CallOneArg(in->hooks[HOOK_SERVE], wake) : NULL;
    if (!none) {
        reserve(1);
        maestro_result_fail(in, EXCEPTION_ENGINE, &result);
    }
    py.Py_DecRef(wake);
    py.Py_DecRef(none);
    reserve(0);
    if (carries()) {
        atomic_store(&loop->busy, 0);
        atomic_store(&loop->carrier, NULL);
    }
    serving = NULL;
    maestro_begun_remove(in, &native);
    maestro_detach();
    return &result;
}

// Notes that the loop waits for something that is not its calls' doing.
static void rest(void) {
    if (carries())
        atomic_store_explicit(&serving->busy, 0, memory_order_relaxed);
}

// Notes a sign of life.
static void live(void) {
    if (carries())
        atomic_store_explicit(&serving->busy, now(), memory_order_relaxed);
}

PyObject *maestro_loop_carry(PyObject *module, PyObject *unused) {
    if (!serving || serving->in != maestro_of(module)) {
        py.PyErr_SetString(py.PyExc_RuntimeError, "carry() belongs to an event loop of the runtime");
        return NULL;
    }
    atomic_store(&serving->carrier, &serving);
    live();
    PyThreadState *state = py.PyEval_SaveThread();
    maestro_go_carried(serving->id);
    py.PyEval_RestoreThread(state);
    return py.Py_NewRef(py.None);
}

// Whether the interpreter's end has been announced, once: from then on the loop runs only
// to cancel the remaining tasks, and may hold more memory for that.
static int ends(struct maestro_interp *in) {
    if (!atomic_load_explicit(&in->end_announced, memory_order_relaxed) || !atomic_exchange(&in->end_announced, 0))
        return 0;
    maestro_memory_loosen(&in->memory);
    return 1;
}

PyObject *maestro_loop_rests(PyObject *module, PyObject *unused) {
    rest();
    reserve(1);
    return py.Py_NewRef(py.None);
}

PyObject *maestro_loop_works(PyObject *module, PyObject *unused) {
    live();
    reserve(0);
    return py.Py_NewRef(ends(maestro_of(module)) ? py.True : py.False);
}

// Drops the call's values of the interpreter's outputs, in its frame: that
// runs its code. Returns the task, or NULL: another thread has ended it meanwhile.
static struct task *end_output(struct maestro_interp *in, struct task *task) {
    static const struct maestro_base empty;
    uint64_t call = task->run.call;
    struct maestro_stay stay;
    if (maestro_context_enter(in, &empty, task->run.frame, &stay)) {
        maestro_output_end(in, call);
        maestro_context_leave(&stay, 0);
    } else {
        py.PyErr_Clear(); // no memory
    }
    return (struct task *)maestro_run_of_call(in, call);
}

// Ends a task's call: Go is notified, the task is removed. The result is freed.
static void end(struct maestro_interp *in, struct task *task, struct maestro_result *result) {
    maestro_go_leave();
    uint64_t call = task->run.call;
    maestro_result_weigh(in, result);
    task = end_output(in, task);
    if (!task) {
        maestro_result_free(result);
        return;
    }
    maestro_run_remove(in, &task->run);
    result->interrupted = task->run.interrupted;
    result->threads = 1; // this one: tasks may be left behind on it
    result->processes = in->children.count > 0;
    result->children = in->children.count && maestro_children_of(in, task->run.call);
    maestro_print_flush(in, call);
    PyThreadState *state = py.PyEval_SaveThread();
    rest();
    maestro_go_done(task->loop, call, result);
    live();
    py.PyEval_RestoreThread(state);
    maestro_result_free(result);
    py.Py_DecRef(task->function);
    py.Py_DecRef(task->input);
    maestro_count(COUNT_HANDLES, -1);
    free(task);
}

// Ends it with the exception that is set.
static void end_failed(struct maestro_interp *in, struct task *task, int kind) {
    maestro_go_leave();
    uint64_t call = task->run.call;
    struct maestro_result result = {0};
    maestro_result_fail(in, kind, &result); // runs the author's __str__, and another thread may end the call
    task = (struct task *)maestro_run_of_call(in, call);
    if (task)
        end(in, task, &result);
    else
        maestro_result_free(&result);
}

static void end_with(struct maestro_interp *in, struct task *task, PyObject *value) {
    uint64_t call = task->run.call;
    struct maestro_result result = {0};
    int done = maestro_result_set(in, value, &result);
    task = (struct task *)maestro_run_of_call(in, call);
    if (!task) {
        maestro_result_free(&result);
        py.PyErr_Clear();
    } else if (done) {
        end(in, task, &result);
    } else {
        end_failed(in, task, EXCEPTION_OUTPUT_JSON);
    }
}

// Loads the program of a taken call and makes its context (new reference). NULL with
// an exception, and *kind.
static PyObject *prepare(struct maestro_interp *in, struct task *task, const struct maestro_taken *taken, int *kind) {
    int loading = 0;
    struct maestro_entry entry;
    struct maestro_stay stay;
    *kind = EXCEPTION_ENGINE;
    if (!maestro_siblings_refresh(in, taken->frame, taken->generation))
        return NULL;
    if (!maestro_program_enter(in, taken->key, taken->frame, &entry, &loading)) {
        if (loading)
            *kind = EXCEPTION_LOAD;
        return NULL;
    }
    PyObject *context = NULL;
    if (maestro_context_enter(in, &entry.base, taken->frame, &stay)) {
        *kind = EXCEPTION_INPUT_JSON;
        const struct maestro_json_how how = {.request = taken->request};
        task->input = maestro_json_load(&in->json, taken->input.data, taken->input.size, "input", &how);
        task->function = py.Py_NewRef(entry.function);
        context = maestro_context_leave(&stay, task->input != NULL);
    }
    maestro_entry_clear(&entry);
    return context;
}

// Readies a call that Go has given out. (call, context), or NULL when it has
// ended already.
static PyObject *ready(struct maestro_interp *in, const struct maestro_taken *taken) {
    struct task *task = calloc(1, sizeof *task);
    if (!task) {
        struct maestro_result result = {0};
        maestro_describe_plain(EXCEPTION_ENGINE, "MemoryError", "no memory for a task", &result.exception);
        maestro_go_done(serving->id, MAESTRO_CALL_OF(taken->frame), &result);
        maestro_result_free(&result);
        return NULL;
    }
    maestro_count(COUNT_HANDLES, 1);
    task->loop = serving->id;
    task->run.call = MAESTRO_CALL_OF(taken->frame);
    task->run.frame = taken->frame;
    maestro_weigh(in); // at the end of a task, its exception still holds what its code held
    maestro_run_add(in, &task->run);
    int kind;
    PyObject *context = prepare(in, task, taken, &kind);
    PyObject *call = context ? py.PyLong_FromUnsignedLongLong(task->run.call) : NULL;
    PyObject *pair = call ? py.PyTuple_Pack(2, call, context) : NULL;
    if (!pair)
        end_failed(in, task, kind);
    py.Py_DecRef(call);
    py.Py_DecRef(context);
    return pair;
}

PyObject *maestro_loop_take(PyObject *module, PyObject *unused) {
    struct maestro_interp *in = maestro_of(module);
    if (!serving || serving->in != in) {
        py.PyErr_SetString(py.PyExc_RuntimeError, "take() belongs to an event loop of the runtime");
        return NULL;
    }
    for (;;) {
        maestro_go_leave();
        struct maestro_taken taken = {0};
        PyThreadState *state = py.PyEval_SaveThread();
        rest(); // on a busy machine Go takes its time, which is not the function's
        maestro_go_take(serving->id, &taken);
        live();
        py.PyEval_RestoreThread(state);
        if (taken.what == TAKEN_NOTHING)
            return py.Py_NewRef(py.None);
        if (taken.what == TAKEN_END) {
            ends(in);
            return py.Py_NewRef(py.False);
        }
        PyObject *pair = ready(in, &taken);
        maestro_text_free(&taken.input);
        if (pair)
            return pair;
    }
}

// The task of a call, or NULL: it has ended, or is a thread's.
static struct task *find(struct maestro_interp *in, PyObject *call) {
    uint64_t number = py.PyLong_AsUnsignedLongLong(call);
    if (number == UINT64_MAX && py.PyErr_Occurred())
        py.PyErr_Clear();
    struct maestro_run *run = maestro_run_of_call(in, number);
    return run && !run->thread ? (struct task *)run : NULL;
}

PyObject *maestro_loop_begin(PyObject *module, PyObject *call) {
    struct maestro_interp *in = maestro_of(module);
    struct task *task = find(in, call);
    if (!task || !task->function)
        return py.Py_NewRef(py.None); // it was abandoned before it began
    live();
    PyObject *function = task->function, *input = task->input;
    task->function = task->input = NULL;
    PyObject *value = py.PyObject_Vectorcall(function, &input, 1, NULL);
    py.Py_DecRef(function);
    py.Py_DecRef(input);
    int awaitable = value ? maestro_is_awaitable(value) : -1;
    if (awaitable == 0 && maestro_streams(in, value))
        return maestro_stream_later(in, value);
    if (awaitable == 0 && (task = find(in, call)))
        end_with(in, task, value);
    if (awaitable != 0)
        return value;
    py.Py_DecRef(value);
    return py.Py_NewRef(py.None);
}

PyObject *maestro_loop_complete(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    struct maestro_interp *in = maestro_of(module);
    struct task *task = count == 2 ? find(in, args[0]) : NULL;
    if (task && maestro_streams(in, args[1]))
        return maestro_stream_later(in, py.Py_NewRef(args[1]));
    if (task)
        end_with(in, task, args[1]);
    return py.Py_NewRef(py.None);
}

PyObject *maestro_loop_fail(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    struct maestro_interp *in = maestro_of(module);
    struct task *task = count == 2 && maestro_has_flag(args[1], Py_TPFLAGS_BASE_EXC_SUBCLASS) ? find(in, args[0]) : NULL;
    if (task) {
        py.PyErr_SetRaisedException(py.Py_NewRef(args[1]));
        end_failed(in, task, EXCEPTION_RAISED);
    }
    return py.Py_NewRef(py.None);
}

PyObject *maestro_loop_settle(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    struct maestro_interp *in = maestro_of(module);
    struct task *task = count == 2 ? find(in, args[0]) : NULL;
    if (!task)
        return py.Py_NewRef(py.None);
    PyObject *method = py.PyObject_GetAttrString(args[1], "result");
    PyObject *value = method ? py.PyObject_CallNoArgs(method) : NULL;
    if (value)
        end_with(in, task, value);
    else
        end_failed(in, task, EXCEPTION_RAISED);
    py.Py_DecRef(method);
    py.Py_DecRef(value);
    return py.Py_NewRef(py.None);
}

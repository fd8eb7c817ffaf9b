// interp.h: one interpreter with its own GIL, as C sees it.
#ifndef MAESTRO_INTERP_H
#define MAESTRO_INTERP_H

#include "json.h"
#include "memory.h"
#include "pyapi.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

// The Python functions that C needs; runtime.py gives them to set_hooks by
// these names. HOOK(identifier, name).
#define MAESTRO_HOOKS(HOOK)                                                                                               \
    HOOK(LOAD, "load")                 /* (key, name, version, source, code, imports) -> module, ready, context, fresh */ \
    HOOK(STORED, "load_stored")        /* (module, key, name, version, source, code, imports) */                          \
    HOOK(UNLOAD, "unload")             /* (key): its module is out of use */                                              \
    HOOK(SIBLINGS, "set_siblings")     /* (names, one per line) */                                                        \
    HOOK(CONVERT, "convert")           /* (object) -> a simpler object (json.h) */                                        \
    HOOK(RUN, "run")                   /* (awaitable) -> its result */                                                    \
    HOOK(STREAM, "stream")             /* (generator or Response) -> what takes its place (stream.h) */                   \
    HOOK(STREAM_ASYNC, "stream_async") /* the same as a coroutine */                                                      \
    HOOK(SERVE, "serve")               /* (descriptor): runs an event loop (loop.h) */                                    \
    HOOK(SETTLE, "settle_records")     /* (call): waits until its log records are handled */                              \
    HOOK(DESCRIBE, "describe")         /* (exception) -> (type, message, traceback) */                                    \
    HOOK(CLASSES, "class_names")       /* (exception) -> text, one name a line */                                         \
    HOOK(EXCEPTION, "exception")       /* (kind, message, name, problems) -> exception to raise */                        \
    HOOK(INTERRUPT, "interrupt")       /* (call, threads that run for it, rung) */

// The classes that C needs to know; given to set_hooks as well.
#define MAESTRO_CLASSES(HOOK)           \
    HOOK(STOPPED, "Stopped")            \
    HOOK(RESPONSE, "Response")          \
    HOOK(HEADERS, "Headers")            \
    HOOK(STEPS, "Steps")                \
    HOOK(ASYNC_STEPS, "AsyncSteps")     \
    HOOK(INPUT_INVALID, "InputInvalid") \
    HOOK(OUTPUT_INVALID, "OutputInvalid")

// The file that frames of the runtime name.
#define MAESTRO_RUNTIME_FILE "<maestro>"

enum maestro_hook {
#define HOOK(identifier, name) HOOK_##identifier,
    MAESTRO_HOOKS(HOOK) MAESTRO_CLASSES(HOOK)
#undef HOOK
        HOOK_COUNT
};

struct maestro_line;   // print.c
struct maestro_rails;  // rails.h
struct maestro_run;    // stop.h
struct maestro_shield; // shield.h
struct maestro_sleeper;
struct maestro_held;   // thread.c
struct maestro_native; // thread.h

// The programs that an interpreter has loaded, newest first (program.c).
struct maestro_program {
    uint64_t key;
    PyObject *module;    // strong
    PyObject *namespace; // strong: the module's __dict__
    PyObject *name;      // strong, interned: of the function
    PyObject *context;   // strong: in which the module was loaded
    PyObject *fresh;     // strong, or NULL: each call gets a copy of it (frame.h)
    struct maestro_program *next;
};

// What an interpreter's code has set for its threads (place.h).
struct maestro_place_record; // place.c
struct maestro_place {
    _Atomic uint64_t change;              // differs after each change, also from other interpreters'; 0: there was none
    struct maestro_place_record *records; // newest first
};

// The processes that it has started and not yet seen the end of (children.h).
struct maestro_child {
    pid_t pid;
    uint64_t call;   // that started it
    uint64_t output; // the reader of its output (child_output.go); 0: none
    int spared;      // it lives when its call is stopped
    int pooled;      // it serves later calls too, and lives when the one that started it is over
    int kept;        // it serves the interpreter's end, and lives until after it
    int64_t seen;    // the processor time of it and its own, when it was charged last
    int64_t level;   // what it has used of its budget
};
struct maestro_children {
    struct maestro_child *all;
    size_t count, room;
};

// The bounds of what the code of an interpreter may use; 0: no bound.
struct maestro_limits {
    int64_t memory;  // bytes
    int64_t text;    // bytes of a value as JSON, of those that its code passes to others
    int threads;     // that it has started and that have not ended
    int descriptors; // that are open
};

// Made by maestro_interp_new, freed by maestro_interp_free when Go holds it no
// more, which is after its end. Fields are guarded by the interpreter's GIL
// where nothing else is said.
struct maestro_interp {
    uint64_t id;                                 // never reused in this process; written once
    PyInterpreterState *state;                   // written once
    PyObject *module;                            // strong: _maestro
    PyObject *runtime;                           // strong: the namespace of runtime.py
    PyObject *frame_var;                         // strong: the ContextVar with the current frame
    PyTypeObject *sibling_type, *awaitable_type; // strong
    PyObject *hooks[HOOK_COUNT];                 // strong, NULL before set_hooks and after the end
    PyObject *siblings;                          // strong: dict, name -> Sibling, of all that were ever asked for
    uint64_t generation;                         // of the sibling names that the builtins dicts show
    struct maestro_program *programs[64];        // by key modulo the size
    struct maestro_line *lines;                  // begun and not ended by a line feed (print.c)
    PyObject *own[2], *redirects[2];             // strong: sys.stdout and sys.stderr, and the values of calls (output.c)
    struct maestro_json json;                    // hook, type and keys of the converter
    int tracing;                                 // rung 1 has set the trace function
    struct maestro_shield *shields;              // of threads in code that must not be stopped half way, newest first
    atomic_int ended;                            // the end has begun: running code is refused
    atomic_int end_announced;                    // the event loop is to end before it runs another task; it takes it back
    PyObject *environ;                           // strong: dict of bytes, the environment of its children
    atomic_int threads;                          // begun by its code and not ended: they look at this struct
    int outlived;                                // threads of versions that are out of use go on; with the GIL
    int spoilt;                                  // a builtin that Python needs was taken away (builtins.h); with the GIL
    atomic_int alarm;             // calls and threads that are being stopped: checks look for them (stop_check.h)
    atomic_uint parked, releases; // threads that are parked, and how often they were let go (park.h)
    atomic_int cut;               // how often its end, which takes too long, was cut short (park.h)
    atomic_int wedged;            // a judge waits for the GIL (left.h)
    unsigned wedges;              // how often one has
    atomic_uint knocks;           // orders that it has given meanwhile
    int knocked;                  // threads that have heard one of them
    int evict_tracing;            // tracing counts threads that are left behind (left.h)
    uint64_t tasks, tasks_ended;  // calls that are on its event loop, and that were
    atomic_llong chained;         // what threads have used that left threads have begun, and that have ended
    int refusing;                 // left threads may begin no others
    int64_t level, looked;        // what left threads have used of their budget, and when that was found
    atomic_int descriptors;       // that its code has opened, or more (descriptor.c)
    struct maestro_rails *rails;  // what holds for its subtenant's files (rails.h); NULL before its first call
    int foreign;                  // it has code that can change its threads (thread_check.h)
    char *owner;                  // malloc'ed; whose code it runs, for markers (fault.h). Read without the lock in a fault

    struct maestro_memory memory; // that it holds
    unsigned weighed;             // memory.denied when maestro_weigh looked last
    int exhausted;                // what it found
    int64_t collected;            // bytes that were held after the last collection of garbage for memory
    struct maestro_limits limits; // written once

    pthread_mutex_t lock;             // guards what follows; never held while waiting for the GIL
    struct maestro_run *runs[256];    // by call modulo the size; changed with the GIL and the lock both held
    struct maestro_run *carried;      // those of them that have a thread; the same
    struct maestro_sleeper *sleepers; // changed without the GIL
    struct maestro_held *held;        // the thread states of Go's threads for it
    pthread_t *ender;                 // the thread that ends it, or NULL
    struct maestro_native *begun;     // the threads that its code has begun and that have not ended
    struct maestro_place place;       // changed with the lock held
    struct maestro_children children;
};

// Makes an interpreter and runs the source of runtime.py in it. The calling OS
// thread must be locked; no thread state is attached to it before or after.
// Returns NULL with a malloc'ed message that the caller frees.
struct maestro_interp *maestro_interp_new(const char *runtime, const char *site_packages,
                                          const struct maestro_limits *limits, char **message);

// Ends the interpreter on a locked OS thread with no thread state attached.
// Every other thread has dropped its own. It may hang for ever in an atexit
// function of the subtenant's: call it where nothing waits.
void maestro_interp_end(struct maestro_interp *in);

// Announces the end to the event loop of the interpreter. No GIL.
void maestro_interp_announce_end(struct maestro_interp *in);

// The parts of making one, also of the main interpreter.

// A struct with a number of its own, or NULL.
struct maestro_interp *maestro_interp_allocate(void);

// Imports _maestro, runs runtime.py, tells it the site-packages. Attached. Returns 0 with
// an exception.
int maestro_interp_start(struct maestro_interp *in, const char *source, const char *site_packages);

void maestro_interp_bound(struct maestro_interp *in, const struct maestro_limits *limits);

// Text for the exception that is set, which is cleared; malloc'ed. Attached.
char *maestro_explain(const char *what);

// The main interpreter as that of the process's only subtenant (interp_main.c); NULL: it is none.
extern struct maestro_interp *maestro_main;

// Makes the main interpreter that of the process's only subtenant, in a process that was
// loaded alone. Attached to it. Returns 0 with a malloc'ed message that the caller frees.
int maestro_interp_main_make(const char *runtime, const char *site_packages, char **message);

// Gives it to the subtenant: makes it unless a zygote has, and sets its limits. Once; the
// calling OS thread must be locked, and has no thread state before or after. Returns NULL
// with a malloc'ed message that the caller frees.
struct maestro_interp *maestro_interp_main(const char *runtime, const char *site_packages,
                                           const struct maestro_limits *limits, char **message);

// The end of its code, which leaves the interpreter itself to the end of the process. Attached
// with `own`, which is deleted.
void maestro_interp_leave(struct maestro_interp *in, PyThreadState *own);

// Frees the struct itself. No thread state. No pointer to `in` may remain.
void maestro_interp_free(struct maestro_interp *in);

// The interpreter being made on this OS thread: what _maestro's own start
// binds its state to. NULL at any other time.
extern __thread struct maestro_interp *maestro_creating;

// The interpreter that a builtin of _maestro was called in, from its module.
// Not counted as a reference: it lives longer than any Python code in it.
struct maestro_interp *maestro_of(PyObject *module);

#endif

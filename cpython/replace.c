#include "replace.h"

#include "children.h"
#include "here.h"
#include "load.h"
#include "rail_code.h"
#include "rails.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

PyObject *maestro_refuse(int number, const char *text) {
    PyObject *code = py.PyLong_FromLongLong(number), *message = py.PyUnicode_FromString(text);
    PyObject *pair = code && message ? py.PyTuple_Pack(2, code, message) : NULL;
    if (pair)
        py.PyErr_SetObject(py.PyExc_OSError, pair);
    py.Py_DecRef(pair);
    py.Py_DecRef(message);
    py.Py_DecRef(code);
    return NULL;
}

// Refused with any arguments: X(module, name, raise, text).
#define IDENTITY "the identity of the process is the whole server's; give subprocess.run() user=, group= or extra_groups="
#define PRIORITY "processor time is shared by the server's subtenants; start less important work as a subprocess with nice"
#define SESSION \
    "the session of the process is the whole server's; give subprocess.Popen() start_new_session= or process_group="
#define MACHINE "it would change the whole machine or server, and stored functions share both"
#define FORK                                                                                                 \
    "a process that runs other threads and subtenants cannot be forked; use subprocess, or multiprocessing " \
    "with its start method \"spawn\", which is the default here"
#define EXEC "it would replace the server by another program; use subprocess"
#define GETTEXT "the C library's messages are the whole server's; use the module gettext, which needs none of it"
#define TIMER                                                                                                      \
    "signals are the whole server's; wait with a timeout (threading, subprocess and asyncio take one) or rely on " \
    "the deadline of the call"
#define RAISE "the process of stored functions is the whole server; raise an exception to end the call"
#define REFUSED(X)                                                                                                          \
    X(posix, _exit, PERMISSION, RAISE)                                                                                      \
    X(posix, abort, PERMISSION, RAISE)                                                                                      \
    X(posix, setuid, PERMISSION, IDENTITY)                                                                                  \
    X(posix, seteuid, PERMISSION, IDENTITY)                                                                                 \
    X(posix, setreuid, PERMISSION, IDENTITY)                                                                                \
    X(posix, setresuid, PERMISSION, IDENTITY)                                                                               \
    X(posix, setgid, PERMISSION, IDENTITY)                                                                                  \
    X(posix, setegid, PERMISSION, IDENTITY)                                                                                 \
    X(posix, setregid, PERMISSION, IDENTITY)                                                                                \
    X(posix, setresgid, PERMISSION, IDENTITY)                                                                               \
    X(posix, setgroups, PERMISSION, IDENTITY)                                                                               \
    X(posix, initgroups, PERMISSION, IDENTITY)                                                                              \
    X(posix, sched_setscheduler, PERMISSION, PRIORITY)                                                                      \
    X(posix, sched_setparam, PERMISSION, PRIORITY)                                                                          \
    X(posix, setsid, PERMISSION, SESSION)                                                                                   \
    X(posix, setpgrp, PERMISSION, SESSION)                                                                                  \
    X(posix, tcsetpgrp, PERMISSION, SESSION)                                                                                \
    X(posix, login_tty, PERMISSION, SESSION)                                                                                \
    X(posix, chroot, PERMISSION, MACHINE)                                                                                   \
    X(posix, unshare, PERMISSION, MACHINE)                                                                                  \
    X(posix, setns, PERMISSION, MACHINE)                                                                                    \
    X(_socket, sethostname, PERMISSION, MACHINE)                                                                            \
    X(posix, fork, RUNTIME, FORK)                                                                                           \
    X(posix, forkpty, RUNTIME, FORK)                                                                                        \
    X(resource, setrlimit, PERMISSION,                                                                                      \
      "limits of resources hold for the whole server; set them in a child process, with subprocess and prlimit")            \
    X(posix, execv, RUNTIME, EXEC)                                                                                          \
    X(posix, execve, RUNTIME, EXEC)                                                                                         \
    X(time, clock_settime, PERMISSION, MACHINE)                                                                             \
    X(time, clock_settime_ns, PERMISSION, MACHINE)                                                                          \
    X(_signal, sigwait, VALUE, TIMER)                                                                                       \
    X(_signal, sigwaitinfo, VALUE, TIMER)                                                                                   \
    X(_signal, sigtimedwait, VALUE, TIMER)                                                                                  \
    X(_signal, siginterrupt, VALUE, TIMER)                                                                                  \
    X(_signal, raise_signal, VALUE, RAISE)                                                                                  \
    X(_locale, bindtextdomain, RUNTIME, GETTEXT)                                                                            \
    X(_locale, textdomain, RUNTIME, GETTEXT)                                                                                \
    X(_locale, bind_textdomain_codeset, RUNTIME, GETTEXT)                                                                   \
    X(sys, _debugmallocstats, RUNTIME,                                                                                      \
      "the statistics of memory are of the whole server; sys.getallocatedblocks() is yours")                                \
    X(sys, remote_exec, PERMISSION, "it attaches to whole processes; log, or use a debugger where the server is developed") \
    X(sys, activate_stack_trampoline, RUNTIME, "it profiles the whole server; use cProfile")                                \
    X(sys, deactivate_stack_trampoline, RUNTIME, "it profiles the whole server; use cProfile")

// A new exception of the kind that ordinary code expects of a function that it
// may not use. Raises it with "module.name(): text" and returns NULL.
enum refusal { PERMISSION, RUNTIME, VALUE };
static PyObject *refuse(enum refusal kind, const char *name, const char *text) {
    enum maestro_rail rail = strcmp(text, RAISE) == 0 ? RAIL_PROCESS_END : RAIL_PROCESS_STATE;
    char message[600];
    snprintf(message, sizeof message, "%s() is not available to stored functions, refused by the rail '%s': %s.%s", name,
             maestro_rail_name(rail), text, MAESTRO_RAIL_LANE);
    if (kind == PERMISSION)
        return maestro_refuse(EPERM, message);
    py.PyErr_SetString(kind == RUNTIME ? py.PyExc_RuntimeError : py.PyExc_ValueError, message);
    return NULL;
}

// The public name of a module.
static const char *public_name(const char *module) {
    if (strcmp(module, "posix") == 0)
        return "os";
    return module[0] == '_' ? module + 1 : module;
}

#define X(module, name, kind, text)                                                              \
    static PyObject *refuse_##module##_##name(PyObject *self, PyObject *args, PyObject *names) { \
        char full[80];                                                                           \
        snprintf(full, sizeof full, "%s.%s", public_name(#module), #name);                       \
        return refuse(kind, full, text);                                                         \
    }
REFUSED(X)
#undef X

// Refused unless it changes nothing, or nothing of this process.

static long number_of(PyObject *object) {
    long number = py.PyLong_AsLong(object);
    if (number == -1 && py.PyErr_Occurred())
        py.PyErr_Clear(); // not a number, so not the harmless one
    return number;
}

static int is_zero(PyObject *object) {
    double number = py.PyFloat_AsDouble(object);
    if (number == -1.0 && py.PyErr_Occurred())
        py.PyErr_Clear();
    return number == 0;
}

static int is_child(PyObject *object) {
    struct maestro_interp *in = maestro_here.in;
    return in && maestro_child_known(in, (pid_t)number_of(object));
}

PyCFunction maestro_real_nice;
static PyObject *os_nice(PyObject *module, PyObject *increment) {
    if (is_zero(increment))
        return maestro_real_nice(module, increment);
    return refuse(PERMISSION, "os.nice", PRIORITY);
}

// f(pid, …) of the module posix, for a child.
PyCFunction maestro_real_setpgid, maestro_real_sched_setaffinity;
static PyObject *os_setpgid(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (count == 2 && is_child(args[0]))
        return ((maestro_fast)(void (*)(void))maestro_real_setpgid)(module, args, count);
    return refuse(PERMISSION, "os.setpgid", SESSION);
}

static PyObject *os_sched_setaffinity(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (count == 2 && is_child(args[0]))
        return ((maestro_fast)(void (*)(void))maestro_real_sched_setaffinity)(module, args, count);
    return refuse(PERMISSION, "os.sched_setaffinity", PRIORITY);
}

// setpriority(which, who, priority), for a child: PRIO_PROCESS is 0.
PyCFunction maestro_real_setpriority;
static PyObject *os_setpriority(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    if (count == 3 && is_zero(args[0]) && is_child(args[1]))
        return ((maestro_fast_keywords)(void (*)(void))maestro_real_setpriority)(module, args, count, names);
    return refuse(PERMISSION, "os.setpriority", PRIORITY);
}

// prlimit(pid, resource[, limits]): reading, or of a child.
PyCFunction maestro_real_prlimit;
static PyObject *resource_prlimit(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (count < 3 || args[2] == py.None || is_child(args[0]))
        return ((maestro_fast)(void (*)(void))maestro_real_prlimit)(module, args, count);
    return refuse(PERMISSION, "resource.prlimit",
                  "limits of resources hold for the whole server; set those of a child process");
}

// tzset(): to read the same zone again changes nothing.
static PyObject *time_tzset(PyObject *module, PyObject *unused) {
    const char *wanted = NULL, *server = getenv("TZ");
    PyObject *name = NULL, *value = NULL;
    PyObject *environment = maestro_os_create_environ(NULL, NULL);
    if (environment && (name = py.PyBytes_FromStringAndSize("TZ", 2)))
        value = py.PyDict_GetItemWithError(environment, name);
    char *data;
    Py_ssize_t size;
    if (value && py.PyBytes_AsStringAndSize(value, &data, &size) == 0)
        wanted = data;
    int same = wanted && server ? strcmp(wanted, server) == 0 : wanted == server;
    py.PyErr_Clear();
    py.Py_DecRef(name);
    py.Py_DecRef(environment);
    if (same)
        return py.Py_NewRef(py.None);
    return refuse(RUNTIME, "time.tzset",
                  "local time is the whole server's; use zoneinfo.ZoneInfo(name) and aware datetimes, which know any zone");
}

static PyObject *signal_alarm(PyObject *module, PyObject *seconds) {
    if (is_zero(seconds))
        return py.PyLong_FromLongLong(0); // there never is one
    return refuse(VALUE, "signal.alarm", TIMER);
}

static PyObject *signal_setitimer(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (count >= 2 && is_zero(args[1])) {
        PyObject *zero = py.PyFloat_FromDouble(0);
        PyObject *pair = zero ? py.PyTuple_Pack(2, zero, zero) : NULL;
        py.Py_DecRef(zero);
        return pair;
    }
    return refuse(VALUE, "signal.setitimer", TIMER);
}

// pthread_sigmask(how, signals): reading it, which is how with no signals.
PyCFunction maestro_real_pthread_sigmask;
static PyObject *signal_pthread_sigmask(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (count == 2 && number_of(args[0]) != 2 /* SIG_SETMASK */) {
        PyObject *all = py.PyObject_CallOneArg((PyObject *)py.PySet_Type, args[1]);
        int empty = all ? !py.PyObject_IsTrue(all) : 0;
        py.Py_DecRef(all);
        if (!all)
            return NULL;
        if (empty)
            return ((maestro_fast)(void (*)(void))maestro_real_pthread_sigmask)(module, args, count);
    }
    return refuse(VALUE, "signal.pthread_sigmask",
                  "the thread serves other subtenants as well, and no signal reaches stored functions");
}

// The locales that are set already: the user's ("") is the server's, and the C
// library's own ones differ in the characters only, which are those of UTF-8 (load.c).
static int is_present_locale(const char *wanted, const char *present) {
    static const char *const same[] = {"", "C", "POSIX", "C.UTF-8", "C.utf8"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (strcmp(wanted, same[i]) == 0)
            return 1;
    return strcmp(wanted, present) == 0;
}

// setlocale(category, locale=None): asking for the present one, and choosing it.
PyCFunction maestro_real_setlocale;
static PyObject *locale_setlocale(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    maestro_fast real = (maestro_fast)(void (*)(void))maestro_real_setlocale;
    if (count < 1 || count > 2 || args[count - 1] == py.None)
        return real(module, args, count);
    PyObject *now = count == 2 ? real(module, args, 1) : NULL;
    const char *present = now ? py.PyUnicode_AsUTF8AndSize(now, NULL) : NULL;
    const char *wanted = present ? py.PyUnicode_AsUTF8AndSize(args[1], NULL) : NULL;
    if (!wanted || is_present_locale(wanted, present)) {
        if (wanted || count != 2)
            return count == 2 ? now : real(module, args, count);
        py.Py_DecRef(now);
        return NULL;
    }
    py.Py_DecRef(now);
    PyObject *error = py.PyObject_GetAttrString(module, "Error");
    if (error)
        py.PyErr_Format(error,
                        "locale.setlocale() cannot choose %R: the C library's locale is the whole server's; format with "
                        "a library that takes the locale as an argument, such as babel, or with str.format()",
                        args[1]);
    py.Py_DecRef(error);
    return NULL;
}

// The functions with a changed behaviour: X(module, name, flags, function,
// the previous function or NULL).
enum { FAST = METH_FASTCALL, FAST_KEYWORDS = METH_FASTCALL | METH_KEYWORDS };
#define CHANGED(X)                                                                                       \
    X(posix, chdir, FAST_KEYWORDS, maestro_os_chdir, &maestro_real_chdir)                                \
    X(posix, fchdir, FAST_KEYWORDS, maestro_os_fchdir, &maestro_real_fchdir)                             \
    X(posix, umask, METH_O, maestro_os_umask, &maestro_real_umask)                                       \
    X(posix, close, FAST_KEYWORDS, maestro_os_close, &maestro_real_close)                                \
    X(posix, dup2, FAST_KEYWORDS, maestro_os_dup2, &maestro_real_dup2)                                   \
    X(posix, urandom, METH_O, maestro_os_urandom, &maestro_real_urandom)                                 \
    X(posix, write, FAST, maestro_os_write, &maestro_real_write)                                         \
    X(posix, putenv, FAST, maestro_os_putenv, NULL)                                                      \
    X(posix, unsetenv, METH_O, maestro_os_unsetenv, NULL)                                                \
    X(posix, _create_environ, METH_NOARGS, maestro_os_create_environ, NULL)                              \
    X(_posixsubprocess, fork_exec, FAST, maestro_fork_exec, &maestro_real_fork_exec)                     \
    X(posix, posix_spawn, FAST_KEYWORDS, maestro_os_posix_spawn, &maestro_real_posix_spawn)              \
    X(posix, posix_spawnp, FAST_KEYWORDS, maestro_os_posix_spawnp, &maestro_real_posix_spawnp)           \
    X(posix, system, FAST_KEYWORDS, maestro_os_system, NULL)                                             \
    X(posix, wait, METH_NOARGS, maestro_os_wait, NULL)                                                   \
    X(posix, wait3, FAST_KEYWORDS, maestro_os_wait3, NULL)                                               \
    X(posix, wait4, FAST_KEYWORDS, maestro_os_wait4, &maestro_real_wait4)                                \
    X(posix, waitid, FAST, maestro_os_waitid, &maestro_real_waitid)                                      \
    X(posix, waitpid, FAST, maestro_os_waitpid, &maestro_real_waitpid)                                   \
    X(posix, nice, METH_O, os_nice, &maestro_real_nice)                                                  \
    X(posix, kill, FAST, maestro_os_kill, &maestro_real_kill)                                            \
    X(posix, killpg, FAST, maestro_os_killpg, &maestro_real_killpg)                                      \
    X(posix, setpgid, FAST, os_setpgid, &maestro_real_setpgid)                                           \
    X(posix, setpriority, FAST_KEYWORDS, os_setpriority, &maestro_real_setpriority)                      \
    X(posix, sched_setaffinity, FAST, os_sched_setaffinity, &maestro_real_sched_setaffinity)             \
    X(resource, prlimit, FAST, resource_prlimit, &maestro_real_prlimit)                                  \
    X(_thread, start_new_thread, METH_VARARGS, maestro_start_new_thread, &maestro_real_start_new_thread) \
    X(_thread, start_new, METH_VARARGS, maestro_start_new, &maestro_real_start_new)                      \
    X(_thread, start_joinable_thread, METH_VARARGS | METH_KEYWORDS, maestro_start_joinable_thread,       \
      &maestro_real_start_joinable_thread)                                                               \
    X(time, tzset, METH_NOARGS, time_tzset, NULL)                                                        \
    X(_signal, alarm, METH_O, signal_alarm, NULL)                                                        \
    X(_signal, setitimer, FAST, signal_setitimer, NULL)                                                  \
    X(_signal, pthread_kill, FAST, maestro_signal_pthread_kill, &maestro_real_pthread_kill)              \
    X(_signal, pthread_sigmask, FAST, signal_pthread_sigmask, &maestro_real_pthread_sigmask)             \
    X(_locale, setlocale, FAST, locale_setlocale, &maestro_real_setlocale)                               \
    X(sys, setrecursionlimit, METH_O, maestro_sys_setrecursionlimit, &maestro_real_setrecursionlimit)    \
    X(sys, setswitchinterval, METH_O, maestro_sys_setswitchinterval, &maestro_real_setswitchinterval)    \
    X(sys, _current_frames, METH_NOARGS, maestro_sys_current_frames, NULL)                               \
    X(sys, _current_exceptions, METH_NOARGS, maestro_sys_current_exceptions, NULL)                       \
    X(_imp, _override_multi_interp_extensions_check, METH_O, maestro_imp_override, NULL)                 \
    X(gc, get_objects, FAST_KEYWORDS, maestro_gc_get_objects, &maestro_real_gc_get_objects)              \
    X(gc, get_referrers, FAST, maestro_gc_get_referrers, &maestro_real_gc_get_referrers)                 \
    X(_imp, get_frozen_object, FAST, maestro_imp_get_frozen_object, &maestro_real_get_frozen_object)     \
    X(marshal, load, FAST_KEYWORDS, maestro_marshal_load, &maestro_real_marshal_load)                    \
    X(marshal, loads, FAST_KEYWORDS, maestro_marshal_loads, &maestro_real_marshal_loads)                 \
    X(_imp, create_builtin, METH_O, maestro_imp_create_builtin, &maestro_real_create_builtin)            \
    X(_imp, create_dynamic, FAST, maestro_imp_create_dynamic, &maestro_real_create_dynamic)

struct replacement {
    const char *module, *name;
    int flags;
    PyCFunction function;
    PyCFunction *before; // NULL: it is not called any more
};

static const struct replacement refused[] = {
#define X(module, name, kind, text) \
    {#module, #name, METH_VARARGS | METH_KEYWORDS, (PyCFunction)(void (*)(void))refuse_##module##_##name, NULL},
    REFUSED(X)
#undef X
};

static const struct replacement changed[] = {
#define X(module, name, flags, function, before) {#module, #name, flags, (PyCFunction)(void (*)(void))function, before},
    CHANGED(X)
#undef X
};

// The same in a process of one subtenant, instead of being refused.
static const struct replacement changed_alone[] = {
    {"posix", "fork", METH_NOARGS, maestro_os_fork, &maestro_real_fork},
    {"posix", "forkpty", METH_NOARGS, maestro_os_forkpty, &maestro_real_forkpty},
};

// Of the changed ones, those that are Python's own in a process of one subtenant: what they
// change is that process's alone.
static const char *const own[] = {
    "nice",
    "kill",
    "killpg",
    "setpgid",
    "setpriority",
    "sched_setaffinity",
    "prlimit",
    "tzset",
    "alarm",
    "setitimer",
    "pthread_sigmask",
    "pthread_kill",
    "setlocale",
    "_current_frames",
    "_current_exceptions",
};

static int stays(const char *name) {
    for (size_t i = 0; maestro_alone && i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i], name) == 0)
            return 1;
    return 0;
}

// The entry of a function in its module's method table, or NULL with no
// exception where this build of Python has no such function.
static PyMethodDef *method_of(const char *module_name, const char *name) {
    PyObject *module = py.PyImport_ImportModule(module_name);
    PyObject *function = module ? py.PyObject_GetAttrString(module, name) : NULL;
    PyMethodDef *method = NULL;
    if (function && function->ob_type == py.PyCFunction_Type)
        method = ((PyCFunctionObject *)function)->m_ml;
    py.PyErr_Clear();
    py.Py_DecRef(function);
    py.Py_DecRef(module);
    return method && strcmp(method->ml_name, name) == 0 ? method : NULL;
}

static char *replace(const struct replacement *entry, size_t count) {
    char *message = NULL;
    for (; count > 0; count--, entry++) {
        PyMethodDef *method = stays(entry->name) ? NULL : method_of(entry->module, entry->name);
        if (!method)
            continue;
        if (entry->before) {
            if (method->ml_flags != entry->flags) {
                if (asprintf(&message, "replace %s.%s: it is called in another way", entry->module, entry->name) < 0)
                    message = NULL;
                return message ? message : strdup("replace a builtin: it is called in another way");
            }
            *entry->before = method->ml_meth;
        }
        method->ml_flags = entry->flags;
        method->ml_meth = entry->function;
    }
    return NULL;
}

char *maestro_builtins_replace(void) {
    if (!maestro_view_load())
        return strdup("look into libpython: a thread state has another layout");
    char *message = maestro_alone ? replace(changed_alone, sizeof changed_alone / sizeof *changed_alone)
                                  : replace(refused, sizeof refused / sizeof *refused);
    return message ? message : replace(changed, sizeof changed / sizeof *changed);
}

// Modules that see or change other interpreters, or were made for CPython's own
// tests. concurrent.futures does without the first three.
static const char *const blocked[] = {
    "_interpreters",
    "_interpqueues",
    "_interpchannels",
    "_testinternalcapi",
    "_remote_debugging",
    "_testcapi",
    "_xxtestfuzz",
    "_testlimitedcapi",
    "_testsinglephase",
    "_testimportmultiple",
    "_testmultiphase",
    // What these see is the process: available where it is one subtenant's.
    "_tracemalloc",
    "faulthandler",
};
enum { BLOCKED = sizeof blocked / sizeof *blocked, OF_PROCESS = 2 };

// Whether the process lane has a module that is blocked here.
static int blocked_here_only(PyObject *name) {
    const char *text = py.PyUnicode_AsUTF8AndSize(name, NULL);
    for (int i = BLOCKED - OF_PROCESS; text && !maestro_alone && i < BLOCKED; i++)
        if (strcmp(text, blocked[i]) == 0)
            return 1;
    return 0;
}

static int raise_blocked(PyObject *module) {
    PyObject *name = py.PyObject_GetAttrString(module, "__name__");
    if (name)
        py.PyErr_Format(py.PyExc_ImportError,
                        "%U is not available to stored functions: it reaches beyond their own interpreter; use threads, "
                        "asyncio, or calls of other functions; refused by the rail '%s'.%s",
                        name, maestro_rail_name(RAIL_INTERNALS), blocked_here_only(name) ? MAESTRO_RAIL_LANE : "");
    py.Py_DecRef(name);
    return -1;
}

static PyModuleDef_Slot blocked_slots[] = {
    {Py_mod_exec, (void *)raise_blocked},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

// One for each: CPython keeps an index in it.
static PyModuleDef blocked_definitions[BLOCKED];

#define INIT(i) \
    static PyObject *init_##i(void) { return py.PyModuleDef_Init(&blocked_definitions[i]); }
#define INITS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
INITS(INIT)
static PyObject *(*const blocked_inits[])(void) = {init_0, init_1, init_2, init_3,  init_4,  init_5, init_6,
                                                   init_7, init_8, init_9, init_10, init_11, init_12};
_Static_assert(sizeof blocked_inits / sizeof *blocked_inits == BLOCKED, "an init for each blocked module");

char *maestro_modules_block(void) {
    for (int i = 0; i < (maestro_alone ? BLOCKED - OF_PROCESS : BLOCKED); i++) {
        blocked_definitions[i] = (PyModuleDef){
            .ob_base = {.ob_refcnt = 1},
            .m_name = blocked[i],
            .m_slots = blocked_slots,
        };
        struct _inittab *entry = *py.inittab;
        while (entry->name && strcmp(entry->name, blocked[i]) != 0)
            entry++;
        if (entry->name)
            entry->initfunc = blocked_inits[i];
        else if (py.PyImport_AppendInittab(blocked[i], blocked_inits[i]) < 0)
            return strdup("block a module: out of memory");
    }
    return NULL;
}

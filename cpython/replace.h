// replace.h: builtin functions of Python's that would change or show what
// belongs to the whole process.
//
// They are replaced where CPython keeps them: in the method table of their
// module, which is static and the same for all interpreters. So they are what
// every name for them leads to (os.umask, posix.umask, a module made anew), keep
// their names and signatures, and cost an interpreter nothing. replace.c has the
// table of them, with the messages of the refused ones.
#ifndef MAESTRO_REPLACE_H
#define MAESTRO_REPLACE_H

#include "interp.h"

typedef PyObject *(*maestro_fast)(PyObject *module, PyObject *const *args, Py_ssize_t count);
typedef PyObject *(*maestro_fast_keywords)(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);

// Replaces them; once, attached to the main interpreter, before any other is
// made. Returns NULL, or a malloc'ed message.
char *maestro_builtins_replace(void);

// Makes the import of modules fail that look into other interpreters or change
// them. Once, before Python is initialised. Returns NULL, or a malloc'ed message.
char *maestro_modules_block(void);

// Raises OSError with a number and text, which makes it PermissionError for
// EPERM. Returns NULL.
PyObject *maestro_refuse(int number, const char *text);

// Replacements, each with the flags and the reference of the function that it
// replaces, and the previous function.
extern PyCFunction maestro_real_gc_get_objects, maestro_real_gc_get_referrers;
extern PyCFunction maestro_real_chdir, maestro_real_close, maestro_real_dup2, maestro_real_fchdir, maestro_real_umask,
    maestro_real_write, maestro_real_fork_exec, maestro_real_posix_spawn, maestro_real_posix_spawnp, maestro_real_waitid,
    maestro_real_waitpid, maestro_real_wait4, maestro_real_fork, maestro_real_forkpty, maestro_real_create_builtin,
    maestro_real_create_dynamic, maestro_real_nice, maestro_real_pthread_sigmask, maestro_real_setitimer,
    maestro_real_setlocale, maestro_real_prlimit, maestro_real_setpgid, maestro_real_setpriority,
    maestro_real_sched_setaffinity, maestro_real_kill, maestro_real_killpg, maestro_real_pthread_kill,
    maestro_real_start_new_thread, maestro_real_start_new, maestro_real_start_joinable_thread,
    maestro_real_setrecursionlimit, maestro_real_setswitchinterval, maestro_real_urandom;

// replace_place.c
PyObject *maestro_os_chdir(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *maestro_os_fchdir(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *maestro_os_umask(PyObject *module, PyObject *mask);
PyObject *maestro_os_close(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *maestro_os_dup2(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *maestro_os_write(PyObject *module, PyObject *const *args, Py_ssize_t count);

// replace_environ.c; the environment of children as a dict of bytes (borrowed), and as a list of "NAME=value" (new). NULL
// with an exception.
PyObject *maestro_environment_of(struct maestro_interp *in);
PyObject *maestro_environment_list(struct maestro_interp *in);
PyObject *maestro_os_putenv(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *maestro_os_unsetenv(PyObject *module, PyObject *name);
PyObject *maestro_os_create_environ(PyObject *module, PyObject *unused);

// replace_children.c
PyObject *maestro_os_fork(PyObject *module, PyObject *unused);
PyObject *maestro_os_forkpty(PyObject *module, PyObject *unused);
PyObject *maestro_fork_exec(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *maestro_os_posix_spawn(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *maestro_os_posix_spawnp(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *maestro_os_system(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *maestro_os_wait(PyObject *module, PyObject *unused);
PyObject *maestro_os_wait3(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *maestro_os_wait4(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *maestro_os_waitid(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *maestro_os_waitpid(PyObject *module, PyObject *const *args, Py_ssize_t count);

// replace_signal.c
PyObject *maestro_os_kill(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *maestro_os_killpg(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *maestro_signal_pthread_kill(PyObject *module, PyObject *const *args, Py_ssize_t count);

// replace_bound.c
PyObject *maestro_start_new_thread(PyObject *module, PyObject *args);
PyObject *maestro_start_new(PyObject *module, PyObject *args);
PyObject *maestro_start_joinable_thread(PyObject *module, PyObject *args, PyObject *names);
PyObject *maestro_sys_setrecursionlimit(PyObject *module, PyObject *limit);
PyObject *maestro_sys_setswitchinterval(PyObject *module, PyObject *interval);
PyObject *maestro_os_urandom(PyObject *module, PyObject *size);

// replace_view.c
PyObject *maestro_sys_current_frames(PyObject *module, PyObject *unused);
PyObject *maestro_sys_current_exceptions(PyObject *module, PyObject *unused);
PyObject *maestro_imp_override(PyObject *module, PyObject *value);
PyObject *maestro_gc_get_objects(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *maestro_gc_get_referrers(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *maestro_imp_create_builtin(PyObject *module, PyObject *spec);
PyObject *maestro_imp_create_dynamic(PyObject *module, PyObject *const *args, Py_ssize_t count);

// Finds where a thread state keeps its thread's identifier. Attached, once.
// Returns 0 when it is not to be found.
int maestro_view_load(void);

#endif

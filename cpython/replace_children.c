#include "replace.h"

#include "children.h"
#include "descriptor.h"
#include "error.h"
#include "frame.h"
#include "here.h"
#include "place.h"
#include "print.h"
#include "rail_child.h"
#include "rail_space.h"
#include "sleep.h"

#include "go_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

PyCFunction maestro_real_fork_exec, maestro_real_posix_spawn, maestro_real_posix_spawnp, maestro_real_waitid,
    maestro_real_waitpid, maestro_real_wait4, maestro_real_fork, maestro_real_forkpty;

// A child's replacements for the server's descriptors that it would inherit:
// nothing to read, and pipes for its output, which becomes the call's.
struct standard {
    int input;             // of /dev/null, or -1
    int read[3], write[3]; // by descriptor; -1: none
};

static void close_all(struct standard *standard) {
    if (standard->input >= 0)
        close(standard->input);
    for (int i = 1; i <= 2; i++) {
        if (standard->read[i] >= 0)
            close(standard->read[i]);
        if (standard->write[i] >= 0)
            close(standard->write[i]);
    }
}

static int open_pipe(struct standard *standard, int i) {
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) < 0)
        return 0;
    standard->read[i] = pair[0];
    standard->write[i] = pair[1];
    return 1;
}

// Opens those that are wanted. Returns 0 with an exception.
static int open_standard(struct standard *standard, int input, int output, int errors) {
    *standard = (struct standard){-1, {-1, -1, -1}, {-1, -1, -1}};
    int opened = (!input || (standard->input = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) &&
                 (!output || open_pipe(standard, 1)) && (!errors || open_pipe(standard, 2));
    if (opened)
        return 1;
    int number = errno;
    close_all(standard);
    maestro_refuse(number, strerror(number));
    return 0;
}

static void sigpipe(int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(how, &set, NULL);
}

// Notes the child that was started, and has its output read. Attached.
static void begun(struct maestro_interp *in, PyObject *pid, struct standard *standard) {
    uint64_t output = 0, current = maestro_frame(in);
    if (pid && (standard->read[1] >= 0 || standard->read[2] >= 0)) {
        PyThreadState *state = py.PyEval_SaveThread();
        output = maestro_go_child_output(in->id, current, standard->read[1], standard->read[2]);
        py.PyEval_RestoreThread(state);
        standard->read[1] = standard->read[2] = -1; // Go closes them
    }
    if (pid)
        maestro_child_add(in, (pid_t)py.PyLong_AsLong(pid), MAESTRO_CALL_OF(current), output);
    PyObject *raised = pid ? NULL : py.PyErr_GetRaisedException();
    close_all(standard);
    if (raised)
        py.PyErr_SetRaisedException(raised);
}

// Whether the descriptors that a child inherits are the interpreter's. If not, an exception is set.
static int passes_own(PyObject *kept) {
    for (Py_ssize_t i = 0; i < py.PyTuple_Size(kept); i++)
        if (maestro_descriptor_theirs((int)py.PyLong_AsLong(py.PyTuple_GetItem(kept, i)))) {
            maestro_rail_raise(RAIL_DESCRIPTORS, EPERM, "pass_fds");
            return 0;
        }
    return !py.PyErr_Occurred();
}

// The descriptors that a child keeps, in their order, and one more. New reference, or NULL.
static PyObject *with_descriptor(PyObject *kept, int fd) {
    PyObject *list = py.PyList_New(0), *number = py.PyLong_FromLongLong(fd);
    Py_ssize_t count = py.PyTuple_Size(kept), i = 0;
    int failed = !list || !number || count < 0;
    for (; !failed && i < count && py.PyLong_AsLong(py.PyTuple_GetItem(kept, i)) < fd; i++)
        failed = py.PyList_Append(list, py.PyTuple_GetItem(kept, i)) < 0;
    failed = failed || py.PyList_Append(list, number) < 0;
    for (; !failed && i < count; i++)
        failed = py.PyList_Append(list, py.PyTuple_GetItem(kept, i)) < 0;
    PyObject *all = failed ? NULL : py.PyObject_CallOneArg((PyObject *)py.PyTuple_Type, list);
    py.Py_DecRef(number);
    py.Py_DecRef(list);
    return all;
}

// fork_exec(args, executables, close_fds, pass_fds, cwd, env, p2cread, p2cwrite,
// c2pread, c2pwrite, errread, errwrite, …) -> pid: what subprocess and
// multiprocessing start processes with.
PyObject *maestro_fork_exec(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    enum { KEPT = 3, ENV = 5, INPUT = 6, OUTPUT = 9, ERRORS = 11, MOST = 32 };
    maestro_fast real = (maestro_fast)(void (*)(void))maestro_real_fork_exec;
    struct maestro_interp *in = maestro_here.in;
    if (!in || count <= ERRORS || count > MOST)
        return real(module, args, count);
    if (!maestro_child_room(in))
        return NULL;
    maestro_place_sync();
    long output = py.PyLong_AsLong(args[OUTPUT]), errors = py.PyLong_AsLong(args[ERRORS]);
    if (py.PyErr_Occurred())
        return NULL;
    struct standard standard;
    int here = !maestro_go_away(); // in a forked process the descriptors are the right ones
    int wants_output = here && (output == -1 || output == 1 || errors == 1);
    int wants_errors = here && (errors == -1 || errors == 2 || output == 2);
    if (!open_standard(&standard, here && py.PyLong_AsLong(args[INPUT]) == -1, wants_output, wants_errors))
        return NULL;
    PyObject *changed[MOST], *made[5] = {0};
    memcpy(changed, args, (size_t)count * sizeof *args);
    if (args[ENV] == py.None)
        changed[ENV] = made[0] = maestro_environment_list(in);
    if (standard.input >= 0)
        changed[INPUT] = made[1] = py.PyLong_FromLongLong(standard.input);
    if (here && output >= -1 && output <= 2 && output != 0)
        changed[OUTPUT] = made[2] = py.PyLong_FromLongLong(standard.write[output == 2 ? 2 : 1]);
    if (here && errors >= -1 && errors <= 2 && errors != 0)
        changed[ERRORS] = made[3] = py.PyLong_FromLongLong(standard.write[errors == 1 ? 1 : 2]);
    int rules = maestro_child_rules();
    if (rules >= 0)
        changed[KEPT] = made[4] = with_descriptor(args[KEPT], rules);
    PyObject *pid = NULL;
    if (changed[KEPT] && passes_own(args[KEPT]) && changed[ENV] && changed[INPUT] && changed[OUTPUT] && changed[ERRORS]) {
        maestro_here.confined = 0;
        maestro_here.forking = 1; // the child's closing and copying is its own matter
        sigpipe(SIG_UNBLOCK);     // for the child
        pid = real(module, changed, count);
        sigpipe(SIG_BLOCK);
        maestro_here.forking = 0;
    }
    begun(in, pid, &standard);
    for (int i = 0; i < 5; i++)
        py.Py_DecRef(made[i]);
    return pid;
}

// fork() -> pid: the output of the child is the call's.
PyObject *maestro_os_fork(PyObject *module, PyObject *unused) {
    struct maestro_interp *in = maestro_here.in;
    if (!in || maestro_go_away())
        return maestro_real_fork(module, unused);
    struct standard standard;
    if (!maestro_child_room(in) || !open_standard(&standard, 0, 1, 1))
        return NULL;
    PyObject *pid = maestro_real_fork(module, unused);
    if (!maestro_go_away()) {
        begun(in, pid, &standard);
        return pid;
    }
    for (int fd = 1; fd <= 2; fd++)
        dup2(standard.write[fd], fd);
    close_all(&standard);
    maestro_print_discard(in); // the parent writes it
    return pid;
}

// forkpty() -> (pid, descriptor)
PyObject *maestro_os_forkpty(PyObject *module, PyObject *unused) {
    struct maestro_interp *in = maestro_here.in;
    if (in && !maestro_go_away() && !maestro_child_room(in))
        return NULL;
    PyObject *pair = maestro_real_forkpty(module, unused);
    long pid = pair ? py.PyLong_AsLong(py.PyTuple_GetItem(pair, 0)) : 0;
    if (in && pid > 0)
        maestro_child_add(in, (pid_t)pid, MAESTRO_CALL_OF(maestro_frame(in)), 0);
    else if (in && pair)
        maestro_print_discard(in);
    return pair;
}

// Whether an action of a caller's copies no other's descriptor. If not, an exception is set.
static int copies_own(PyObject *action) {
    enum { DUP2 = 2 };
    if (action->ob_type != py.PyTuple_Type || py.PyTuple_Size(action) != 3 ||
        py.PyLong_AsLong(py.PyTuple_GetItem(action, 0)) != DUP2 ||
        !maestro_descriptor_theirs((int)py.PyLong_AsLong(py.PyTuple_GetItem(action, 1))))
        return !py.PyErr_Occurred();
    maestro_rail_raise(RAIL_DESCRIPTORS, EPERM, "file_actions");
    return 0;
}

// The file actions that put the descriptors of `standard` in their place, and
// then the caller's own, which may replace them. New reference, or NULL.
static PyObject *file_actions(const struct standard *standard, PyObject *callers) {
    enum { DUP2 = 2 };
    PyObject *all = py.PyList_New(0);
    for (int to = 0; all && to <= 2; to++) {
        int from = to == 0 ? standard->input : standard->write[to];
        PyObject *parts[] = {py.PyLong_FromLongLong(DUP2), py.PyLong_FromLongLong(from), py.PyLong_FromLongLong(to)};
        PyObject *action = parts[0] && parts[1] && parts[2] ? py.PyTuple_Pack(3, parts[0], parts[1], parts[2]) : NULL;
        if (!action || py.PyList_Append(all, action) < 0)
            maestro_clear(&all);
        py.Py_DecRef(action);
        for (int i = 0; i < 3; i++)
            py.Py_DecRef(parts[i]);
    }
    PyObject *iterator = all && callers ? py.PyObject_GetIter(callers) : NULL, *item = NULL;
    while (all && iterator && (item = py.PyIter_Next(iterator))) {
        if (!copies_own(item) || py.PyList_Append(all, item) < 0)
            maestro_clear(&all);
        py.Py_DecRef(item);
    }
    py.Py_DecRef(iterator);
    if (py.PyErr_Occurred())
        maestro_clear(&all);
    return all;
}

// posix_spawn(path, argv, env, *, file_actions=(), …) -> pid
static PyObject *spawn(PyCFunction function, PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    enum { ENV = 2, MOST = 16 };
    maestro_fast_keywords real = (maestro_fast_keywords)(void (*)(void))function;
    struct maestro_interp *in = maestro_here.in;
    Py_ssize_t named = names ? py.PyTuple_Size(names) : 0;
    if (!in || count != 3 || count + named >= MOST || maestro_go_away())
        return real(module, args, count, names);
    if (!maestro_child_room(in))
        return NULL;
    maestro_place_sync();
    struct standard standard;
    if (!open_standard(&standard, 1, 1, 1))
        return NULL;
    PyObject *changed[MOST], *environment = NULL, *callers = NULL, *pid = NULL;
    memcpy(changed, args, (size_t)(count + named) * sizeof *args);
    if (args[ENV] == py.None && (environment = maestro_environment_of(in)))
        changed[ENV] = environment;
    Py_ssize_t place = count + named;
    PyObject *all_names = py.PyList_New(0);
    for (Py_ssize_t i = 0; all_names && i < named; i++) {
        PyObject *name = py.PyTuple_GetItem(names, i);
        const char *text = py.PyUnicode_AsUTF8AndSize(name, NULL);
        if (text && strcmp(text, "file_actions") == 0) {
            place = count + i;
            callers = args[place] == py.None ? NULL : args[place];
        }
        py.PyList_Append(all_names, name);
    }
    PyObject *actions = all_names ? file_actions(&standard, callers) : NULL;
    PyObject *name = actions ? py.PyUnicode_FromString("file_actions") : NULL;
    if (name && place == count + named)
        py.PyList_Append(all_names, name);
    changed[place] = actions;
    PyObject *tuple = name ? py.PyObject_CallOneArg((PyObject *)py.PyTuple_Type, all_names) : NULL;
    if (tuple && !py.PyErr_Occurred()) {
        sigpipe(SIG_UNBLOCK);
        pid = real(module, changed, count, tuple);
        sigpipe(SIG_BLOCK);
    }
    begun(in, pid, &standard);
    py.Py_DecRef(tuple);
    py.Py_DecRef(name);
    py.Py_DecRef(actions);
    py.Py_DecRef(all_names);
    return pid;
}

PyObject *maestro_os_posix_spawn(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    return spawn(maestro_real_posix_spawn, module, args, count, names);
}

PyObject *maestro_os_posix_spawnp(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    return spawn(maestro_real_posix_spawnp, module, args, count, names);
}

// system(command) -> status, by the runtime's run_system: the C library's gives
// the child the server's environment and descriptors.
PyObject *maestro_os_system(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    struct maestro_interp *in = maestro_here.in;
    PyObject *run = NULL, *status = NULL;
    Py_ssize_t named = names ? py.PyTuple_Size(names) : 0;
    if (count + named != 1)
        return py.PyErr_Format(py.PyExc_TypeError, "system() takes exactly 1 argument (%zd given)", count + named);
    if (in && in->runtime && py.PyDict_GetItemStringRef(in->runtime, "run_system", &run) == 1)
        status = py.PyObject_CallOneArg(run, args[0]);
    else if (!py.PyErr_Occurred())
        py.PyErr_SetString(py.PyExc_RuntimeError, "the interpreter is ending");
    py.Py_DecRef(run);
    return status;
}

// Waiting. No function waits for another's child.

static PyObject *no_child(void) {
    return maestro_refuse(ECHILD, "No child processes: these functions have started none, or its end was taken already");
}

// The result of waiting: 0 for none that has ended, or -1 with an exception.
static long found_in(PyObject *answer) {
    PyObject *pid = answer ? py.PyTuple_GetItem(answer, 0) : NULL;
    return pid ? py.PyLong_AsLong(pid) : -1;
}

// After the end of a child: its last lines are the call's, not those of nothing.
static void child_ended(struct maestro_interp *in, pid_t pid) {
    maestro_space_unsure(); // of the files that it has written
    uint64_t output = maestro_child_remove(in, pid);
    if (!output)
        return;
    PyThreadState *state = py.PyEval_SaveThread();
    maestro_go_child_read(output);
    py.PyEval_RestoreThread(state);
}

// f(pid, options), which is waitpid or wait4, for one child.
static PyObject *wait_one(PyCFunction function, int keywords, PyObject *module, PyObject *pid, PyObject *options) {
    PyObject *arguments[] = {pid, options};
    PyObject *answer = keywords ? ((maestro_fast_keywords)(void (*)(void))function)(module, arguments, 2, NULL)
                                : ((maestro_fast)(void (*)(void))function)(module, arguments, 2);
    long found = found_in(answer);
    if (found > 0)
        child_ended(maestro_here.in, (pid_t)found);
    return answer;
}

// The same for any of the interpreter's children.
static PyObject *wait_any(PyCFunction function, int keywords, PyObject *module, long options) {
    struct maestro_interp *in = maestro_here.in;
    PyObject *once = py.PyLong_FromLongLong(options | WNOHANG), *answer = NULL;
    while (once) {
        pid_t *pids;
        size_t count = maestro_children_list(in, &pids);
        for (size_t i = 0; i < count; i++) {
            PyObject *pid = py.PyLong_FromLongLong(pids[i]);
            py.Py_DecRef(answer);
            answer = pid ? wait_one(function, keywords, module, pid, once) : NULL;
            py.Py_DecRef(pid);
            if (!answer || found_in(answer) > 0)
                break;
        }
        free(pids);
        if (!count)
            no_child();
        if (!count || !answer || found_in(answer) > 0 || options & WNOHANG)
            break;
        maestro_clear(&answer);
        if (!maestro_sleep(in, 0.005))
            break;
    }
    py.Py_DecRef(once);
    return answer;
}

static PyObject *wait_for(PyCFunction function, int keywords, PyObject *module, PyObject *pid, PyObject *options) {
    long number = py.PyLong_AsLong(pid), how = py.PyLong_AsLong(options);
    if (py.PyErr_Occurred())
        return NULL;
    if (number <= 0)
        return wait_any(function, keywords, module, how);
    if (!maestro_child_known(maestro_here.in, (pid_t)number))
        return no_child();
    return wait_one(function, keywords, module, pid, options);
}

PyObject *maestro_os_waitpid(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (count != 2 || !maestro_here.in)
        return ((maestro_fast)(void (*)(void))maestro_real_waitpid)(module, args, count);
    return wait_for(maestro_real_waitpid, 0, module, args[0], args[1]);
}

PyObject *maestro_os_wait4(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    if (count + (names ? py.PyTuple_Size(names) : 0) != 2 || !maestro_here.in)
        return ((maestro_fast_keywords)(void (*)(void))maestro_real_wait4)(module, args, count, names);
    return wait_for(maestro_real_wait4, 1, module, args[0], args[1]);
}

PyObject *maestro_os_wait3(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    if (count + (names ? py.PyTuple_Size(names) : 0) != 1 || !maestro_here.in)
        return py.PyErr_Format(py.PyExc_TypeError, "wait3() takes exactly 1 argument");
    long options = py.PyLong_AsLong(args[0]);
    return py.PyErr_Occurred() ? NULL : wait_any(maestro_real_wait4, 1, module, options);
}

PyObject *maestro_os_wait(PyObject *module, PyObject *unused) {
    return maestro_here.in ? wait_any(maestro_real_waitpid, 0, module, 0) : no_child();
}

// waitid(idtype, id, options), by number only.
PyObject *maestro_os_waitid(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    maestro_fast real = (maestro_fast)(void (*)(void))maestro_real_waitid;
    if (count != 3 || !maestro_here.in)
        return real(module, args, count);
    long type = py.PyLong_AsLong(args[0]), id = py.PyLong_AsLong(args[1]), options = py.PyLong_AsLong(args[2]);
    if (py.PyErr_Occurred())
        return NULL;
    if (type != P_PID || !maestro_child_known(maestro_here.in, (pid_t)id))
        return no_child();
    PyObject *answer = real(module, args, count);
    if (answer && answer != py.None && options & WEXITED && !(options & WNOWAIT))
        child_ended(maestro_here.in, (pid_t)id);
    return answer;
}

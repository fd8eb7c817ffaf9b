#include "zygote_import.h"

#include "interp.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// With one thread each, the libraries behind numpy, scipy and others start none; and the
// allocator of pyarrow, polars and others returns memory without one.
static const struct {
    const char *name, *value;
} calming[] = {
    {"OPENBLAS_NUM_THREADS", "1"},
    {"OMP_NUM_THREADS", "1"},
    {"MKL_NUM_THREADS", "1"},
    {"BLIS_NUM_THREADS", "1"},
    {"NUMEXPR_NUM_THREADS", "1"},
    {"RAYON_NUM_THREADS", "1"},
    {"POLARS_MAX_THREADS", "1"},
    {"MALLOC_CONF", "background_thread:false"},
    {"JE_ARROW_MALLOC_CONF", "background_thread:false"},
    {"_RJEM_MALLOC_CONF", "background_thread:false"},
};
enum { CALMING = sizeof calming / sizeof *calming };
static int was_set[CALMING];

void maestro_import_calm(int calm) {
    for (int i = 0; i < CALMING; i++) {
        const char *name = calming[i].name;
        if (calm && !(was_set[i] = getenv(name) != NULL))
            setenv(name, calming[i].value, 1);
        else if (!calm && !was_set[i])
            unsetenv(name);
    }
}

int maestro_import_threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    // A container may have no /proc of its own to show. This call has no effect, except that
    // the kernel refuses it to a process with several threads.
    if (!tasks)
        return unshare(CLONE_THREAD) == 0 ? 1 : errno == EINVAL ? 2 : INT_MAX;
    int count = 0;
    for (struct dirent *task; (task = readdir(tasks));)
        count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static void freeze(void) {
    PyObject *gc = py.PyImport_ImportModule("gc");
    const char *const steps[] = {"collect", "freeze"};
    for (int i = 0; gc && i < 2; i++) {
        PyObject *function = py.PyObject_GetAttrString(gc, steps[i]);
        py.Py_DecRef(function ? py.PyObject_CallNoArgs(function) : NULL);
        py.Py_DecRef(function);
    }
    py.PyErr_Clear();
    py.Py_DecRef(gc);
}

// The exception that is set, which is cleared, on one line.
static char *explain(const char *module) {
    char *text = maestro_explain(module);
    for (char *c = text; c && *c; c++)
        if (*c == '\n')
            *c = ' ';
    return text;
}

char *maestro_import_all(const char *modules) {
    char *lines = NULL, *all = NULL, *names = strdup(modules), *rest = names, *module;
    size_t size = 0;
    FILE *out = open_memstream(&lines, &size);
    int threads = maestro_import_threads(), most = 1;
    while (out && rest && (module = strsep(&rest, "\n"))) {
        PyObject *imported = *module ? py.PyImport_ImportModule(module) : NULL;
        char *text = *module && !imported ? explain(module) : NULL;
        if (text)
            fprintf(out, "\nrefused %.400s", text);
        free(text);
        py.Py_DecRef(imported); // sys.modules has it
        int now = maestro_import_threads();
        if (now > threads && *module)
            fprintf(out, "\nthreads %s", module);
        threads = now;
    }
    freeze();
    most = maestro_import_threads();
    if (out)
        fclose(out);
    if (asprintf(&all, "%s%.32000s", most > 1 ? "threads" : "ready", lines ? lines : "") < 0)
        abort();
    free(lines);
    free(names);
    return all;
}

void maestro_import_forked(void) {
    PyObject *function = NULL, *none = NULL;
    if (py.PyDict_GetItemStringRef(maestro_main->runtime, "forked", &function) == 1)
        none = py.PyObject_CallNoArgs(function);
    py.PyErr_Clear();
    py.Py_DecRef(none);
    py.Py_DecRef(function);
}

#include "builtins.h"

// Where the watcher finds the dicts: its only argument is the dict that
// changes. Python code cannot reach the interpreter's own dict.
static const char place[] = "maestro builtins";

// This thread is carrying a change over, which is a change as well.
static __thread int carrying;

// Makes the change in the other dict. NULL deletes.
static int carry(PyObject *to, PyObject *key, PyObject *value) {
    if (value)
        return py.PyDict_SetItem(to, key, value);
    PyObject *there = NULL;
    int found = py.PyDict_GetItemRef(to, key, &there);
    py.Py_DecRef(there);
    return found == 1 ? py.PyDict_DelItem(to, key) : found;
}

// Copies all of a dict except the siblings' names. mock.patch.dict takes back what it has done
// by emptying the dict, which then is filled in one go from the copy of before.
static int carry_all(PyObject *to, PyObject *from, PyObject *ours) {
    Py_ssize_t position = 0;
    PyObject *key, *value;
    while (py.PyDict_Next(from, &position, &key, &value)) {
        PyObject *own = NULL;
        int done = py.PyDict_GetItemRef(ours, key, &own);
        py.Py_DecRef(own);
        if (done < 0 || (done == 0 && py.PyDict_SetItem(to, key, value) < 0))
            return -1;
    }
    return 0;
}

// Empties a dict, except the siblings' names in the one that is shown.
static int carry_clear(PyObject *to, PyObject *shown, PyObject *ours) {
    py.PyDict_Clear(to);
    return to == shown ? py.PyDict_Update(to, ours) : 0;
}

// What Python itself calls, the server's part and the standard library included, is taken away:
// no later call would get far.
static int breaks(PyObject *dicts, PyObject *key, PyObject *value) {
    PyObject *needed = NULL;
    int found = py.PyDict_GetItemRef(py.PyTuple_GetItem(dicts, 4), key, &needed);
    py.Py_DecRef(needed);
    return found == 1 && !(value && py.PyCallable_Check(value));
}

// Runs before the change is made.
static int changed(PyDict_WatchEvent event, PyObject *dict, PyObject *key, PyObject *value) {
    if (carrying || event == PyDict_EVENT_DEALLOCATED)
        return 0;
    PyObject *raised = py.PyErr_GetRaisedException();
    PyObject *kept = py.PyInterpreterState_GetDict(py.PyInterpreterState_Get()), *dicts = NULL;
    int done = kept ? py.PyDict_GetItemStringRef(kept, place, &dicts) : 0;
    if (done == 1) {
        PyObject *real = py.PyTuple_GetItem(dicts, 0), *shown = py.PyTuple_GetItem(dicts, 1);
        PyObject *to = dict == real ? shown : real, *ours = py.PyTuple_GetItem(dicts, 2), *own = NULL;
        carrying = 1;
        if (event == PyDict_EVENT_CLEARED)
            done = carry_clear(to, shown, ours);
        else if (event == PyDict_EVENT_CLONED)
            done = carry_all(to, key, ours); // key is the dict that is copied
        else if ((done = py.PyDict_GetItemRef(ours, key, &own)) == 0) {
            PyObject *becomes = event == PyDict_EVENT_DELETED ? NULL : value;
            if (breaks(dicts, key, becomes))
                maestro_of(py.PyTuple_GetItem(dicts, 5))->spoilt = 1;
            done = carry(to, key, becomes);
        }
        py.Py_DecRef(own);
        carrying = 0;
    }
    py.Py_DecRef(dicts);
    if (done < 0)
        return -1; // Python reports it, and makes the change
    py.PyErr_SetRaisedException(raised);
    return 0;
}

PyObject *maestro_follow_builtins(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    PyObject *kept = py.PyInterpreterState_GetDict(py.PyInterpreterState_Get());
    int exact = count == 4 && kept;
    for (int i = 0; exact && i < 4; i++)
        exact = args[i]->ob_type == py.PyDict_Type;
    if (!exact) {
        py.PyErr_SetString(py.PyExc_TypeError, "follow_builtins() takes four dicts");
        return NULL;
    }
    int watcher = py.PyDict_AddWatcher(changed);
    PyObject *number = watcher < 0 ? NULL : py.PyLong_FromLongLong(watcher);
    PyObject *dicts = number ? py.PyTuple_Pack(6, args[0], args[1], args[2], number, args[3], module) : NULL;
    int done = dicts && py.PyDict_SetItemString(kept, place, dicts) == 0 && py.PyDict_Watch(watcher, args[0]) == 0 &&
               py.PyDict_Watch(watcher, args[1]) == 0;
    py.Py_DecRef(dicts);
    py.Py_DecRef(number);
    return done ? py.Py_NewRef(py.None) : NULL;
}

// Before the interpreter's end empties the dicts: asking for the interpreter's
// own dict would then make another one, which nothing gives up.
void maestro_builtins_clear(struct maestro_interp *in) {
    PyObject *kept = py.PyInterpreterState_GetDict(in->state), *dicts = NULL;
    if (kept && py.PyDict_GetItemStringRef(kept, place, &dicts) == 1) {
        long watcher = py.PyLong_AsLong(py.PyTuple_GetItem(dicts, 3));
        for (int i = 0; i < 2; i++)
            if (py.PyDict_Unwatch((int)watcher, py.PyTuple_GetItem(dicts, i)) < 0)
                py.PyErr_Clear();
        if (py.PyDict_ClearWatcher((int)watcher) < 0 || py.PyDict_DelItemString(kept, place) < 0)
            py.PyErr_Clear();
    }
    py.Py_DecRef(dicts);
}

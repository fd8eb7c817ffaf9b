#include "rail_ctypes.h"

#include "rail_audit.h"

#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

PyObject *maestro_check_addresses(PyObject *module, PyObject *unused) {
    if (maestro_called_by_package())
        return py.Py_NewRef(py.None);
    return maestro_rail_raise(RAIL_MEMORY, EPERM, "ctypes with an address");
}

// Whether an object of ctypes has got its address as a number. One that points to another object keeps
// that alive, or is a part of one that does.
static int is_raw(PyObject *object) {
    PyObject *kept = py.PyObject_GetAttrString(object, "_objects"), *base = py.PyObject_GetAttrString(object, "_b_base_");
    int raw = kept && base && base == py.None;
    if (raw && kept->ob_type == py.PyDict_Type) { // or the buffer that it lies in itself
        PyObject *own = NULL;
        raw = py.PyDict_Size(kept) == 1 && py.PyDict_GetItemStringRef(kept, "ffffffff", &own) == 1;
        py.Py_DecRef(own);
    } else if (raw) {
        raw = kept == py.None;
    }
    py.PyErr_Clear();
    py.Py_DecRef(base);
    py.Py_DecRef(kept);
    return raw;
}

static int refused(PyObject *object) {
    if (!is_raw(object) || maestro_called_by_package())
        return 0;
    maestro_rail_raise(RAIL_MEMORY, EPERM, "an address as a number");
    return 1;
}

// The functions of types, each with the one that it replaces.

typedef PyObject *(*itemfunc)(PyObject *, Py_ssize_t);
typedef PyObject *(*subscriptfunc)(PyObject *, PyObject *);
typedef int (*setitemfunc)(PyObject *, Py_ssize_t, PyObject *);

static itemfunc real_item;
static subscriptfunc real_subscript;
static setitemfunc real_set_item;
static newfunc real_function;
static PyObject *(*real_contents)(PyObject *, void *), *(*real_value)(PyObject *, void *);

static PyObject *pointer_item(PyObject *pointer, Py_ssize_t place) {
    return refused(pointer) ? NULL : real_item(pointer, place);
}

static PyObject *pointer_subscript(PyObject *pointer, PyObject *place) {
    return refused(pointer) ? NULL : real_subscript(pointer, place);
}

static int pointer_set_item(PyObject *pointer, Py_ssize_t place, PyObject *value) {
    return refused(pointer) ? -1 : real_set_item(pointer, place, value);
}

static PyObject *pointer_contents(PyObject *pointer, void *closure) {
    return refused(pointer) ? NULL : real_contents(pointer, closure);
}

// Of the simple types those of strings and objects are pointers.
static PyObject *simple_value(PyObject *object, void *closure) {
    PyObject *kind = py.PyObject_GetAttrString((PyObject *)object->ob_type, "_type_");
    const char *text = kind ? py.PyUnicode_AsUTF8AndSize(kind, NULL) : NULL;
    int points = text && strchr("zZO", text[0]);
    py.PyErr_Clear();
    py.Py_DecRef(kind);
    return points && refused(object) ? NULL : real_value(object, closure);
}

// A function at an address.
static PyObject *function_new(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    PyObject *first = py.PyTuple_Size(arguments) == 1 ? py.PyTuple_GetItem(arguments, 0) : NULL;
    if (first && first->ob_type == py.PyLong_Type && !maestro_written_in_package()) {
        maestro_rail_raise(RAIL_MEMORY, EPERM, "a function at an address");
        return NULL;
    }
    return real_function(type, arguments, names);
}

// call_function(address, arguments) and its like.
static PyCFunction real_call, real_plain_call;

static PyObject *checked_call(PyCFunction real, PyObject *module, PyObject *arguments) {
    PyObject *none = maestro_check_addresses(NULL, NULL);
    py.Py_DecRef(none);
    return none ? real(module, arguments) : NULL;
}

static PyObject *call_function(PyObject *module, PyObject *arguments) { return checked_call(real_call, module, arguments); }

static PyObject *plain_call(PyObject *module, PyObject *arguments) {
    return checked_call(real_plain_call, module, arguments);
}

static int replace_function(PyObject *module, const char *name, PyCFunction *before, PyCFunction after) {
    PyObject *found = py.PyObject_GetAttrString(module, name);
    PyMethodDef *method = found && found->ob_type == py.PyCFunction_Type ? ((PyCFunctionObject *)found)->m_ml : NULL;
    py.Py_DecRef(found);
    if (!method || method->ml_flags != METH_VARARGS)
        return 0;
    *before = method->ml_meth;
    method->ml_meth = after;
    return 1;
}

// A slot of a type that is made anew in each interpreter, from a table in libpython.
struct change {
    int slot;
    void *before, *after;
    int found;
};

// Changes the entry of such a table: the number of a slot and, in the next word, the function.
static void change_in(struct change *change, uintptr_t begin, uintptr_t end) {
    for (uintptr_t *word = (uintptr_t *)begin; (uintptr_t)(word + 2) <= end; word++)
        if ((int)(*word & UINT32_MAX) == change->slot && *word >> 32 == 0 && word[1] == (uintptr_t)change->before) {
            word[1] = (uintptr_t)change->after;
            change->found = 1;
        }
}

struct search {
    struct change *changes;
    size_t count;
    uintptr_t of; // an address in the library
};

static int search_library(struct dl_phdr_info *info, size_t size, void *argument) {
    struct search *search = argument;
    uintptr_t sealed = 0, sealed_size = 0, page = (uintptr_t)sysconf(_SC_PAGESIZE);
    int ours = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t begin = info->dlpi_addr + part->p_vaddr;
        ours |= part->p_type == PT_LOAD && search->of >= begin && search->of < begin + part->p_memsz;
        if (part->p_type == PT_GNU_RELRO) {
            sealed = begin & ~(page - 1);
            sealed_size = ((begin + part->p_memsz) & ~(page - 1)) - sealed;
        }
    }
    if (!ours)
        return 0;
    if (sealed_size)
        mprotect((void *)sealed, sealed_size, PROT_READ | PROT_WRITE);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t begin = info->dlpi_addr + part->p_vaddr;
        for (size_t j = 0; part->p_type == PT_LOAD && part->p_flags & PF_W && j < search->count; j++)
            change_in(&search->changes[j], (begin + 7) & ~(uintptr_t)7, begin + part->p_filesz);
    }
    if (sealed_size)
        mprotect((void *)sealed, sealed_size, PROT_READ);
    return 1;
}

// A descriptor of a computed attribute, as CPython keeps it.
struct getset_descriptor {
    PyObject ob_base;
    PyTypeObject *d_type;
    PyObject *d_name, *d_qualname;
    PyGetSetDef *d_getset;
};

static int replace_getter(PyObject *type, const char *name, PyObject *(**before)(PyObject *, void *),
                          PyObject *(*after)(PyObject *, void *)) {
    PyObject *found = type ? py.PyObject_GetAttrString(type, name) : NULL;
    PyGetSetDef *getset = found ? ((struct getset_descriptor *)found)->d_getset : NULL;
    int right = getset && getset->name && strcmp(getset->name, name) == 0 && getset->get;
    if (right) {
        *before = getset->get;
        getset->get = after;
    }
    py.Py_DecRef(found);
    return right;
}

char *maestro_ctypes_replace(void) {
    enum { MP_SUBSCRIPT = 5, SQ_ASS_ITEM = 39, SQ_ITEM = 44, TP_NEW = 65 };
    PyObject *module = py.PyImport_ImportModule("_ctypes");
    PyObject *pointer = module ? py.PyObject_GetAttrString(module, "_Pointer") : NULL;
    PyObject *function = module ? py.PyObject_GetAttrString(module, "CFuncPtr") : NULL;
    PyObject *simple = module ? py.PyObject_GetAttrString(module, "_SimpleCData") : NULL;
    int done = pointer && function && simple;
    if (done) {
        *(void **)&real_item = py.PyType_GetSlot((PyTypeObject *)pointer, SQ_ITEM);
        *(void **)&real_set_item = py.PyType_GetSlot((PyTypeObject *)pointer, SQ_ASS_ITEM);
        *(void **)&real_subscript = py.PyType_GetSlot((PyTypeObject *)pointer, MP_SUBSCRIPT);
        *(void **)&real_function = py.PyType_GetSlot((PyTypeObject *)function, TP_NEW);
        struct change changes[] = {
            {SQ_ITEM, (void *)real_item, (void *)pointer_item, 0},
            {SQ_ASS_ITEM, (void *)real_set_item, (void *)pointer_set_item, 0},
            {MP_SUBSCRIPT, (void *)real_subscript, (void *)pointer_subscript, 0},
            {TP_NEW, (void *)real_function, (void *)function_new, 0},
        };
        struct search search = {changes, sizeof changes / sizeof *changes, (uintptr_t)py.Py_GetVersion};
        dl_iterate_phdr(search_library, &search);
        for (size_t i = 0; i < search.count; i++)
            done = done && changes[i].found;
        done = done && replace_getter(pointer, "contents", &real_contents, pointer_contents) &&
               replace_getter(simple, "value", &real_value, simple_value) &&
               replace_function(module, "call_function", &real_call, call_function) &&
               replace_function(module, "call_cdeclfunction", &real_plain_call, plain_call);
    }
    py.PyErr_Clear();
    py.Py_DecRef(simple);
    py.Py_DecRef(function);
    py.Py_DecRef(pointer);
    py.Py_DecRef(module);
    return done ? NULL : strdup("look into libpython: the types of _ctypes have another layout");
}

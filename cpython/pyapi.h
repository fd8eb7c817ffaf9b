// pyapi.h: the part of CPython 3.14's C interface that Maestro uses, declared by ourselves. The embedded kit has no
// headers, and libpython is loaded with dlopen, so nothing here is resolved by the linker: each function is called
// through the table `py`, filled once by maestro_py_load.
//
// The layouts are those of the ordinary (GIL) build of 3.14 on 64-bit Linux. A test compares them with real headers
// where there are some.
//
// Notation of the reference comments: "new" is a reference that the caller of the function owns, "borrowed" one that it
// does not, "stolen" one that it gives away. All need an attached thread state unless they say otherwise.
#ifndef MAESTRO_PYAPI_H
#define MAESTRO_PYAPI_H

#include "pyapi_memory.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef ssize_t Py_ssize_t;
typedef Py_ssize_t Py_hash_t;

typedef struct _object PyObject;
typedef struct _typeobject PyTypeObject;
typedef struct _ts PyThreadState;
typedef struct _is PyInterpreterState;
typedef struct _frame PyFrameObject;
typedef struct PyCodeObject PyCodeObject;
typedef struct PyInitConfig PyInitConfig;

// An object's head. The count is read and written by CPython only (Py_IncRef,
// Py_DecRef): immortal objects have their own rules.
struct _object {
    int64_t ob_refcnt;
    PyTypeObject *ob_type;
};

typedef PyObject *(*PyCFunction)(PyObject *, PyObject *);
typedef PyObject *(*vectorcallfunc)(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames);
typedef PyObject *(*newfunc)(PyTypeObject *, PyObject *, PyObject *);
typedef int (*visitproc)(PyObject *, void *);
typedef int (*Py_tracefunc)(PyObject *, PyFrameObject *, int, PyObject *);

typedef enum {
    PyDict_EVENT_ADDED,
    PyDict_EVENT_MODIFIED,
    PyDict_EVENT_DELETED,
    PyDict_EVENT_CLONED,
    PyDict_EVENT_CLEARED,
    PyDict_EVENT_DEALLOCATED,
} PyDict_WatchEvent;
typedef int (*PyDict_WatchCallback)(PyDict_WatchEvent event, PyObject *dict, PyObject *key, PyObject *new_value);

typedef struct PyMethodDef {
    const char *ml_name;
    PyCFunction ml_meth;
    int ml_flags;
    const char *ml_doc;
} PyMethodDef;

typedef struct PyMemberDef {
    const char *name;
    int type;
    Py_ssize_t offset;
    int flags;
    const char *doc;
} PyMemberDef;

typedef struct PyGetSetDef {
    const char *name;
    PyObject *(*get)(PyObject *, void *);
    int (*set)(PyObject *, PyObject *, void *);
    const char *doc;
    void *closure;
} PyGetSetDef;

typedef struct PyModuleDef_Slot {
    int slot;
    void *value;
} PyModuleDef_Slot;

typedef struct PyModuleDef {
    PyObject ob_base;
    PyObject *(*m_init)(void);
    Py_ssize_t m_index;
    PyObject *m_copy;
    const char *m_name;
    const char *m_doc;
    Py_ssize_t m_size;
    PyMethodDef *m_methods;
    PyModuleDef_Slot *m_slots;
    int (*m_traverse)(PyObject *, visitproc, void *);
    int (*m_clear)(PyObject *);
    void (*m_free)(void *);
} PyModuleDef;

typedef struct PyType_Slot {
    int slot;
    void *pfunc;
} PyType_Slot;

typedef struct PyType_Spec {
    const char *name;
    int basicsize;
    int itemsize;
    unsigned int flags;
    PyType_Slot *slots;
} PyType_Spec;

typedef struct PyInterpreterConfig {
    int use_main_obmalloc;
    int allow_fork;
    int allow_exec;
    int allow_threads;
    int allow_daemon_threads;
    int check_multi_interp_extensions;
    int gil;
} PyInterpreterConfig;

typedef struct PyStatus {
    int type; // 0 is success
    const char *func;
    const char *err_msg;
    int exitcode;
} PyStatus;

// A builtin function. m_ml is of its module, static, the same in all interpreters.
typedef struct PyCFunctionObject {
    PyObject ob_base;
    PyMethodDef *m_ml;
    PyObject *m_self;
    PyObject *m_module;
    PyObject *m_weakreflist;
    vectorcallfunc vectorcall;
} PyCFunctionObject;

// An entry of PyImport_Inittab.
struct _inittab {
    const char *name;
    PyObject *(*initfunc)(void);
};

enum {
    PyInterpreterConfig_OWN_GIL = 2,

    METH_VARARGS = 0x0001,
    METH_KEYWORDS = 0x0002,
    METH_NOARGS = 0x0004,
    METH_O = 0x0008,
    METH_FASTCALL = 0x0080,

    Py_mod_exec = 2,
    Py_mod_multiple_interpreters = 3,

    Py_mp_subscript = 5,
    Py_tp_call = 50,
    Py_tp_clear = 51,
    Py_tp_dealloc = 52,
    Py_tp_doc = 56,
    Py_tp_getattro = 58,
    Py_tp_iter = 62,
    Py_tp_iternext = 63,
    Py_tp_methods = 64,
    Py_tp_new = 65,
    Py_tp_repr = 66,
    Py_tp_setattro = 69,
    Py_tp_traverse = 71,
    Py_tp_members = 72,
    Py_tp_getset = 73,
    Py_tp_free = 74,
    Py_am_await = 77,
    Py_tp_finalize = 80,
    Py_am_send = 81,

    Py_T_OBJECT_EX = 16,
    Py_T_PYSSIZET = 19,
    Py_READONLY = 1,

    PYGEN_ERROR = -1,
    PYGEN_RETURN = 0,
    PYGEN_NEXT = 1,

    Py_CONSTANT_NONE = 0,
    Py_CONSTANT_FALSE = 1,
    Py_CONSTANT_TRUE = 2,

    Py_EQ = 2,
    PyTrace_LINE = 2,
};

#define Py_MOD_PER_INTERPRETER_GIL_SUPPORTED ((void *)2)

// Flags of a type, as PyType_GetFlags answers them.
#define Py_TPFLAGS_DISALLOW_INSTANTIATION (1UL << 7)
#define Py_TPFLAGS_IMMUTABLETYPE (1UL << 8)
#define Py_TPFLAGS_BASETYPE (1UL << 10)
#define Py_TPFLAGS_HAVE_VECTORCALL (1UL << 11)
#define Py_TPFLAGS_HAVE_GC (1UL << 14)
#define Py_TPFLAGS_LONG_SUBCLASS (1UL << 24)
#define Py_TPFLAGS_LIST_SUBCLASS (1UL << 25)
#define Py_TPFLAGS_TUPLE_SUBCLASS (1UL << 26)
#define Py_TPFLAGS_BYTES_SUBCLASS (1UL << 27)
#define Py_TPFLAGS_UNICODE_SUBCLASS (1UL << 28)
#define Py_TPFLAGS_DICT_SUBCLASS (1UL << 29)
#define Py_TPFLAGS_BASE_EXC_SUBCLASS (1UL << 30)
#define Py_TPFLAGS_TYPE_SUBCLASS (1UL << 31)

#define PY_VECTORCALL_ARGUMENTS_OFFSET ((size_t)1 << (8 * sizeof(size_t) - 1))
#define PyVectorcall_NARGS(n) ((Py_ssize_t)((n) & ~PY_VECTORCALL_ARGUMENTS_OFFSET))

// Visits a reference from a tp_traverse or m_traverse function whose
// parameters are named visit and arg.
#define MAESTRO_VISIT(object)                              \
    do {                                                   \
        if (object) {                                      \
            int result = visit((PyObject *)(object), arg); \
            if (result)                                    \
                return result;                             \
        }                                                  \
    } while (0)

// The functions: X(type of the result, name, parameters). Names and meaning
// are CPython's; the comments give the reference that comes back.
#define MAESTRO_PY_FUNCTIONS(X)                                                                                           \
    /* start; need no thread state */                                                                                     \
    X(const char *, Py_GetVersion, (void))                                                                                \
    X(PyInitConfig *, PyInitConfig_Create, (void))                                                                        \
    X(void, PyInitConfig_Free, (PyInitConfig *))                                                                          \
    X(int, PyInitConfig_SetInt, (PyInitConfig *, const char *, int64_t))                                                  \
    X(int, PyInitConfig_SetStr, (PyInitConfig *, const char *, const char *))                                             \
    X(int, PyInitConfig_GetError, (PyInitConfig *, const char **))                                                        \
    X(int, Py_InitializeFromInitConfig, (PyInitConfig *))                                                                 \
    X(int, PyImport_AppendInittab, (const char *, PyObject *(*)(void)))                                                   \
    X(void, PyMem_SetAllocator, (PyMemAllocatorDomain, PyMemAllocatorEx *))                                               \
    X(void, PyMem_SetupDebugHooks, (void))                                                                                \
    X(void, PyObject_SetArenaAllocator, (PyObjectArenaAllocator *))                                                       \
    /* interpreters and threads */                                                                                        \
    X(PyStatus, Py_NewInterpreterFromConfig, (PyThreadState **, const PyInterpreterConfig *))                             \
    X(void, Py_EndInterpreter, (PyThreadState *))                                                                         \
    X(PyInterpreterState *, PyInterpreterState_Main, (void)) /* no thread state */                                        \
    X(PyInterpreterState *, PyInterpreterState_Get, (void))                                                               \
    X(PyObject *, PyInterpreterState_GetDict, (PyInterpreterState *))         /* borrowed, or NULL without an error */    \
    X(PyThreadState *, PyInterpreterState_ThreadHead, (PyInterpreterState *)) /* with the GIL it stays at rest */         \
    X(PyThreadState *, PyThreadState_Next, (PyThreadState *))                                                             \
    X(PyFrameObject *, PyThreadState_GetFrame, (PyThreadState *))        /* new, or NULL without an error */              \
    X(PyFrameObject *, PyFrame_GetBack, (PyFrameObject *))               /* new, or NULL without an error */              \
    X(PyCodeObject *, PyFrame_GetCode, (PyFrameObject *))                /* new */                                        \
    X(PyObject *, PyFrame_GetVarString, (PyFrameObject *, const char *)) /* new */                                        \
    X(int, PySys_AddAuditHook, (int (*)(const char *, PyObject *, void *), void *))                                       \
    X(PyThreadState *, PyThreadState_New, (PyInterpreterState *)) /* no thread state */                                   \
    X(void, PyThreadState_Clear, (PyThreadState *))                                                                       \
    X(void, PyThreadState_Delete, (PyThreadState *))                                                                      \
    X(void, PyThreadState_DeleteCurrent, (void))                                                                          \
    X(PyThreadState *, PyThreadState_GetUnchecked, (void))    /* no thread state */                                       \
    X(PyThreadState *, PyThreadState_Swap, (PyThreadState *)) /* no thread state */                                       \
    X(int, PyThreadState_SetAsyncExc, (unsigned long, PyObject *))                                                        \
    X(int, PyErr_CheckSignals, (void))                                                                                    \
    X(int, Py_MakePendingCalls, (void))                                                                                   \
    X(PyThreadState *, PyEval_SaveThread, (void))                                                                         \
    X(void, PyEval_RestoreThread, (PyThreadState *)) /* no thread state */                                                \
    X(void, PyEval_SetTrace, (Py_tracefunc, PyObject *))                                                                  \
    X(void, PyEval_SetTraceAllThreads, (Py_tracefunc, PyObject *))                                                        \
    X(PyObject *, PyEval_GetFrameGlobals, (void))       /* new; NULL without an error when there is no frame */           \
    X(PyObject *, PyEval_GetFrameBuiltins, (void))      /* new */                                                         \
    X(unsigned long, PyThread_get_thread_ident, (void)) /* no thread state */                                             \
    /* objects */                                                                                                         \
    X(void, Py_IncRef, (PyObject *))                                                                                      \
    X(void, Py_DecRef, (PyObject *))                                                                                      \
    X(PyObject *, Py_NewRef, (PyObject *))                                  /* new */                                     \
    X(PyObject *, Py_GetConstantBorrowed, (unsigned int))                   /* borrowed, immortal, the same everywhere */ \
    X(PyObject *, PyObject_GetAttr, (PyObject *, PyObject *))               /* new */                                     \
    X(PyObject *, PyObject_GetAttrString, (PyObject *, const char *))       /* new */                                     \
    X(int, PyObject_GetOptionalAttr, (PyObject *, PyObject *, PyObject **)) /* new in the third: 1, 0, -1 */              \
    X(int, PyObject_GetOptionalAttrString, (PyObject *, const char *, PyObject **)) /* the same */                        \
    X(int, PyObject_SetAttrString, (PyObject *, const char *, PyObject *))                                                \
    X(PyObject *, PyObject_GenericGetAttr, (PyObject *, PyObject *)) /* new */                                            \
    X(int, PyObject_GenericSetAttr, (PyObject *, PyObject *, PyObject *))                                                 \
    X(void, PyObject_ClearWeakRefs, (PyObject *))                                                                         \
    X(int, PyObject_IsInstance, (PyObject *, PyObject *))                                                                 \
    X(int, PyObject_IsTrue, (PyObject *))                                                                                 \
    X(int, PyObject_CheckBuffer, (PyObject *))                                                                            \
    X(int, PyCallable_Check, (PyObject *))                                                                                \
    X(PyObject *, PyObject_Str, (PyObject *))                                                     /* new */               \
    X(PyObject *, PyObject_Repr, (PyObject *))                                                    /* new */               \
    X(PyObject *, PyObject_SelfIter, (PyObject *))                                                /* new */               \
    X(PyObject *, PyObject_GetIter, (PyObject *))                                                 /* new */               \
    X(PyObject *, PyIter_Next, (PyObject *))                                                      /* new */               \
    X(int, PyIter_Send, (PyObject *, PyObject *, PyObject **))                                    /* new in the third */  \
    X(PyObject *, PyObject_Vectorcall, (PyObject *, PyObject *const *, size_t, PyObject *))       /* new */               \
    X(PyObject *, PyObject_VectorcallMethod, (PyObject *, PyObject *const *, size_t, PyObject *)) /* new */               \
    X(PyObject *, PyObject_CallNoArgs, (PyObject *))                                              /* new */               \
    X(PyObject *, PyObject_CallOneArg, (PyObject *, PyObject *))                                  /* new */               \
    X(PyObject *, PyVectorcall_Call, (PyObject *, PyObject *, PyObject *))                        /* new */               \
    X(PyObject *, PyObject_Call, (PyObject *, PyObject *, PyObject *))                            /* new */               \
    X(int, PyObject_IsSubclass, (PyObject *, PyObject *))                                                                 \
    X(void, PyObject_GC_Track, (void *))                                                                                  \
    X(void, PyObject_GC_UnTrack, (void *))                                                                                \
    X(int, PyObject_CallFinalizerFromDealloc, (PyObject *))                                                               \
    X(Py_ssize_t, PyGC_Collect, (void))                                                                                   \
    X(int, PyMapping_GetOptionalItem, (PyObject *, PyObject *, PyObject **)) /* new in the third: 1, 0, -1 */             \
    /* types and modules */                                                                                               \
    X(unsigned long, PyType_GetFlags, (PyTypeObject *))                                                                   \
    X(int, PyType_IsSubtype, (PyTypeObject *, PyTypeObject *))                                                            \
    X(PyObject *, PyType_GetName, (PyTypeObject *))                                              /* new */                \
    X(PyObject *, PyType_GetFullyQualifiedName, (PyTypeObject *))                                /* new */                \
    X(PyObject *, PyType_FromModuleAndSpec, (PyObject *, PyType_Spec *, PyObject *))             /* new */                \
    X(PyObject *, PyType_FromMetaclass, (PyTypeObject *, PyObject *, PyType_Spec *, PyObject *)) /* new */                \
    X(PyObject *, PyType_GenericAlloc, (PyTypeObject *, Py_ssize_t))                             /* new */                \
    X(void *, PyType_GetSlot, (PyTypeObject *, int))                                                                      \
    X(PyObject *, PyType_GetModule, (PyTypeObject *)) /* borrowed */                                                      \
    X(PyObject *, PyModuleDef_Init, (PyModuleDef *))  /* borrowed */                                                      \
    X(void *, PyModule_GetState, (PyObject *))                                                                            \
    X(PyObject *, PyModule_GetDict, (PyObject *)) /* borrowed */                                                          \
    X(int, PyModule_AddObjectRef, (PyObject *, const char *, PyObject *))                                                 \
    X(PyObject *, PyModule_NewObject, (PyObject *))                      /* new */                                        \
    X(PyObject *, PyImport_ImportModule, (const char *))                 /* new */                                        \
    X(PyObject *, PyImport_GetModuleDict, (void))                        /* borrowed */                                   \
    X(PyObject *, PyEval_EvalCode, (PyObject *, PyObject *, PyObject *)) /* new */                                        \
    X(void, PyOS_BeforeFork, (void))                                                                                      \
    X(void, PyOS_AfterFork_Parent, (void))                                                                                \
    X(void, PyOS_AfterFork_Child, (void))                                                                                 \
    X(PyObject *, Py_CompileString, (const char *, const char *, int)) /* new */                                          \
    /* errors */                                                                                                          \
    X(PyObject *, PyErr_Occurred, (void)) /* borrowed */                                                                  \
    X(void, PyErr_Clear, (void))                                                                                          \
    X(void, PyErr_SetNone, (PyObject *))                                                                                  \
    X(void, PyErr_SetString, (PyObject *, const char *))                                                                  \
    X(void, PyErr_SetObject, (PyObject *, PyObject *))                                                                    \
    X(PyObject *, PyErr_Format, (PyObject *, const char *, ...)) /* NULL */                                               \
    X(PyObject *, PyErr_NoMemory, (void))                        /* NULL */                                               \
    X(int, PyErr_WarnFormat, (PyObject *, Py_ssize_t, const char *, ...))                                                 \
    X(int, PyErr_ExceptionMatches, (PyObject *))                                                                          \
    X(int, PyErr_GivenExceptionMatches, (PyObject *, PyObject *))                                                         \
    X(PyObject *, PyErr_GetHandledException, (void)) /* new, or NULL without an error */                                  \
    X(PyObject *, PyErr_GetRaisedException, (void))  /* new */                                                            \
    X(void, PyErr_SetRaisedException, (PyObject *))  /* steals */                                                         \
    X(void, PyErr_Print, (void))                                                                                          \
    X(void, PyErr_WriteUnraisable, (PyObject *))                                                                          \
    X(int, Py_EnterRecursiveCall, (const char *))                                                                         \
    X(void, Py_LeaveRecursiveCall, (void))                                                                                \
    /* context variables */                                                                                               \
    X(PyObject *, PyContext_New, (void))        /* new */                                                                 \
    X(PyObject *, PyContext_Copy, (PyObject *)) /* new */                                                                 \
    X(int, PyContext_Enter, (PyObject *))                                                                                 \
    X(int, PyContext_Exit, (PyObject *))                                                                                  \
    X(PyObject *, PyContextVar_New, (const char *, PyObject *))     /* new */                                             \
    X(int, PyContextVar_Get, (PyObject *, PyObject *, PyObject **)) /* new in the third, or NULL */                       \
    X(PyObject *, PyContextVar_Set, (PyObject *, PyObject *))       /* new: the token */                                  \
    X(int, PyContextVar_Reset, (PyObject *, PyObject *))                                                                  \
    /* text and bytes */                                                                                                  \
    X(PyObject *, PyUnicode_FromStringAndSize, (const char *, Py_ssize_t)) /* new */                                      \
    X(PyObject *, PyUnicode_FromString, (const char *))                    /* new */                                      \
    X(PyObject *, PyUnicode_FromFormat, (const char *, ...))               /* new */                                      \
    X(PyObject *, PyUnicode_InternFromString, (const char *))              /* new */                                      \
    X(void, PyUnicode_InternInPlace, (PyObject **))                                                                       \
    X(PyObject *, PyUnicode_DecodeUTF8, (const char *, Py_ssize_t, const char *))      /* new */                          \
    X(PyObject *, PyUnicode_AsEncodedString, (PyObject *, const char *, const char *)) /* new */                          \
    X(const char *, PyUnicode_AsUTF8AndSize, (PyObject *, Py_ssize_t *))               /* owned by the object */          \
    X(PyObject *, PyBytes_FromStringAndSize, (const char *, Py_ssize_t))               /* new */                          \
    X(int, PyBytes_AsStringAndSize, (PyObject *, char **, Py_ssize_t *))               /* owned by the object */          \
    X(PyObject *, PyMarshal_ReadObjectFromString, (const char *, Py_ssize_t))          /* new */                          \
    X(PyObject *, PyMarshal_WriteObjectToString, (PyObject *, int))                    /* new */                          \
    X(Py_ssize_t, PyUnicode_GetLength, (PyObject *))                                                                      \
    /* numbers */                                                                                                         \
    X(PyObject *, PyLong_FromUnsignedLongLong, (unsigned long long)) /* new */                                            \
    X(PyObject *, PyLong_FromLongLong, (long long))                  /* new */                                            \
    X(unsigned long long, PyLong_AsUnsignedLongLong, (PyObject *))                                                        \
    X(long, PyLong_AsLong, (PyObject *))                                                                                  \
    X(PyObject *, PyFloat_FromDouble, (double)) /* new */                                                                 \
    X(double, PyFloat_AsDouble, (PyObject *))                                                                             \
    /* containers */                                                                                                      \
    X(PyObject *, PyDict_New, (void)) /* new */                                                                           \
    X(int, PyDict_SetItem, (PyObject *, PyObject *, PyObject *))                                                          \
    X(int, PyDict_SetItemString, (PyObject *, const char *, PyObject *))                                                  \
    X(PyObject *, PyDict_GetItemWithError, (PyObject *, PyObject *))         /* borrowed */                               \
    X(int, PyDict_GetItemRef, (PyObject *, PyObject *, PyObject **))         /* new in the third: 1, 0, -1 */             \
    X(int, PyDict_GetItemStringRef, (PyObject *, const char *, PyObject **)) /* the same */                               \
    X(PyObject *, PyDict_Copy, (PyObject *))                                 /* new */                                    \
    X(int, PyDict_DelItem, (PyObject *, PyObject *))                                                                      \
    X(void, PyDict_Clear, (PyObject *))                                                                                   \
    X(int, PyDict_Update, (PyObject *, PyObject *))                                                                       \
    X(int, PyDict_DelItemString, (PyObject *, const char *))                                                              \
    X(int, PyDict_AddWatcher, (PyDict_WatchCallback))                                                                     \
    X(int, PyDict_ClearWatcher, (int))                                                                                    \
    X(int, PyDict_Watch, (int, PyObject *))                                                                               \
    X(int, PyDict_Unwatch, (int, PyObject *))                                                                             \
    X(int, PyDict_Next, (PyObject *, Py_ssize_t *, PyObject **, PyObject **)) /* borrowed */                              \
    X(Py_ssize_t, PyDict_Size, (PyObject *))                                                                              \
    X(PyObject *, PyList_New, (Py_ssize_t)) /* new */                                                                     \
    X(int, PyList_Append, (PyObject *, PyObject *))                                                                       \
    X(int, PyList_SetItem, (PyObject *, Py_ssize_t, PyObject *)) /* steals the item */                                    \
    X(PyObject *, PyList_GetItem, (PyObject *, Py_ssize_t))      /* borrowed */                                           \
    X(PyObject *, PyList_GetItemRef, (PyObject *, Py_ssize_t))   /* new */                                                \
    X(int, PyList_SetSlice, (PyObject *, Py_ssize_t, Py_ssize_t, PyObject *))                                             \
    X(Py_ssize_t, PyList_Size, (PyObject *))                                                                              \
    X(PyObject *, PyTuple_New, (Py_ssize_t))                      /* new */                                               \
    X(PyObject *, PyTuple_Pack, (Py_ssize_t, ...))                /* new */                                               \
    X(PyObject *, PyTuple_GetItem, (PyObject *, Py_ssize_t))      /* borrowed */                                          \
    X(int, PyTuple_SetItem, (PyObject *, Py_ssize_t, PyObject *)) /* steals the item */                                   \
    X(Py_ssize_t, PyTuple_Size, (PyObject *))                                                                             \
    MAESTRO_PY_JSON_FUNCTIONS(X)

// What only the JSON converter needs.
#define MAESTRO_PY_JSON_FUNCTIONS(X)                                                                         \
    X(PyObject *, PyUnicode_New, (Py_ssize_t, uint32_t))      /* new */                                      \
    X(PyObject *, PyUnicode_FromOrdinal, (int))               /* new */                                      \
    X(PyObject *, PyUnicode_FromObject, (PyObject *))         /* new: an exact str */                        \
    X(PyObject *, PyUnicode_Concat, (PyObject *, PyObject *)) /* new */                                      \
    X(int, PyUnicode_IsIdentifier, (PyObject *))                                                             \
    X(long long, PyLong_AsLongLongAndOverflow, (PyObject *, int *))                                          \
    X(Py_ssize_t, PyLong_AsNativeBytes, (PyObject *, void *, Py_ssize_t, int)) /* the size that is needed */ \
    X(PyObject *, PyLong_FromNativeBytes, (const void *, size_t, int))         /* new */                     \
    X(double, PyOS_string_to_double, (const char *, char **, PyObject *))                                    \
    X(char *, PyOS_double_to_string, (double, char, int, int, int *)) /* freed with PyMem_Free */            \
    X(void, PyMem_Free, (void *))                                                                            \
    X(PyObject *, PyMapping_Items, (PyObject *))                              /* new */                      \
    X(PyObject *, PyCFunction_NewEx, (PyMethodDef *, PyObject *, PyObject *)) /* new */

// Objects behind a pointer variable of libpython: static, immortal, shared by
// all interpreters.
#define MAESTRO_PY_EXCEPTIONS(X) \
    X(PyExc_AttributeError)      \
    X(PyExc_BaseException)       \
    X(PyExc_Exception)           \
    X(PyExc_GeneratorExit)       \
    X(PyExc_ImportError)         \
    X(PyExc_KeyError)            \
    X(PyExc_KeyboardInterrupt)   \
    X(PyExc_MemoryError)         \
    X(PyExc_NameError)           \
    X(PyExc_NotImplementedError) \
    X(PyExc_OSError)             \
    X(PyExc_OverflowError)       \
    X(PyExc_RecursionError)      \
    X(PyExc_RuntimeError)        \
    X(PyExc_RuntimeWarning)      \
    X(PyExc_StopIteration)       \
    X(PyExc_SystemExit)          \
    X(PyExc_TypeError)           \
    X(PyExc_ValueError)

// Types that are variables of libpython themselves: static, immortal, shared.
#define MAESTRO_PY_TYPES(X) \
    X(PyAsyncGen_Type)      \
    X(PyBool_Type)          \
    X(PyByteArray_Type)     \
    X(PyBytes_Type)         \
    X(PyCFunction_Type)     \
    X(PyCallIter_Type)      \
    X(PyDict_Type)          \
    X(PyFloat_Type)         \
    X(PyFrozenSet_Type)     \
    X(PyGen_Type)           \
    X(PyList_Type)          \
    X(PyLongRangeIter_Type) \
    X(PyLong_Type)          \
    X(PyModule_Type)        \
    X(PyRangeIter_Type)     \
    X(PySet_Type)           \
    X(PyTuple_Type)         \
    X(PyType_Type)          \
    X(PyUnicode_Type)

// The table. Written once by maestro_py_load, before any other thread reads it.
struct maestro_py {
#define X(result, name, parameters) result(*name) parameters;
    MAESTRO_PY_FUNCTIONS(X)
#undef X
#define X(name) PyObject *name;
    MAESTRO_PY_EXCEPTIONS(X)
#undef X
#define X(name) PyTypeObject *name;
    MAESTRO_PY_TYPES(X)
#undef X
    struct _inittab **inittab;     // PyImport_Inittab
    PyObject *None, *True, *False; // immortal, filled after initialisation
    void *library;                 // what dlopen returned
};
extern struct maestro_py py;

// Loads libpython from path (RTLD_NOW | RTLD_GLOBAL: with RTLD_LOCAL no
// extension module finds the interpreter) and fills py. Returns NULL, or a
// malloc'ed message that the caller frees. No thread state.
char *maestro_py_load(const char *path);

// Reports whether object is an instance of the builtin type with that flag or
// of a subclass of it.
static inline int maestro_has_flag(PyObject *object, unsigned long flag) {
    return (py.PyType_GetFlags(object->ob_type) & flag) != 0;
}

// Gives up a reference that may be NULL and forgets it first, as Py_CLEAR does.
static inline void maestro_clear(PyObject **slot) {
    PyObject *object = *slot;
    *slot = NULL;
    py.Py_DecRef(object);
}

#endif

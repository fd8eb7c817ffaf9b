// json.h: straight between bytes of JSON and Python objects, in both
// directions, with nothing in between.
//
// Reading takes RFC 8259 and nothing else: no NaN, no comments, no trailing
// comma, valid UTF-8 only. What Python has no exact value for is refused as
// well: integers of more than 4,300 digits, reals outside the range of a
// double. Lone surrogates in escapes stay lone surrogates, and a repeated key
// keeps its last value, as with json.loads.
//
// Writing takes what json.dumps takes, without NaN and the infinities; text
// goes out as UTF-8, lone surrogates as escapes. Objects of other types go
// through one Python hook (embed/python/convert.py).
//
// Nesting is at most MAESTRO_JSON_DEPTH in both directions, which also ends
// cycles; on a thread with a small stack it may be a RecursionError before. An attached thread state of the interpreter that
// the struct maestro_json belongs to is needed everywhere but in maestro_json_free.
#ifndef MAESTRO_JSON_H
#define MAESTRO_JSON_H

#include "pyapi.h"

enum {
    MAESTRO_JSON_DEPTH = 512,   // arrays and objects inside each other
    MAESTRO_JSON_DIGITS = 4300, // of an integer
    MAESTRO_JSON_KEYS = 256,    // a power of two
    MAESTRO_JSON_FREE = 65536,  // bytes that a text may have also where memory is short
};

// What the converter keeps per interpreter. All zero is a valid start: there
// is no hook then, and objects of unknown types are refused. Guarded by the
// interpreter's GIL.
struct maestro_json {
    PyObject *convert;                 // strong, or NULL: convert(object) -> a simpler object, or
                                       // the same one when it knows of none
    PyObject *headers;                 // strong, or NULL: the dict type that is looked up in any case
    PyObject *keys[MAESTRO_JSON_KEYS]; // strong or NULL: short ASCII keys met lately
    size_t most;                       // bytes of a text that is written; 0: any number
};

// Sets the hook and the type; either may be NULL. Takes references of its own
// and gives up the former ones.
void maestro_json_set(struct maestro_json *json, PyObject *convert, PyObject *headers);

// Gives up every reference; json is all zero afterwards. To be called before
// the interpreter ends: one reference left keeps all its memory.
void maestro_json_clear(struct maestro_json *json);

// Visits the references for the garbage collector, as a tp_traverse does.
int maestro_json_traverse(struct maestro_json *json, visitproc visit, void *arg);

// Where the objects of the type `headers` are in a text: the offsets of their
// opening braces, ascending. It accompanies the text until that is read again,
// so that the type survives.
struct maestro_json_marks {
    size_t *offsets;
    size_t count, capacity;
};

// Bytes of JSON, with no terminator.
struct maestro_json_text {
    char *data;
    size_t size, capacity, most; // most: as in struct maestro_json
    struct maestro_json_marks marks;
};

// Writes value, a borrowed reference, to *out, which is overwritten without
// being freed. root is the word that denotes the value in messages: "input"
// or "output". Returns 0, and the caller frees *out with maestro_json_free; or
// -1 with a Python exception set and nothing to free: TypeError for a type that
// JSON does not have, ValueError for a value, a depth or a size, any exception of
// the hook, MemoryError. May run Python code, unless all types are exactly str,
// int, float, bool, None, dict, list and tuple.
int maestro_json_dump(struct maestro_json *json, PyObject *value, const char *root, struct maestro_json_text *out);

// Frees the text of maestro_json_dump; *text is empty afterwards. No thread state.
void maestro_json_free(struct maestro_json_text *text);

// How a text is read beyond its bytes. All zero is the plain way. Both parts
// have no effect without a type `headers`.
struct maestro_json_how {
    int request;           // the value of the top-level key "headers" gets that type
    const size_t *offsets; // so do the objects that open at these, ascending; borrowed
    size_t count;
};

// Makes an object of the bytes of JSON at data. how may be NULL. Returns a new
// reference, or NULL with a Python exception set: ValueError with root, the
// reason and the byte, or MemoryError. Runs no Python code but the type
// `headers`.
PyObject *maestro_json_load(struct maestro_json *json, const char *data, size_t size, const char *root,
                            const struct maestro_json_how *how);

#endif

// json_part.h: declarations shared by the files of the converter only.
#ifndef MAESTRO_JSON_PART_H
#define MAESTRO_JSON_PART_H

#include "json.h"

#include <string.h>

// The layout of str. Every object whose type is exactly str is compact: its
// characters follow the head, one, two or four bytes each.
typedef struct PyASCIIObject {
    PyObject ob_base;
    Py_ssize_t length; // in code points
    Py_hash_t hash;
    struct {
        unsigned int interned : 2;
        unsigned int kind : 3; // bytes of one character: 1, 2 or 4
        unsigned int compact : 1;
        unsigned int ascii : 1;
        unsigned int statically_allocated : 1;
        unsigned int : 24;
    } state;
} PyASCIIObject; // the characters of an ASCII str follow

typedef struct PyCompactUnicodeObject {
    PyASCIIObject _base;
    Py_ssize_t utf8_length;
    char *utf8;
} PyCompactUnicodeObject; // the characters of any other str follow

// The characters of an object whose type is exactly str. Borrowed.
static inline void *maestro_str_data(PyObject *text) {
    PyASCIIObject *head = (PyASCIIObject *)text;
    return head->state.ascii ? (void *)(head + 1) : (void *)((PyCompactUnicodeObject *)text + 1);
}

// Set the top bit of each byte of word that is below limit, or equal to byte.
// Exact up to and including the lowest one set, where a borrow cannot reach.
#define MAESTRO_BYTES(byte) (0x0101010101010101ull * (byte))
#define MAESTRO_BELOW(word, limit) (((word) - MAESTRO_BYTES(limit)) & ~(word))
#define MAESTRO_EQUAL(word, byte) MAESTRO_BELOW((word) ^ MAESTRO_BYTES(byte), 1)

// The first byte from at on that is not an ordinary ASCII character of a JSON
// string: a quote, a backslash, a control character, a byte above 127. end when
// there is none. Reads eight at a time, low byte first.
static inline const unsigned char *maestro_json_plain(const unsigned char *at, const unsigned char *end) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        uint64_t special =
            (MAESTRO_BELOW(word, 0x20) | MAESTRO_EQUAL(word, '"') | MAESTRO_EQUAL(word, '\\') | word) & MAESTRO_BYTES(0x80);
        if (special)
            return at + (__builtin_ctzll(special) >> 3);
    }
#endif
    while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return at;
}

// json_number.c

// A number as the reader found it; its grammar has been checked.
struct maestro_json_number {
    const char *start;
    size_t size;
    int negative, real;
    uint64_t digits;  // the significant digits as one integer, when count <= 18
    size_t count;     // of significant digits, with no leading zeros
    int64_t exponent; // of ten, that digits is to be multiplied with; 0 for integers
    int zero;         // all digits are 0
};

// Makes an int or a float: a new reference. NULL with a reason, and no Python
// exception, when Python has no exact value for it; NULL and no reason when an
// exception is set.
PyObject *maestro_json_number(const struct maestro_json_number *number, const char **reason);

enum { MAESTRO_JSON_NUMBER = MAESTRO_JSON_DIGITS + 2 }; // bytes that any number fits in

// Write an int or a finite float, or an instance of a subclass, to at, which
// has room for MAESTRO_JSON_NUMBER bytes. Return the byte behind; NULL when an
// int has too many digits or a Python exception is set.
char *maestro_json_int(char *at, PyObject *number);
char *maestro_json_float(char *at, double number);

// json_path.c

// One step on the way from the root to a value, on the writer's C stack.
struct maestro_json_step {
    const struct maestro_json_step *parent;
    PyObject *key;    // borrowed, or NULL for an item of an array
    Py_ssize_t index; // of the item
};

// Names the place for a person, as in output.items[2].when. New reference.
PyObject *maestro_json_path(const char *root, const struct maestro_json_step *step);

// Sets an exception "place: reason". A %U in the reason stands for the name of
// type, which may be NULL when there is none. Returns -1.
int maestro_json_refuse(const char *root, const struct maestro_json_step *step, PyObject *exception, const char *reason,
                        PyTypeObject *type);

// json_keys.c

// The str for size bytes of ASCII with nothing to escape. New reference.
PyObject *maestro_json_key(struct maestro_json *json, const char *data, size_t size);
PyObject *maestro_json_ascii(const char *data, size_t size);

#endif

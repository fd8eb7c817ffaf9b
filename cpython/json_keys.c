#include "json_part.h"

void maestro_json_set(struct maestro_json *json, PyObject *convert, PyObject *headers) {
    py.Py_IncRef(convert);
    py.Py_IncRef(headers);
    PyObject *former[] = {json->convert, json->headers};
    json->convert = convert;
    json->headers = headers;
    py.Py_DecRef(former[0]);
    py.Py_DecRef(former[1]);
}

void maestro_json_clear(struct maestro_json *json) {
    maestro_clear(&json->convert);
    maestro_clear(&json->headers);
    for (size_t i = 0; i < MAESTRO_JSON_KEYS; i++)
        maestro_clear(&json->keys[i]);
}

int maestro_json_traverse(struct maestro_json *json, visitproc visit, void *arg) {
    MAESTRO_VISIT(json->convert);
    MAESTRO_VISIT(json->headers);
    return 0; // the keys are text: no cycle goes through them
}

PyObject *maestro_json_ascii(const char *data, size_t size) {
    if (size == 1)
        return py.PyUnicode_FromOrdinal(*data); // one object for each, as everywhere in CPython
    PyObject *text = py.PyUnicode_New(size, 0x7f);
    if (text && size)
        memcpy(maestro_str_data(text), data, size);
    return text;
}

enum { LONGEST_KEY = 40 };

// The same keys come again and again, in one text and in the next: a small
// table saves making and hashing them. An entry is overwritten by the next key
// of the same slot, so a text full of different keys costs a little and keeps
// nothing.
PyObject *maestro_json_key(struct maestro_json *json, const char *data, size_t size) {
    if (size == 0 || size > LONGEST_KEY)
        return maestro_json_ascii(data, size);
    uint64_t hash = size;
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        if (size - i >= 8)
            memcpy(&word, data + i, 8);
        else
            memcpy(&word, data + i, size - i);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
    }
    PyObject **slot = &json->keys[(hash >> 40) & (MAESTRO_JSON_KEYS - 1)];
    PyObject *known = *slot;
    if (known && (size_t)((PyASCIIObject *)known)->length == size && memcmp(maestro_str_data(known), data, size) == 0)
        return py.Py_NewRef(known);
    PyObject *key = maestro_json_ascii(data, size);
    if (key) {
        *slot = py.Py_NewRef(key);
        py.Py_DecRef(known);
    }
    return key;
}

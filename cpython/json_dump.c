#include "json_part.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

// A text on its way out.
struct writer {
    struct maestro_json *json;
    struct maestro_json_text *out;
    const char *root;
    int conversions; // of the hook that are under way, one inside the other
};

typedef const struct maestro_json_step step;

static int write_value(struct writer *w, PyObject *value, int depth, step *at);

// Makes room for more bytes. Returns 0, or -1 with an exception.
static int grow(struct maestro_json_text *out, size_t more) {
    if (out->most && out->size + more > out->most + MAESTRO_JSON_FREE) {
        py.PyErr_Format(py.PyExc_ValueError,
                        "a value takes more than %zu MB as JSON, which is the bound; pass a part of it, or the place where "
                        "it is stored",
                        out->most >> 20);
        return -1;
    }
    size_t capacity = out->capacity ? out->capacity * 2 : 256;
    while (capacity - out->size < more)
        capacity *= 2;
    if (out->most && capacity > out->most + MAESTRO_JSON_FREE)
        capacity = out->most + MAESTRO_JSON_FREE;
    char *data = capacity <= MAESTRO_JSON_FREE || maestro_memory_room(capacity) ? realloc(out->data, capacity) : NULL;
    if (!data) {
        py.PyErr_NoMemory();
        return -1;
    }
    out->data = data;
    out->capacity = capacity;
    return 0;
}

static inline int reserve(struct maestro_json_text *out, size_t more) {
    return out->capacity - out->size < more ? grow(out, more) : 0;
}

static inline int put(struct maestro_json_text *out, char byte) {
    if (reserve(out, 1) < 0)
        return -1;
    out->data[out->size++] = byte;
    return 0;
}

static int put_all(struct maestro_json_text *out, const char *bytes, size_t size) {
    if (reserve(out, size) < 0)
        return -1;
    memcpy(out->data + out->size, bytes, size);
    out->size += size;
    return 0;
}

static char *put_unit(char *at, uint32_t unit) {
    static const char digits[] = "0123456789abcdef";
    *at++ = '\\';
    *at++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4)
        *at++ = digits[unit >> shift & 15];
    return at;
}

// Writes one character of a string in at most six bytes.
static char *put_character(char *at, uint32_t code) {
    if (code < 0x20 || code == '"' || code == '\\') {
        static const char short_forms[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
        char letter = code < 0x20 ? short_forms[code] : (char)code;
        if (!letter)
            return put_unit(at, code);
        *at++ = '\\';
        *at++ = letter;
    } else if (code < 0x80) {
        *at++ = (char)code;
    } else if (code < 0x800) {
        *at++ = (char)(0xc0 | code >> 6);
        *at++ = (char)(0x80 | (code & 0x3f));
    } else if (code >= 0xd800 && code <= 0xdfff) {
        return put_unit(at, code); // UTF-8 has no form for half a pair
    } else if (code < 0x10000) {
        *at++ = (char)(0xe0 | code >> 12);
        *at++ = (char)(0x80 | (code >> 6 & 0x3f));
        *at++ = (char)(0x80 | (code & 0x3f));
    } else {
        *at++ = (char)(0xf0 | code >> 18);
        *at++ = (char)(0x80 | (code >> 12 & 0x3f));
        *at++ = (char)(0x80 | (code >> 6 & 0x3f));
        *at++ = (char)(0x80 | (code & 0x3f));
    }
    return at;
}

static int write_ascii(struct maestro_json_text *out, const unsigned char *at, size_t size) {
    const unsigned char *end = at + size;
    if (reserve(out, size + 2) < 0)
        return -1;
    out->data[out->size++] = '"';
    for (;;) {
        const unsigned char *plain = maestro_json_plain(at, end);
        memcpy(out->data + out->size, at, (size_t)(plain - at));
        out->size += (size_t)(plain - at);
        if (plain == end)
            break;
        if (reserve(out, 6 + (size_t)(end - plain) + 1) < 0)
            return -1;
        out->size = (size_t)(put_character(out->data + out->size, *plain) - out->data);
        at = plain + 1;
    }
    out->data[out->size++] = '"';
    return 0;
}

// Writes an object whose type is exactly str.
static int write_string(struct maestro_json_text *out, PyObject *text) {
    const PyASCIIObject *head = (PyASCIIObject *)text;
    const void *data = maestro_str_data(text);
    if (head->state.ascii)
        return write_ascii(out, data, (size_t)head->length);
    if (put(out, '"') < 0)
        return -1;
    for (Py_ssize_t i = 0; i < head->length;) {
        Py_ssize_t stop = i + 512 < head->length ? i + 512 : head->length;
        if (reserve(out, (size_t)(stop - i) * 6) < 0)
            return -1;
        char *at = out->data + out->size;
        if (head->state.kind == 1)
            for (; i < stop; i++)
                at = put_character(at, ((const uint8_t *)data)[i]);
        else if (head->state.kind == 2)
            for (; i < stop; i++)
                at = put_character(at, ((const uint16_t *)data)[i]);
        else
            for (; i < stop; i++)
                at = put_character(at, ((const uint32_t *)data)[i]);
        out->size = (size_t)(at - out->data);
    }
    return put(out, '"');
}

// Writes a str or an instance of a subclass of it.
static int write_text(struct maestro_json_text *out, PyObject *text) {
    PyObject *exact = py.PyUnicode_FromObject(text);
    int result = exact ? write_string(out, exact) : -1;
    py.Py_DecRef(exact);
    return result;
}

// Writes an int or an instance of a subclass of it.
static int write_int(struct writer *w, PyObject *number, step *at) {
    if (reserve(w->out, MAESTRO_JSON_NUMBER) < 0)
        return -1;
    char *end = maestro_json_int(w->out->data + w->out->size, number);
    if (end) {
        w->out->size = (size_t)(end - w->out->data);
        return 0;
    }
    if (py.PyErr_Occurred())
        return -1;
    return maestro_json_refuse(w->root, at, py.PyExc_ValueError, "an integer of more than 4300 digits", NULL);
}

// Writes a float or an instance of a subclass of it.
static int write_float(struct writer *w, PyObject *number, step *at) {
    double value = py.PyFloat_AsDouble(number);
    if (!isfinite(value)) {
        const char *reason =
            isnan(value) ? "nan is not a JSON value; make it None" : "an infinity is not a JSON value; make it None";
        return maestro_json_refuse(w->root, at, py.PyExc_ValueError, reason, NULL);
    }
    if (reserve(w->out, 64) < 0)
        return -1;
    char *end = maestro_json_float(w->out->data + w->out->size, value);
    if (!end)
        return -1;
    w->out->size = (size_t)(end - w->out->data);
    return 0;
}

// True, False and None. Returns 1 when value is none of them.
static int write_constant(struct maestro_json_text *out, PyObject *value) {
    if (value == py.True)
        return put_all(out, "true", 4);
    if (value == py.False)
        return put_all(out, "false", 5);
    if (value == py.None)
        return put_all(out, "null", 4);
    return 1;
}

static int refuse_key(struct writer *w, PyObject *key, step *parent) {
    return maestro_json_refuse(w->root, parent, py.PyExc_TypeError, "a key of type %U, where JSON has text only",
                               key->ob_type);
}

// Writes the key of an object: as json.dumps does, and where that refuses it, as
// converted by the hook if the result is a key of json.dumps. Bytes are refused: their
// base64 is hardly the key that is meant. original is the key that key was converted from.
static int write_key(struct writer *w, PyObject *key, PyObject *original, step *parent) {
    if (key->ob_type == py.PyUnicode_Type)
        return write_string(w->out, key);
    if (maestro_has_flag(key, Py_TPFLAGS_UNICODE_SUBCLASS))
        return write_text(w->out, key);
    step at = {parent, key, 0};
    int whole = maestro_has_flag(key, Py_TPFLAGS_LONG_SUBCLASS);
    if (whole || key == py.None || py.PyType_IsSubtype(key->ob_type, py.PyFloat_Type)) {
        if (put(w->out, '"') < 0)
            return -1;
        int result = write_constant(w->out, key);
        if (result > 0)
            result = whole ? write_int(w, key, &at) : write_float(w, key, &at);
        return result < 0 ? -1 : put(w->out, '"');
    }
    if (!w->json->convert || maestro_has_flag(key, Py_TPFLAGS_BYTES_SUBCLASS) || w->conversions > MAESTRO_JSON_DEPTH)
        return refuse_key(w, original, parent);
    PyObject *simpler = py.PyObject_CallOneArg(w->json->convert, key);
    if (!simpler)
        return -1;
    w->conversions++;
    int result = simpler == key ? refuse_key(w, original, parent) : write_key(w, simpler, original, parent);
    w->conversions--;
    py.Py_DecRef(simpler);
    return result;
}

// Writes one member of an object, with the comma before it.
static int write_member(struct writer *w, PyObject *key, PyObject *value, int first, int depth, step *parent) {
    step at = {parent, key, 0};
    if ((!first && put(w->out, ',') < 0) || write_key(w, key, key, parent) < 0 || put(w->out, ':') < 0)
        return -1;
    return write_value(w, value, depth + 1, &at);
}

static int write_dict(struct writer *w, PyObject *dict, int depth, step *at) {
    Py_ssize_t position = 0, size = py.PyDict_Size(dict);
    PyObject *key, *value;
    int first = 1;
    if (put(w->out, '{') < 0)
        return -1;
    while (py.PyDict_Next(dict, &position, &key, &value)) {
        // The hook may run inside, and change the dict.
        py.Py_IncRef(key);
        py.Py_IncRef(value);
        int result = write_member(w, key, value, first, depth, at);
        py.Py_DecRef(value);
        py.Py_DecRef(key);
        if (result < 0)
            return -1;
        if (py.PyDict_Size(dict) != size)
            return maestro_json_refuse(w->root, at, py.PyExc_RuntimeError, "the dict changed size while it was read", NULL);
        first = 0;
    }
    return put(w->out, '}');
}

// Writes an instance of a subclass of dict, which may have an order, or a
// content, of its own: through its items(), as json.dumps does.
static int write_items(struct writer *w, PyObject *dict, int depth, step *at) {
    PyObject *items = py.PyMapping_Items(dict);
    if (!items)
        return -1;
    int result = put(w->out, '{');
    for (Py_ssize_t i = 0; !result && i < py.PyList_Size(items); i++) {
        PyObject *item = py.PyList_GetItemRef(items, i);
        if (!item)
            result = -1;
        else if (item->ob_type != py.PyTuple_Type || py.PyTuple_Size(item) != 2)
            result = maestro_json_refuse(w->root, at, py.PyExc_TypeError, "items() of %U gives no pairs", dict->ob_type);
        else
            result = write_member(w, py.PyTuple_GetItem(item, 0), py.PyTuple_GetItem(item, 1), i == 0, depth, at);
        py.Py_DecRef(item);
    }
    py.Py_DecRef(items);
    return result < 0 ? -1 : put(w->out, '}');
}

static int mark(struct maestro_json_text *out) {
    struct maestro_json_marks *marks = &out->marks;
    if (marks->count == marks->capacity) {
        size_t capacity = marks->capacity ? marks->capacity * 2 : 4;
        size_t *offsets = realloc(marks->offsets, capacity * sizeof *offsets);
        if (!offsets) {
            py.PyErr_NoMemory();
            return -1;
        }
        marks->offsets = offsets;
        marks->capacity = capacity;
    }
    marks->offsets[marks->count++] = out->size;
    return 0;
}

static int write_list(struct writer *w, PyObject *list, int depth, step *parent) {
    if (put(w->out, '[') < 0)
        return -1;
    for (Py_ssize_t i = 0; i < py.PyList_Size(list); i++) { // its size may change meanwhile
        step at = {parent, NULL, i};
        PyObject *item = py.PyList_GetItemRef(list, i);
        if (!item)
            return -1;
        int result = i && put(w->out, ',') < 0 ? -1 : write_value(w, item, depth + 1, &at);
        py.Py_DecRef(item);
        if (result < 0)
            return -1;
    }
    return put(w->out, ']');
}

static int write_tuple(struct writer *w, PyObject *tuple, int depth, step *parent) {
    Py_ssize_t size = py.PyTuple_Size(tuple);
    if (put(w->out, '[') < 0)
        return -1;
    for (Py_ssize_t i = 0; i < size; i++) { // its items are its own for as long as it lives
        step at = {parent, NULL, i};
        if ((i && put(w->out, ',') < 0) || write_value(w, py.PyTuple_GetItem(tuple, i), depth + 1, &at) < 0)
            return -1;
    }
    return put(w->out, ']');
}

static int write_open(struct writer *w, PyObject *value, int depth, step *at) {
    if (value->ob_type == py.PyDict_Type)
        return write_dict(w, value, depth, at);
    if ((PyObject *)value->ob_type == w->json->headers)
        return mark(w->out) < 0 ? -1 : write_dict(w, value, depth, at);
    if (maestro_has_flag(value, Py_TPFLAGS_DICT_SUBCLASS))
        return write_items(w, value, depth, at);
    if (maestro_has_flag(value, Py_TPFLAGS_LIST_SUBCLASS))
        return write_list(w, value, depth, at);
    return write_tuple(w, value, depth, at);
}

static int write_container(struct writer *w, PyObject *value, int depth, step *at) {
    if (depth == MAESTRO_JSON_DEPTH)
        return maestro_json_refuse(w->root, at, py.PyExc_ValueError, "nested more than 512 deep, or within itself", NULL);
    // A thread of Python's own may have a small stack: CPython knows its end.
    if (py.Py_EnterRecursiveCall(" while writing JSON"))
        return -1;
    int result = write_open(w, value, depth, at);
    py.Py_LeaveRecursiveCall();
    return result;
}

// Writes an instance of a subclass of a builtin type as that type. Returns 1
// when value is no such thing.
static int write_base(struct writer *w, PyObject *value, int depth, step *at) {
    unsigned long flags = py.PyType_GetFlags(value->ob_type);
    if (flags & (Py_TPFLAGS_DICT_SUBCLASS | Py_TPFLAGS_LIST_SUBCLASS | Py_TPFLAGS_TUPLE_SUBCLASS))
        return write_container(w, value, depth, at);
    if (flags & Py_TPFLAGS_UNICODE_SUBCLASS)
        return write_text(w->out, value);
    if (flags & Py_TPFLAGS_LONG_SUBCLASS)
        return write_int(w, value, at);
    if (py.PyType_IsSubtype(value->ob_type, py.PyFloat_Type))
        return write_float(w, value, at);
    return 1;
}

// Refuses an object. One that gives its items is a slip that has an easy remedy, as
// where a function is called with a generator or the keys of a dict.
static int refuse_object(struct writer *w, PyObject *value, step *at) {
    const char *reason = "object of type %U is not a JSON value";
    if (py.PyType_GetSlot(value->ob_type, Py_tp_iter)) {
        PyObject *keys = NULL;
        int mapping = py.PyObject_GetOptionalAttrString((PyObject *)value->ob_type, "keys", &keys);
        if (mapping < 0)
            return -1;
        py.Py_DecRef(keys);
        reason = mapping ? "object of type %U is not a JSON value; make it a dict"
                         : "object of type %U is not a JSON value; make it a list";
    }
    return maestro_json_refuse(w->root, at, py.PyExc_TypeError, reason, value->ob_type);
}

// Writes an object of any other type, as converted by the hook.
static int write_converted(struct writer *w, PyObject *value, int depth, step *at) {
    int result = 1;
    PyObject *simpler = NULL;
    if (w->json->convert) {
        // The hook may answer with something that needs it again, for ever.
        if (w->conversions > MAESTRO_JSON_DEPTH)
            return maestro_json_refuse(w->root, at, py.PyExc_ValueError, "nested more than 512 deep, or within itself",
                                       NULL);
        if (!(simpler = py.PyObject_CallOneArg(w->json->convert, value)))
            return -1;
    }
    if (simpler && simpler != value) {
        w->conversions++;
        result = write_value(w, simpler, depth, at);
        w->conversions--;
    } else if ((result = write_base(w, value, depth, at)) > 0) {
        result = refuse_object(w, value, at);
    }
    py.Py_DecRef(simpler);
    return result;
}

// Writes value, depth being the number of arrays and objects around it. The
// caller holds a reference to value for as long as it takes.
static int write_value(struct writer *w, PyObject *value, int depth, step *at) {
    PyTypeObject *type = value->ob_type;
    if (type == py.PyUnicode_Type)
        return write_string(w->out, value);
    if (type == py.PyLong_Type)
        return write_int(w, value, at);
    if (type == py.PyDict_Type || type == py.PyList_Type || type == py.PyTuple_Type)
        return write_container(w, value, depth, at);
    if (type == py.PyFloat_Type)
        return write_float(w, value, at);
    int result = write_constant(w->out, value);
    // An Enum, whose value counts and not its base, has a metaclass of its own:
    // a class of the ordinary one needs no Python code.
    if (result > 0 && ((PyObject *)type)->ob_type == py.PyType_Type)
        result = write_base(w, value, depth, at);
    return result > 0 ? write_converted(w, value, depth, at) : result;
}

int maestro_json_dump(struct maestro_json *json, PyObject *value, const char *root, struct maestro_json_text *out) {
    *out = (struct maestro_json_text){.most = json->most};
    struct writer w = {.json = json, .out = out, .root = root};
    if (write_value(&w, value, 0, NULL) == 0)
        return 0;
    maestro_json_free(out);
    return -1;
}

void maestro_json_free(struct maestro_json_text *text) {
    free(text->data);
    free(text->marks.offsets);
    *text = (struct maestro_json_text){0};
}

#include "json_part.h"

#include <stdlib.h>

// A text on its way in. The items of arrays that are still open lie on the
// stack, one array's above those of the array around it; a list is made when
// its length is known.
struct reader {
    struct maestro_json *json;
    const unsigned char *start, *at, *end;
    const char *root;
    const size_t *mark, *marks_end; // the objects that become `headers`, ascending
    PyObject **stack;               // strong
    size_t count, capacity;
    PyObject *room[32]; // the stack until it has to grow
};

static PyObject *read_value(struct reader *r, int depth);

static PyObject *refuse(struct reader *r, const char *reason) {
    return py.PyErr_Format(py.PyExc_ValueError, "%s: %s at byte %zd", r->root, reason, (Py_ssize_t)(r->at - r->start));
}

static int push(struct reader *r, PyObject *item) {
    if (r->count == r->capacity) {
        size_t capacity = 2 * r->capacity;
        PyObject **grown = realloc(r->stack == r->room ? NULL : r->stack, capacity * sizeof *grown);
        if (!grown) {
            py.PyErr_NoMemory();
            return -1;
        }
        if (r->stack == r->room)
            memcpy(grown, r->room, sizeof r->room);
        r->stack = grown;
        r->capacity = capacity;
    }
    r->stack[r->count++] = item;
    return 0;
}

// Gives up the items above base and returns NULL.
static PyObject *drop(struct reader *r, size_t base) {
    while (r->count > base)
        py.Py_DecRef(r->stack[--r->count]);
    return NULL;
}

static inline void skip_space(struct reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

// The next byte that is no space, or -1 at the end.
static inline int peek(struct reader *r) {
    skip_space(r);
    return r->at < r->end ? *r->at : -1;
}

static inline int continues(const unsigned char *at, unsigned char low, unsigned char high) {
    return *at >= low && *at <= high;
}

// Reads one character above 127. Returns its size, or 0 when it is not valid
// UTF-8 (overlong, a surrogate, beyond the last code point, cut off).
static int utf8(const unsigned char *at, const unsigned char *end, uint32_t *code) {
    unsigned char lead = at[0];
    if (lead >= 0xc2 && lead <= 0xdf && end - at >= 2 && continues(at + 1, 0x80, 0xbf)) {
        *code = (lead & 0x1fu) << 6 | (at[1] & 0x3fu);
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef && end - at >= 3 &&
        continues(at + 1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) && continues(at + 2, 0x80, 0xbf)) {
        *code = (lead & 0xfu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4 && end - at >= 4 &&
        continues(at + 1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) && continues(at + 2, 0x80, 0xbf) &&
        continues(at + 3, 0x80, 0xbf)) {
        *code = (lead & 7u) << 18 | (at[1] & 0x3fu) << 12 | (at[2] & 0x3fu) << 6 | (at[3] & 0x3fu);
        return 4;
    }
    return 0;
}

// Reads "uXXXX". Returns the code unit, or -1.
static int hex4(const unsigned char *at, const unsigned char *end) {
    if (end - at < 5 || at[0] != 'u')
        return -1;
    int code = 0;
    for (int i = 1; i <= 4; i++) {
        unsigned char c = at[i], lower = c | 0x20;
        if (c >= '0' && c <= '9')
            code = code << 4 | (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            code = code << 4 | (lower - 'a' + 10);
        else
            return -1;
    }
    return code;
}

// Reads an escape, at being behind the backslash; two that are halves of a
// pair become one character. Returns its size, or 0.
static int escape(const unsigned char *at, const unsigned char *end, uint32_t *code) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (at == end)
        return 0;
    if (*at != 'u') {
        const char *letter = *at ? strchr(letters, *at) : NULL;
        if (!letter)
            return 0;
        *code = (uint32_t)meanings[letter - letters];
        return 1;
    }
    int unit = hex4(at, end);
    if (unit < 0)
        return 0;
    *code = (uint32_t)unit;
    if (unit >= 0xd800 && unit <= 0xdbff && end - at > 5 && at[5] == '\\') {
        int low = hex4(at + 6, end);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *code = 0x10000u + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
            return 11;
        }
    }
    return 5;
}

// Fills text from the part of a string between at and end, which measure has
// found valid.
static void fill(PyObject *text, const unsigned char *at, const unsigned char *end) {
    unsigned int kind = ((PyASCIIObject *)text)->state.kind;
    void *data = maestro_str_data(text);
    size_t i = 0;
    while (at < end) {
        uint32_t code = *at;
        if (code == '\\')
            at += 1 + escape(at + 1, end, &code);
        else if (code < 0x80)
            at++;
        else
            at += utf8(at, end, &code);
        if (kind == 1)
            ((uint8_t *)data)[i++] = (uint8_t)code;
        else if (kind == 2)
            ((uint16_t *)data)[i++] = (uint16_t)code;
        else
            ((uint32_t *)data)[i++] = code;
    }
}

// Reads a string whose opening quote is at r->at.
static PyObject *read_string(struct reader *r, int key) {
    const unsigned char *first = ++r->at;
    size_t count = 0;
    uint32_t highest = 0;
    for (;;) {
        const unsigned char *plain = maestro_json_plain(r->at, r->end);
        count += (size_t)(plain - r->at);
        r->at = plain;
        if (plain == r->end)
            return refuse(r, "a string has no end");
        if (*plain == '"')
            break;
        uint32_t code;
        int size;
        if (*plain == '\\') {
            size = escape(plain + 1, r->end, &code);
            if (!size)
                return refuse(r, "an unknown escape");
            size++;
        } else if (*plain < 0x20) {
            return refuse(r, "a control character in a string");
        } else if ((size = utf8(plain, r->end, &code)) == 0) {
            return refuse(r, "invalid UTF-8");
        }
        if (code > highest)
            highest = code;
        count++;
        r->at += size;
    }
    const unsigned char *last = r->at++;
    if ((size_t)(last - first) == count) // one byte each: ASCII with no escape
        return key ? maestro_json_key(r->json, (const char *)first, count) : maestro_json_ascii((const char *)first, count);
    if (count == 1)
        highest = 0x10ffff; // replaced below by CPython's own object for it
    PyObject *text = py.PyUnicode_New((Py_ssize_t)count, highest < 0x80 ? 0x7f : highest);
    if (!text)
        return NULL;
    fill(text, first, last);
    if (count == 1) {
        PyObject *wide = text;
        text = py.PyUnicode_FromOrdinal((int)*(uint32_t *)maestro_str_data(wide));
        py.Py_DecRef(wide);
    }
    return text;
}

static inline int digit_at(struct reader *r) { return r->at < r->end && *r->at >= '0' && *r->at <= '9'; }

// Takes over a run of digits; significant ones are collected in number.
static void read_digits(struct reader *r, struct maestro_json_number *number) {
    for (; digit_at(r); r->at++) {
        if (*r->at == '0' && !number->count)
            continue;
        if (++number->count <= 18)
            number->digits = number->digits * 10 + (uint64_t)(*r->at - '0');
    }
}

static PyObject *read_number(struct reader *r) {
    struct maestro_json_number number = {.start = (const char *)r->at};
    if (*r->at == '-') {
        number.negative = 1;
        r->at++;
    }
    if (!digit_at(r))
        return refuse(r, "a digit was expected");
    if (*r->at == '0') {
        r->at++;
        if (digit_at(r))
            return refuse(r, "a number starts with 0");
    }
    read_digits(r, &number);
    if (r->at < r->end && *r->at == '.') {
        number.real = 1;
        r->at++;
        if (!digit_at(r))
            return refuse(r, "a digit was expected");
        const unsigned char *point = r->at;
        read_digits(r, &number);
        number.exponent = point - r->at;
    }
    number.zero = number.count == 0;
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        number.real = 1;
        r->at++;
        int negative = r->at < r->end && *r->at == '-';
        if (r->at < r->end && (*r->at == '-' || *r->at == '+'))
            r->at++;
        if (!digit_at(r))
            return refuse(r, "a digit was expected");
        int64_t exponent = 0; // more digits than these make up for no length of text
        for (; digit_at(r); r->at++)
            if (exponent < 1000000000000)
                exponent = exponent * 10 + (*r->at - '0');
        number.exponent += negative ? -exponent : exponent;
    }
    if (number.zero)
        number.exponent = 0;
    number.size = (size_t)((const char *)r->at - number.start);
    const char *reason = NULL;
    PyObject *value = maestro_json_number(&number, &reason);
    if (!value && reason) {
        r->at = (const unsigned char *)number.start;
        return refuse(r, reason);
    }
    return value;
}

static PyObject *read_word(struct reader *r, const char *word, PyObject *value) {
    size_t size = strlen(word);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0)
        return refuse(r, "a value was expected");
    r->at += size;
    return value; // immortal: no reference to count
}

static PyObject *read_array(struct reader *r, int depth) {
    size_t base = r->count;
    r->at++;
    if (peek(r) == ']') {
        r->at++;
        return py.PyList_New(0);
    }
    for (;;) {
        PyObject *item = read_value(r, depth + 1);
        if (!item)
            return drop(r, base);
        if (push(r, item) < 0) {
            py.Py_DecRef(item);
            return drop(r, base);
        }
        int next = peek(r);
        if (next != ',' && next != ']') {
            refuse(r, "a comma or a ] was expected");
            return drop(r, base);
        }
        r->at++;
        if (next == ']')
            break;
    }
    PyObject *list = py.PyList_New((Py_ssize_t)(r->count - base));
    if (!list)
        return drop(r, base);
    for (size_t i = base; i < r->count; i++)
        py.PyList_SetItem(list, (Py_ssize_t)(i - base), r->stack[i]);
    r->count = base;
    return list;
}

// Reads one "key": value into dict. Returns 0, or -1 with an exception.
static int read_member(struct reader *r, PyObject *dict, int depth) {
    if (peek(r) != '"') {
        refuse(r, "a key in quotes was expected");
        return -1;
    }
    PyObject *key = read_string(r, 1), *value = NULL;
    int result = -1;
    if (!key)
        return -1;
    if (peek(r) != ':') {
        refuse(r, "a colon was expected");
    } else {
        r->at++;
        value = read_value(r, depth + 1);
        if (value)
            result = py.PyDict_SetItem(dict, key, value);
    }
    py.Py_DecRef(value);
    py.Py_DecRef(key);
    return result;
}

// Steals dict and returns it as the type `headers`: a new reference or NULL.
static PyObject *any_case(struct reader *r, PyObject *dict) {
    PyObject *headers = py.PyObject_CallOneArg(r->json->headers, dict);
    py.Py_DecRef(dict);
    return headers;
}

static PyObject *read_object(struct reader *r, int depth) {
    size_t offset = (size_t)(r->at - r->start);
    while (r->mark < r->marks_end && *r->mark < offset)
        r->mark++;
    int marked = r->mark < r->marks_end && *r->mark == offset;
    PyObject *dict = py.PyDict_New();
    if (!dict)
        return NULL;
    r->at++;
    if (peek(r) == '}') {
        r->at++;
        return marked ? any_case(r, dict) : dict;
    }
    for (;;) {
        if (read_member(r, dict, depth) < 0)
            break;
        int next = peek(r);
        if (next != ',' && next != '}') {
            refuse(r, "a comma or a } was expected");
            break;
        }
        r->at++;
        if (next == '}')
            return marked ? any_case(r, dict) : dict;
    }
    py.Py_DecRef(dict);
    return NULL;
}

static PyObject *read_container(struct reader *r, int opening, int depth) {
    if (depth == MAESTRO_JSON_DEPTH)
        return refuse(r, "nested more than 512 deep");
    // A thread of Python's own may have a small stack: CPython knows its end.
    if (py.Py_EnterRecursiveCall(" while reading JSON"))
        return NULL;
    PyObject *container = opening == '{' ? read_object(r, depth) : read_array(r, depth);
    py.Py_LeaveRecursiveCall();
    return container;
}

// Reads the next value, depth being the number of arrays and objects around it.
static PyObject *read_value(struct reader *r, int depth) {
    int next = peek(r);
    switch (next) {
    case '"':
        return read_string(r, 0);
    case '{':
    case '[':
        return read_container(r, next, depth);
    case 't':
        return read_word(r, "true", py.True);
    case 'f':
        return read_word(r, "false", py.False);
    case 'n':
        return read_word(r, "null", py.None);
    case '-':
    case '0' ... '9':
        return read_number(r);
    default:
        return refuse(r, next < 0 ? "the text ends where a value was expected" : "a value was expected");
    }
}

// Gives the value of the top-level key "headers" its type. Steals value.
static PyObject *read_request(struct reader *r, PyObject *value) {
    PyObject *headers = NULL;
    if (value->ob_type != py.PyDict_Type)
        return value;
    int found = py.PyDict_GetItemStringRef(value, "headers", &headers);
    if (found > 0 && headers->ob_type == py.PyDict_Type) {
        headers = any_case(r, headers);
        found = headers ? py.PyDict_SetItemString(value, "headers", headers) : -1;
    }
    py.Py_DecRef(headers);
    if (found < 0)
        maestro_clear(&value);
    return value;
}

PyObject *maestro_json_load(struct maestro_json *json, const char *data, size_t size, const char *root,
                            const struct maestro_json_how *how) {
    const unsigned char *start = (const unsigned char *)data;
    struct reader r = {.json = json, .start = start, .at = start, .end = start + size, .root = root};
    r.stack = r.room;
    r.capacity = sizeof r.room / sizeof *r.room;
    if (how && json->headers && how->count) {
        r.mark = how->offsets;
        r.marks_end = how->offsets + how->count;
    }
    PyObject *value = read_value(&r, 0);
    if (value && peek(&r) >= 0) {
        py.Py_DecRef(value);
        value = refuse(&r, "more text after the value");
    }
    if (r.stack != r.room)
        free(r.stack);
    return value && how && how->request && json->headers ? read_request(&r, value) : value;
}

#include "json_part.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// Py_ASNATIVEBYTES_LITTLE_ENDIAN, two's complement.
#define LITTLE_ENDIAN_SIGNED 1

// The powers of ten that a double holds exactly.
static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { EXACT_POWER = 22 };

// An integer of more than 64 bits: little-endian words of 32 bits, two's
// complement. 4,300 digits are 14,285 bits, which leaves room for the sign.
enum { WORDS = 448, CHUNK_DIGITS = 9, CHUNK = 1000000000 };

static void negate(uint32_t words[WORDS]) {
    uint64_t carry = 1;
    for (int i = 0; i < WORDS; i++) {
        carry += (uint32_t)~words[i];
        words[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

// CPython's own way from text to int would obey sys.set_int_max_str_digits,
// which belongs to the function that runs.
static PyObject *big_int(const char *digits, size_t count, int negative) {
    uint32_t words[WORDS] = {0};
    int used = 0;
    while (count) {
        size_t take = count % CHUNK_DIGITS ? count % CHUNK_DIGITS : CHUNK_DIGITS;
        uint64_t carry = 0, scale = 1;
        for (size_t i = 0; i < take; i++) {
            carry = carry * 10 + (uint64_t)(*digits++ - '0');
            scale *= 10;
        }
        count -= take;
        for (int i = 0; i < used; i++) {
            carry += words[i] * scale;
            words[i] = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry)
            words[used++] = (uint32_t)carry;
    }
    if (negative)
        negate(words);
    return py.PyLong_FromNativeBytes(words, sizeof words, LITTLE_ENDIAN_SIGNED);
}

static PyObject *slow_float(const struct maestro_json_number *number, const char **reason) {
    char room[64], *text = number->size < sizeof room ? room : malloc(number->size + 1);
    if (!text)
        return py.PyErr_NoMemory();
    memcpy(text, number->start, number->size);
    text[number->size] = 0;
    double value = py.PyOS_string_to_double(text, NULL, NULL);
    if (text != room)
        free(text);
    if (value == -1.0 && py.PyErr_Occurred())
        return NULL;
    if (isinf(value) || (value == 0 && !number->zero)) {
        *reason = "a number outside the range of a double";
        return NULL;
    }
    return py.PyFloat_FromDouble(value);
}

PyObject *maestro_json_number(const struct maestro_json_number *number, const char **reason) {
    if (number->real) {
        // Both factors are exact, so the one rounding gives the nearest double.
        if (number->count <= 15 && number->exponent >= -EXACT_POWER && number->exponent <= EXACT_POWER) {
            double value = (double)number->digits;
            value = number->exponent < 0 ? value / powers[-number->exponent] : value * powers[number->exponent];
            return py.PyFloat_FromDouble(number->negative ? -value : value);
        }
        return slow_float(number, reason);
    }
    if (number->count <= 18)
        return py.PyLong_FromLongLong(number->negative ? -(long long)number->digits : (long long)number->digits);
    if (number->count > MAESTRO_JSON_DIGITS) {
        *reason = "an integer of more than 4300 digits";
        return NULL;
    }
    return big_int(number->start + number->negative, number->count, number->negative);
}

static char *decimal(char *at, uint64_t value) {
    char digits[20];
    int first = sizeof digits;
    do
        digits[--first] = (char)('0' + value % 10);
    while (value /= 10);
    memcpy(at, digits + first, sizeof digits - first);
    return at + (sizeof digits - first);
}

// Writes the lowest count digits of value, zeros in front.
static char *padded(char *at, uint64_t value, int count) {
    for (int i = count; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + count;
}

static char *big_decimal(char *at, PyObject *number) {
    uint32_t words[WORDS] = {0}, chunks[WORDS * 32 / 29];
    Py_ssize_t needed = py.PyLong_AsNativeBytes(number, words, sizeof words, LITTLE_ENDIAN_SIGNED);
    if (needed < 0 || needed > (Py_ssize_t)sizeof words)
        return NULL;
    if (words[WORDS - 1] >> 31) {
        *at++ = '-';
        negate(words);
    }
    int used = WORDS, count = 0;
    for (;;) {
        while (used && !words[used - 1])
            used--;
        if (!used)
            break;
        uint64_t rest = 0;
        for (int i = used; i-- > 0;) {
            rest = rest << 32 | words[i];
            words[i] = (uint32_t)(rest / CHUNK);
            rest %= CHUNK;
        }
        chunks[count++] = (uint32_t)rest;
    }
    char first[20];
    size_t lead = (size_t)(decimal(first, chunks[--count]) - first);
    if (lead + (size_t)count * CHUNK_DIGITS > MAESTRO_JSON_DIGITS)
        return NULL;
    memcpy(at, first, lead);
    for (at += lead; count > 0;)
        at = padded(at, chunks[--count], CHUNK_DIGITS);
    return at;
}

char *maestro_json_int(char *at, PyObject *number) {
    int overflow;
    long long value = py.PyLong_AsLongLongAndOverflow(number, &overflow);
    if (overflow)
        return big_decimal(at, number);
    if (value == -1 && py.PyErr_Occurred())
        return NULL;
    if (value < 0)
        *at++ = '-';
    return decimal(at, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

// Writes a double that is a decimal number of at most 15 digits, nine of them
// behind the point, and that repr would write without an exponent; NULL for any
// other. No two such decimals share a double, so the one that is found is the
// shortest, as repr does.
static char *short_float(char *at, double value) {
    if (value >= 1e15 || (value < 1e-4 && value != 0))
        return NULL;
    for (int behind = 0; behind <= 9; behind++) {
        double scaled = value * powers[behind];
        if (scaled >= 1e15)
            return NULL;
        uint64_t digits = (uint64_t)(scaled + 0.5), scale = (uint64_t)powers[behind];
        if ((double)digits / powers[behind] != value)
            continue;
        at = decimal(at, digits / scale);
        *at++ = '.';
        return behind ? padded(at, digits % scale, behind) : padded(at, 0, 1);
    }
    return NULL;
}

char *maestro_json_float(char *at, double value) {
    if (signbit(value))
        *at++ = '-';
    char *end = short_float(at, fabs(value));
    if (end)
        return end;
    // 'r' is repr; the flag is Py_DTSF_ADD_DOT_0.
    char *text = py.PyOS_double_to_string(fabs(value), 'r', 0, 2, NULL);
    if (!text)
        return NULL;
    size_t size = strlen(text);
    memcpy(at, text, size);
    py.PyMem_Free(text);
    return at + size;
}

#include "libc_stream.h"

#include "here.h"

#include <stdarg.h>

// Whether a stream is the server's, and the code that writes to it a subtenant's.
static int is_foreign(const FILE *stream) {
    return maestro_here.id && !maestro_here.forking && (stream == stderr || stream == stdout);
}

int maestro_libc_fprintf(FILE *stream, const char *format, ...) {
    if (is_foreign(stream))
        return 0;
    va_list values;
    va_start(values, format);
    int written = vfprintf(stream, format, values);
    va_end(values);
    return written;
}

int maestro_libc_vfprintf(FILE *stream, const char *format, va_list values) {
    return is_foreign(stream) ? 0 : vfprintf(stream, format, values);
}

int maestro_libc_fputs(const char *text, FILE *stream) { return is_foreign(stream) ? 0 : fputs(text, stream); }

int maestro_libc_fputc(int byte, FILE *stream) { return is_foreign(stream) ? byte : fputc(byte, stream); }

size_t maestro_libc_fwrite(const void *data, size_t size, size_t count, FILE *stream) {
    return is_foreign(stream) ? count : fwrite(data, size, count, stream);
}

// libc_stream.h: the server's standard streams, as libpython's C code writes to them.
//
// CPython does so where it cannot write to sys.stderr, for example because there is
// no memory left to look it up: six lines for each exception that it cannot
// report. They are about its internals and of no use to the author of a function,
// who cannot see them, and a flood of them fills the server's log. So they are
// dropped where a subtenant's code runs. Fatal errors do not go this way.
#ifndef MAESTRO_LIBC_STREAM_H
#define MAESTRO_LIBC_STREAM_H

#include <stdarg.h>
#include <stdio.h>

// fprintf and its kin as libpython's references to libc lead to them (libc.c).
int maestro_libc_fprintf(FILE *stream, const char *format, ...);
int maestro_libc_vfprintf(FILE *stream, const char *format, va_list values);
int maestro_libc_fputs(const char *text, FILE *stream);
int maestro_libc_fputc(int byte, FILE *stream);
size_t maestro_libc_fwrite(const void *data, size_t size, size_t count, FILE *stream);

#endif

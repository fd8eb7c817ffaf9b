// code_redirect.h: functions of a libpython that calls them without a reference.
//
// Some builds (Debian's, and any by gcc with -fno-semantic-interposition) call their own exported
// functions directly, so that there is no reference to replace (libc_link.h). There the first
// instructions of the function itself are replaced by a jump.
#ifndef MAESTRO_CODE_REDIRECT_H
#define MAESTRO_CODE_REDIRECT_H

// Makes a function of a loaded library continue in another one with the same parameters. The
// original cannot be called any more. Nothing of the library runs meanwhile. Returns NULL, or a
// malloc'ed message.
char *maestro_code_redirect(void *function, void *to);

#endif

// libc_link.h: the references that a loaded library has to symbols of others.
#ifndef MAESTRO_LIBC_LINK_H
#define MAESTRO_LIBC_LINK_H

#include <stddef.h>

// A symbol, and the address that replaces it.
struct maestro_reference {
    const char *name;
    void *address;
};

// Makes all references of a loaded library to those symbols lead to the given
// addresses: calls, and addresses kept in data. Nothing of the library runs
// meanwhile. Returns NULL, or a malloc'ed message. A symbol that the library does
// not refer to is no fault; not to find any is.
char *maestro_link_replace(void *library, const struct maestro_reference *references, size_t count);

// The same, where finding none is no fault. Sets found[i] to 1 for each reference
// that was replaced, and leaves the others as they are.
char *maestro_link_search(void *library, const struct maestro_reference *references, size_t count, unsigned char *found);

#endif

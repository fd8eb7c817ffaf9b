// zygote_import.h: the modules that a zygote imports, and what its children must not have in
// common.
#ifndef MAESTRO_ZYGOTE_IMPORT_H
#define MAESTRO_ZYGOTE_IMPORT_H

// With 1, has libraries of numbers start no threads when they are imported, by their
// variables in the environment; with 0, takes those away that it has set.
void maestro_import_calm(int calm);

// Imports modules, one a line, and freezes what they have made, so that a collection in a child
// copies none of it. Returns the zygote's first message (zygote.h), malloc'ed. Attached.
char *maestro_import_all(const char *modules);

// How many threads this process has; where that cannot be read, more than one.
int maestro_import_threads(void);

// In a forked child: gives it random numbers of its own. Attached.
void maestro_import_forked(void);

#endif

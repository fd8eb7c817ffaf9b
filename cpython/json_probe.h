// json_probe.h: the converter on its own, in the main interpreter. For the
// tests, fuzz targets and benchmarks of the converter only: tests in Go have no
// cgo, and Python's own json module is the best thing to compare with.
//
// None of these needs a thread state: each makes one on the calling OS thread,
// which must be locked, and deletes it. Load must have succeeded before.
#ifndef MAESTRO_JSON_PROBE_H
#define MAESTRO_JSON_PROBE_H

#include "border.h"

// Runs source in a namespace of the probe's own, which stays from one call to
// the next and holds these builtins:
//
//   load(data: bytes, request: bool, offsets: tuple[int, ...]) -> object
//   dump(value) -> (bytes, tuple of the offsets of headers)
//   set_hooks(convert, headers)
//
// Returns NULL, or a malloc'ed message that the caller frees.
char *maestro_probe_run(const char *source);

// Calls the function of that name in the namespace with the bytes, and stores
// the bytes that it returns in *out, malloc'ed; the caller frees them. Returns
// NULL, or a malloc'ed message that the caller frees; *out is empty then.
char *maestro_probe_call(const char *function, const char *data, size_t size, struct maestro_text *out);

// Loads the JSON and dumps the object again, without any hook. The same
// results.
char *maestro_probe_round(const char *data, size_t size, struct maestro_text *out);

#endif

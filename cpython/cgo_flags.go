package cpython

// The flags of the C part, once for the whole package.
//
//   - -std=gnu11: asprintf, pthread_getattr_np and the like from glibc.
//   - -O2: the converter and the call path are measured with it.
//   - -fvisibility=hidden: libpython is opened RTLD_GLOBAL; an extension module
//     must not find the names of this package when it looks up its own.
//   - -Wall -Wextra -Werror: a warning in code that handles reference counts is
//     a bug until proven otherwise.
//   - -Wno-unused-parameter: CPython prescribes the signatures of slots and
//     methods, and most of them do not need every parameter.
//   - -ldl, -lpthread: dlopen and the sleepers' condition variables on glibc
//     older than 2.34.

// #cgo CFLAGS: -std=gnu11 -D_GNU_SOURCE -O2 -fvisibility=hidden
// #cgo CFLAGS: -Wall -Wextra -Werror -Wno-unused-parameter
// #cgo LDFLAGS: -ldl -lpthread
import "C"

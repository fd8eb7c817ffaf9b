// border.h: the plain structs that cross between C and Go. No Python object
// and no Go pointer is in them.
#ifndef MAESTRO_BORDER_H
#define MAESTRO_BORDER_H

#include <stddef.h>
#include <stdint.h>

// Bytes with no terminator. The place that fills a struct states who frees data.
struct maestro_text {
    char *data;
    size_t size;
};

// An exception that Go wants raised in the calling function. kind 0: none, else
// a model.RaiseKind. The texts are malloc'ed by Go and freed by
// maestro_raise_now.
struct maestro_raise {
    int kind;
    struct maestro_text message, name, problems;
};

// Go's answer to begin_step and lookup.
struct maestro_begun {
    uint64_t frame;      // of the new step; 0 after a lookup
    uint64_t key;        // of the program to run
    uint64_t generation; // of the sibling names, for comparison
    int async;
    struct maestro_raise raise;
};

// A program's text and code; malloc'ed by Go, freed by the caller.
struct maestro_source {
    int found, version, async;
    struct maestro_text name, source, code, imports; // imports: names, one per line
};

// How a call or a step failed. The kinds are those of exception.go.
struct maestro_exception {
    int kind;                                     // 0: it did not
    struct maestro_text type, message, traceback; // malloc'ed by C
    struct maestro_text classes;                  // the same; of an outer call only: names, one per line
};

enum {
    EXCEPTION_RAISED = 1,     // by the function's own code, or something it called
    EXCEPTION_STOPPED,        // by Stop
    EXCEPTION_INPUT_JSON,     // the input's bytes are no JSON value
    EXCEPTION_OUTPUT_JSON,    // the result is no JSON value
    EXCEPTION_INPUT_INVALID,  // an uncaught maestro.InputInvalid
    EXCEPTION_OUTPUT_INVALID, // an uncaught maestro.OutputInvalid
    EXCEPTION_LOAD,           // the module failed on import
    EXCEPTION_ENGINE,         // an internal error
};

// The HTTP request behind a call; found is 0 if there is none, and headers is
// a JSON object. The texts are malloc'ed by Go and freed by the caller.
struct maestro_request {
    int found;
    struct maestro_text method, url, headers, body;
};

// The next task of a loop (loop.h).
struct maestro_taken {
    int what;                        // TAKEN_…; the other members belong to a call
    int request;                     // the input has the shape of a request
    uint64_t frame, key, generation; // as with maestro_call
    struct maestro_text input;       // malloc'ed by Go, freed by the caller
};

enum { TAKEN_NOTHING, TAKEN_CALL, TAKEN_END };

// The end of an outer call. It belongs to the OS thread that called and is
// overwritten by its next call.
struct maestro_result {
    struct maestro_text output; // malloc'ed by C
    int response;               // the function returned a maestro.Response
    int bytes;                  // the body of the answer is bytes: base64 in output
    int threads;                // the interpreter has threads that its code has begun
    int outlived;               // some of them are of versions that are out of use
    int spoilt;                 // a builtin that Python needs was taken away
    int children;               // the call has left processes behind
    int processes;              // there are processes of the interpreter, of any call
    int interrupted;            // a stop was raised at an arbitrary line of one of its threads
    int exhausted;              // a call was denied memory, and the interpreter still holds much of what it may
    int denied;                 // memory was denied, and the memory held has not been weighed since
    int freed;                  // much memory was freed, which malloc can return to the system
    struct maestro_exception exception;
};

#endif

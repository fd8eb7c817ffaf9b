// go_gate.h: the callbacks of Go, where there is no Go.
//
// Two kinds of process run Python without Go's runtime: a zygote, in which it has not
// started (zygote.h), and a process that Python code has forked, in which only the
// forking thread is left (fork.h). There each callback is answered here: output goes to
// the process's own descriptors, and what only the server can answer is a RuntimeError.
//
// No other file calls the functions of _cgo_export.h.
#ifndef MAESTRO_GO_GATE_H
#define MAESTRO_GO_GATE_H

#include "border.h"
#include "place.h"

#include "_cgo_export.h"

enum maestro_go { GO_RUNS, GO_NOT_STARTED, GO_LEFT_BEHIND };

// Written before another thread exists.
extern int maestro_go;

// A callback that needs the server: fills *raise.
void maestro_go_refuse(struct maestro_raise *raise);

// Writes one line, or a part of one, to a descriptor.
void maestro_go_write(int fd, const char *data, size_t size);
void maestro_go_line(int fd, const char *data, size_t size);

// Ends a process that Python code has forked and that would leave Python: the call that
// it was forked in is its parent's. Nothing in any other process. Attached; with an
// exception set or none, which is reported.
void maestro_go_leave(void);

static inline int maestro_go_away(void) {
    if (__builtin_expect(maestro_go != GO_RUNS, 0))
        return 1;
    if (__builtin_expect(maestro_here.go_unheld, 0))
        maestro_place_hold(go_maestro_hold);
    return 0;
}

static inline void maestro_go_begin_step(uint64_t interp, uint64_t frame, char *name, size_t name_size, char *input,
                                         size_t size, struct maestro_begun *out) {
    if (maestro_go_away())
        maestro_go_refuse(&out->raise);
    else
        go_maestro_begin_step(interp, frame, name, name_size, input, size, out);
}

static inline void maestro_go_lookup(uint64_t interp, uint64_t frame, char *name, size_t size, struct maestro_begun *out) {
    if (maestro_go_away())
        maestro_go_refuse(&out->raise);
    else
        go_maestro_lookup(interp, frame, name, size, out);
}

static inline void maestro_go_end_step(uint64_t interp, uint64_t frame, char *output, size_t size,
                                       struct maestro_exception *exception, struct maestro_raise *raise) {
    if (maestro_go_away())
        maestro_go_refuse(raise);
    else
        go_maestro_end_step(interp, frame, output, size, exception, raise);
}

static inline void maestro_go_module(uint64_t interp, uint64_t key, struct maestro_source *out) {
    if (!maestro_go_away())
        go_maestro_module(interp, key, out);
}

static inline int maestro_go_stored(uint64_t interp, uint64_t frame, char *name, size_t size, uint64_t *key,
                                    struct maestro_raise *raise) {
    return maestro_go_away() ? 0 : go_maestro_stored(interp, frame, name, size, key, raise);
}

static inline int maestro_go_siblings(uint64_t interp, uint64_t frame, struct maestro_text *names, uint64_t *generation) {
    return maestro_go_away() ? 0 : go_maestro_siblings(interp, frame, names, generation);
}

// stream is empty for a line of logging.
static inline void maestro_go_log(uint64_t interp, uint64_t frame, char *stream, char *level, char *line, size_t size,
                                  char *fields, size_t fields_size) {
    if (maestro_go_away())
        maestro_go_line(stream[0] && stream[3] == 'o' ? 1 : 2, line, size);
    else
        go_maestro_log(interp, frame, stream, level, line, size, fields, fields_size);
}

static inline void maestro_go_context(uint64_t interp, uint64_t frame, struct maestro_text *out) {
    if (!maestro_go_away())
        go_maestro_context(interp, frame, out);
}

static inline void maestro_go_secret(uint64_t interp, uint64_t frame, char *name, size_t size, struct maestro_text *out,
                                     struct maestro_raise *raise) {
    if (maestro_go_away())
        maestro_go_refuse(raise);
    else
        go_maestro_secret(interp, frame, name, size, out, raise);
}

static inline void maestro_go_request(uint64_t interp, uint64_t frame, struct maestro_request *out,
                                      struct maestro_raise *raise) {
    if (maestro_go_away())
        maestro_go_refuse(raise);
    else
        go_maestro_request(interp, frame, out, raise);
}

static inline void maestro_go_spawn(uint64_t interp, uint64_t frame, char *name, size_t name_size, char *input, size_t size,
                                    double delay, struct maestro_text *out, struct maestro_raise *raise) {
    if (maestro_go_away())
        maestro_go_refuse(raise);
    else
        go_maestro_spawn(interp, frame, name, name_size, input, size, delay, out, raise);
}

// A model.EmitState; where there is no Go, nothing is to follow.
static inline int maestro_go_emit(uint64_t interp, uint64_t frame, int kind, char *data, size_t size, int wait) {
    enum { GONE = 2 };
    return maestro_go_away() ? GONE : go_maestro_emit(interp, frame, kind, data, size, wait);
}

static inline uint64_t maestro_go_child_output(uint64_t interp, uint64_t frame, int output, int errors) {
    return maestro_go_away() ? 0 : go_maestro_child_output(interp, frame, output, errors);
}

static inline void maestro_go_child_read(uint64_t output) {
    if (!maestro_go_away())
        go_maestro_child_read(output);
}

// Those of event loops: the thread of one that a process was forked in leaves Python.

static inline void maestro_go_carried(uint64_t loop) {
    if (!maestro_go_away())
        go_maestro_carried(loop);
}

static inline void maestro_go_take(uint64_t loop, struct maestro_taken *out) {
    if (!maestro_go_away())
        go_maestro_take(loop, out);
}

static inline void maestro_go_done(uint64_t loop, uint64_t ticket, struct maestro_result *result) {
    if (!maestro_go_away())
        go_maestro_done(loop, ticket, result);
}

#endif

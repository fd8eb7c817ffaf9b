// counter.h: the living objects on the C side, counted in builds with the tag
// debug_cpython. TestMain requires that every count ends at zero.
#ifndef MAESTRO_COUNTER_H
#define MAESTRO_COUNTER_H

#include <stdint.h>

enum maestro_counter {
    COUNT_INTERPRETERS,  // created and not ended
    COUNT_THREAD_STATES, // created by Go's threads and not deleted
    COUNT_BUFFERS,       // malloc'ed bytes on their way across the border
    COUNT_HANDLES,       // awaitables of steps that have begun and not ended
    COUNT_END
};

#ifdef MAESTRO_DEBUG
void maestro_count(enum maestro_counter which, int change);
#else
static inline void maestro_count(enum maestro_counter which, int change) {
    (void)which;
    (void)change;
}
#endif

// Reads one counter; always 0 without the tag. No thread state.
int64_t maestro_counted(enum maestro_counter which);

#endif

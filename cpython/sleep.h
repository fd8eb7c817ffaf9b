// sleep.h: time.sleep, so made that a stopped call wakes at once.
#ifndef MAESTRO_SLEEP_H
#define MAESTRO_SLEEP_H

#include "interp.h"

// Wakes the sleepers of that call. The interpreter's lock is held; no GIL.
void maestro_sleepers_wake(struct maestro_interp *in, uint64_t call);

// Wakes all, at the end of the interpreter. The lock is held; no GIL.
void maestro_sleepers_wake_all(struct maestro_interp *in);

// Sleeps, detached, for that many seconds. Returns 0 with Stopped raised when
// the call was stopped before or meanwhile. Attached before and after.
int maestro_sleep(struct maestro_interp *in, double seconds);

#endif

#include "counter.h"

#ifdef MAESTRO_DEBUG
#include <stdatomic.h>

static atomic_llong counts[COUNT_END];

void maestro_count(enum maestro_counter which, int change) { atomic_fetch_add(&counts[which], change); }
int64_t maestro_counted(enum maestro_counter which) { return atomic_load(&counts[which]); }
#else
int64_t maestro_counted(enum maestro_counter which) { return 0; }
#endif

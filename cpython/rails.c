#include "rails.h"

#include "error.h"
#include "here.h"
#include "load.h"
#include "replace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name, *text, *alone; // alone: in the process lane itself
} rails[] = {
#define RAIL(identifier, name, advice) \
    {name, "refused by the rail '" name "': " advice "." MAESTRO_RAIL_LANE, "refused by the rail '" name "': " advice "."},
    MAESTRO_RAILS(RAIL)
#undef RAIL
};

const char *maestro_rail_name(int rail) { return rail >= 0 && rail < RAIL_COUNT ? rails[rail].name : NULL; }

const char *maestro_rail_text(int rail) {
    if (rail < 0 || rail >= RAIL_COUNT)
        return NULL;
    return maestro_alone ? rails[rail].alone : rails[rail].text;
}

// The last refusal on this thread whose message was not asked for.
static __thread struct {
    int number; // 0: none
    enum maestro_rail rail;
} kept;

int maestro_rail_refuse(enum maestro_rail rail, int number) {
    kept.number = errno = number;
    kept.rail = rail;
    return -1;
}

void maestro_rail_clear(void) { kept.number = 0; }

const char *maestro_rail_kept(int number) {
    if (!kept.number || (number && number != kept.number))
        return NULL;
    kept.number = 0;
    return maestro_rail_text(kept.rail);
}

static char *message_of(enum maestro_rail rail, const char *what) {
    char *message;
    return asprintf(&message, "%s: %s", what, maestro_rail_text(rail)) < 0 ? NULL : message;
}

PyObject *maestro_rail_raise(enum maestro_rail rail, int number, const char *what) {
    char *message = message_of(rail, what);
    PyObject *none = message ? maestro_refuse(number, message) : py.PyErr_NoMemory();
    free(message);
    return none;
}

PyObject *maestro_rail_raise_as(enum maestro_rail rail, PyObject *type, const char *what) {
    char *message = message_of(rail, what);
    if (message)
        py.PyErr_SetString(type, message);
    else
        py.PyErr_NoMemory();
    free(message);
    return NULL;
}

static void discard(struct maestro_rails *made) {
    if (!made)
        return;
    free(made->folder);
    free(made->temporary);
    free(made->packages);
    free(made);
}

int maestro_rails_assign(struct maestro_interp *in, const struct maestro_policy *policy, const char *folder,
                         const char *temporary, const char *packages, uint64_t limit) {
    struct maestro_rails *made = calloc(1, sizeof *made);
    if (!made)
        return 0;
    made->policy = policy;
    made->folder = realpath(folder, NULL);
    made->temporary = realpath(temporary, NULL);
    made->packages = *packages ? realpath(packages, NULL) : NULL;
    made->limit = limit;
    made->count = 1; // what previous interpreters have left is counted
    made->ruleset = -1;
    if (!made->folder || !made->temporary || (*packages && !made->packages)) {
        int number = errno;
        discard(made);
        errno = number;
        return 0;
    }
    in->rails = made;
    return 1;
}

void maestro_rails_free(struct maestro_interp *in) {
    if (in->rails && in->rails->ruleset >= 0)
        close(in->rails->ruleset);
    discard(in->rails);
    in->rails = NULL;
}

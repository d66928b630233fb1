/* database.h: the inside of struct database. See store.h. */
#ifndef WEIR_STATE_DATABASE_H
#define WEIR_STATE_DATABASE_H
#include "state/rocks.h"
#include "state/store.h"

struct database {
    struct database_limits limits;
    struct rocks *rocks; /* NULL: no directory, everything stays in memory */
    char *directory;     /* of rocks */
    size_t stores;       /* open ones */
};
#endif

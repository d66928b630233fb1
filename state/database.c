/* database.c: the database of a task: see store.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/database.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

void database_set_cache(size_t bytes)
{
    rocks_set_cache(bytes);
}

size_t database_cache_bytes(void)
{
    return rocks_cache_bytes();
}

struct database *database_open(const char *directory, struct database_limits limits, struct weir_error *error)
{
    struct rocks *rocks = NULL;
    if (directory && !(rocks = rocks_open(directory, limits.memtable_bytes, error)))
        return NULL;
    struct database *database = memory_new(sizeof *database);
    database->limits = limits;
    database->rocks = rocks;
    database->directory = memory_text(directory);
    return database;
}

bool database_copy(struct database *database, const char *directory, struct weir_error *error)
{
    if (!database->rocks)
        return error_set(error, WEIR_ABSENT, "these stores are in memory only");
    return rocks_copy(database->rocks, directory, error);
}

bool database_close(struct database *database, bool flush, struct weir_error *error)
{
    if (!database)
        return true;
    assert(database->stores == 0);
    bool done = !database->rocks || rocks_close(database->rocks, flush, error);
    free(database->directory);
    free(database);
    return done;
}

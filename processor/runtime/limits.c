/* limits.c: see limits.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/limits.h"

#include "base/shares.h"

enum {
    MEMTABLE_BYTES_MIN = 256 * 1024,
    MEMTABLE_BYTES_MAX = 8 * 1024 * 1024,
    FILE_BYTES_MIN = 1024 * 1024,
    FILE_BYTES_MAX = 8 * 1024 * 1024,
    FILE_MEMTABLES = 4, /* rows in memory take three to four times of what they take in a memtable */
    RESTORE_BYTES_MIN = 1024 * 1024,
    RESTORE_BYTES_MAX = 32 * 1024 * 1024,
    RESTORE_PARTS = 3,  /* of the rows: a store that is restored has none yet, but its task may have others */
    WINDOWS_FIFTHS = 2, /* of the rows, for those of windows, whose older ones are hardly read again */
    WINDOWS_BYTES_MAX = 32 * 1024 * 1024, /* committed rows of one store of windows */
    OVERLAY_PARTS = 4,                    /* of the rows, for those of the open commit */
    OVERLAY_BYTES_MAX = 32 * 1024 * 1024,
    JOINS_CACHE_BYTES_MIN = 16 * 1024 * 1024,
    JOINS_CACHE_PARTS = 10,  /* of the cache's share, where joins of streams are all there is to cache */
    JOINS_WINDOWS_PARTS = 2, /* of the windows' share, there */
    JOINS_WINDOWS_BYTES_MIN = 32 * 1024 * 1024,
    FOREIGN_CACHE_PARTS = 5, /* of the cache's share, where there are foreign-key joins */
    FOREIGN_ROWS_PARTS = 2,  /* of the rows' share, there */
    FOREIGN_ROWS_BYTES_MIN = 64 * 1024 * 1024,
    GLOBAL_PARTS = 4, /* of the rows, for all global tables, where there are some */
};

static size_t clamp(size_t value, size_t low, size_t high)
{
    return value < low ? low : value > high ? high : value;
}

size_t limits_share(const struct weir_app *app, enum memory_share share)
{
    return share_of((size_t)config_integer(app->config, "memory.max.bytes"), share);
}

static bool is_looked_up(const struct layout_store *store)
{
    return store->spec.kind != STORE_JOIN && !store->spec.in_memory && !store->hidden && !store->spec.hidden;
}

static bool has_joins_alone(const struct weir_app *app)
{
    bool has_joins = false;
    for (size_t i = 0; i < app->layout.part_count; i++) {
        const struct layout_part *part = &app->layout.parts[i];
        for (size_t s = 0; s < part->store_count; s++) {
            if (is_looked_up(&part->stores[s]))
                return false;
            has_joins = has_joins || part->stores[s].spec.kind == STORE_JOIN;
        }
    }
    return has_joins && app->layout.global_count == 0;
}

static bool has_foreign_joins(const struct weir_app *app)
{
    for (size_t i = 0; i < app->layout.part_count; i++) {
        const struct layout_part *part = &app->layout.parts[i];
        for (size_t s = 0; s < part->store_count; s++)
            if (part->stores[s].spec.is_walked)
                return true;
    }
    return false;
}

/* A row of a join is looked for once or twice, anywhere in its window: blocks in the cache are hardly met again. Indexes and
 * filters are, and have no room in 8 MiB (measured: 1.6 CPU-s per million more than in 16). A foreign-key join looks for what
 * is not there, which filters tell, or for what has just been written. */
size_t limits_cache(const struct weir_app *app)
{
    size_t share = limits_share(app, SHARE_CACHE);
    size_t parts = has_foreign_joins(app) ? FOREIGN_CACHE_PARTS : has_joins_alone(app) ? JOINS_CACHE_PARTS : 1;
    return share < JOINS_CACHE_BYTES_MIN ? share : clamp(share / parts, JOINS_CACHE_BYTES_MIN, share);
}

size_t limits_rows_of_app(const struct weir_app *app)
{
    size_t share = limits_share(app, SHARE_ROWS);
    if (!has_foreign_joins(app) || share < FOREIGN_ROWS_BYTES_MIN)
        return share;
    return clamp(share / FOREIGN_ROWS_PARTS, FOREIGN_ROWS_BYTES_MIN, share);
}

static size_t globals_rows(const struct weir_app *app)
{
    return app->layout.global_count > 0 ? limits_rows_of_app(app) / GLOBAL_PARTS : 0;
}

static size_t threads_of(const struct weir_app *app)
{
    return (size_t)config_integer(app->config, "num.stream.threads");
}

size_t limits_rows(const struct weir_app *app)
{
    return (limits_rows_of_app(app) - globals_rows(app)) / threads_of(app);
}

/* A row of a join in memory spares one look into RocksDB (measured, 512 MiB, half of the share: 168 MB instead of 211, and 7 % more
 * CPU). */
size_t limits_windows(const struct weir_app *app)
{
    size_t share = limits_rows(app) / 5 * WINDOWS_FIFTHS, least = JOINS_WINDOWS_BYTES_MIN / threads_of(app);
    if (!has_joins_alone(app) || share < least)
        return share;
    return clamp(share / JOINS_WINDOWS_PARTS, least, share);
}

size_t limits_overlay(const struct weir_app *app)
{
    return clamp(limits_rows(app) / OVERLAY_PARTS, 0, OVERLAY_BYTES_MAX);
}

static size_t per_task(const struct weir_app *app, size_t bytes, size_t least, size_t most)
{
    size_t tasks = app->layout.global_count;
    for (size_t i = 0; i < app->layout.part_count; i++)
        tasks += (size_t)app->layout.parts[i].partitions;
    return clamp(bytes / (tasks ? tasks : 1), least, most);
}

static size_t memtable_bytes(const struct weir_app *app)
{
    return per_task(app, limits_share(app, SHARE_MEMTABLES), MEMTABLE_BYTES_MIN, MEMTABLE_BYTES_MAX);
}

/* What no memtable holds would be flushed as several files; it had better be one. */
static size_t file_bytes(size_t memtable_bytes)
{
    return clamp(memtable_bytes * FILE_MEMTABLES, FILE_BYTES_MIN, FILE_BYTES_MAX);
}

struct database_limits limits_of_task(const struct weir_app *app)
{
    if (app->limits)
        return *app->limits;
    return (struct database_limits){
        .memtable_bytes = memtable_bytes(app),
        .committed_bytes_max = limits_rows(app),
        .windows_bytes_max = clamp(limits_windows(app), 0, WINDOWS_BYTES_MAX),
        .restore_bytes_max =
            per_task(app, limits_rows_of_app(app) / RESTORE_PARTS, RESTORE_BYTES_MIN, RESTORE_BYTES_MAX),
        .file_bytes_min = file_bytes(memtable_bytes(app)),
        .apply_interval_ms = config_integer(app->config, "state.flush.interval.ms"),
    };
}

struct database_limits limits_of_global(const struct weir_app *app)
{
    size_t memtable = memtable_bytes(app);
    return (struct database_limits){
        .memtable_bytes = memtable,
        .committed_bytes_max = globals_rows(app) / app->layout.global_count,
        .apply_interval_ms = config_integer(app->config, "state.flush.interval.ms"),
        .restore_bytes_max = memtable,
        .file_bytes_min = file_bytes(memtable),
    };
}

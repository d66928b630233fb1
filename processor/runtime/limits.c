/* limits.c: see limits.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/limits.h"

enum {
    MEMTABLE_BYTES_MIN = 1024 * 1024,
    MEMTABLE_BYTES_MAX = 8 * 1024 * 1024,
    FILE_BYTES_MIN = 8 * 1024 * 1024,
    RESTORE_BYTES_MIN = 1024 * 1024,
    RESTORE_BYTES_MAX = 32 * 1024 * 1024,
    WINDOWS_BYTES_MAX = 32 * 1024 * 1024, /* committed rows of one store of windows */
    MEMORY_SHARES = 8,    /* of memory.max.bytes: three for RocksDB's cache (app.c), one for its memtables */
    COMMITTED_SHARES = 3, /* for all committed rows; windows have one of them */
};

static size_t share_of(const struct weir_app *app)
{
    return (size_t)config_integer(app->config, "memory.max.bytes") / MEMORY_SHARES;
}

size_t limits_windows(const struct weir_app *app)
{
    return share_of(app) / (size_t)config_integer(app->config, "num.stream.threads");
}

size_t limits_committed(const struct weir_app *app)
{
    return limits_windows(app) * COMMITTED_SHARES;
}

static size_t clamp(size_t value, size_t low, size_t high)
{
    return value < low ? low : value > high ? high : value;
}

static size_t per_task(const struct weir_app *app, size_t least, size_t most)
{
    size_t tasks = 0;
    for (size_t i = 0; i < app->layout.part_count; i++)
        tasks += (size_t)app->layout.parts[i].partitions;
    return clamp(share_of(app) / (tasks ? tasks : 1), least, most);
}

struct database_limits limits_of_task(const struct weir_app *app)
{
    if (app->limits)
        return *app->limits;
    size_t windows = limits_windows(app);
    return (struct database_limits){
        .memtable_bytes = per_task(app, MEMTABLE_BYTES_MIN, MEMTABLE_BYTES_MAX),
        .committed_bytes_max = limits_committed(app),
        .windows_bytes_max = windows < WINDOWS_BYTES_MAX ? windows : WINDOWS_BYTES_MAX,
        .restore_bytes_max = per_task(app, RESTORE_BYTES_MIN, RESTORE_BYTES_MAX),
        .file_bytes_min = FILE_BYTES_MIN,
        .apply_interval_ms = config_integer(app->config, "state.flush.interval.ms"),
    };
}

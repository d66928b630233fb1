/* memory.c: weir_app_memory: what each share of memory.max.bytes holds now.
 * SPDX-License-Identifier: Apache-2.0 */
#include "broker/broker.h"
#include "runtime/app.h"
#include "runtime/limits.h"
#include "runtime/task.h"

enum { UNKNOWN = -1 };

struct taken {
    int64_t bytes[SHARES];
};

static void add_stores(struct taken *taken, struct weir_app *app)
{
    pthread_rwlock_rdlock(&app->registry);
    for (size_t i = 0; i < app->task_count; i++) {
        const struct task *task = app->tasks[i];
        for (size_t s = 0; s < task->part->store_count; s++) {
            taken->bytes[SHARE_ROWS] += (int64_t)store_bytes(task->stores[s]);
            taken->bytes[SHARE_MEMTABLES] += (int64_t)store_memtable_bytes(task->stores[s]);
        }
    }
    pthread_rwlock_unlock(&app->registry);
}

static void add_records(struct taken *taken, struct weir_app *app)
{
    struct broker_memory memory = {0};
    if (app->broker->ops->memory)
        app->broker->ops->memory(app->broker, &memory);
    taken->bytes[SHARE_FETCHED] = memory.fetched_bytes;
    taken->bytes[SHARE_SENT] = memory.sent_bytes;
}

static struct taken look(struct weir_app *app)
{
    struct taken taken = {.bytes = {[SHARE_BASE] = UNKNOWN, [SHARE_FILES] = UNKNOWN}};
    add_stores(&taken, app);
    add_records(&taken, app);
    taken.bytes[SHARE_CACHE] = (int64_t)database_cache_bytes();
    taken.bytes[SHARE_REQUESTS] = app->ingest ? weir_app_buffer(app).bytes : 0;
    return taken;
}

static size_t bytes_max(const struct weir_app *app, enum memory_share share)
{
    return share == SHARE_CACHE  ? limits_cache(app)
           : share == SHARE_ROWS ? limits_rows_of_app(app)
                                 : limits_share(app, share);
}

size_t weir_app_memory(struct weir_app *app, struct weir_memory_info *out, size_t max)
{
    const struct taken taken = look(app);
    for (size_t share = 0; share < SHARES && share < max; share++)
        out[share] = (struct weir_memory_info){
            .name = share_name((enum memory_share)share),
            .bytes_max = (int64_t)bytes_max(app, (enum memory_share)share),
            .bytes = taken.bytes[share],
        };
    return SHARES;
}

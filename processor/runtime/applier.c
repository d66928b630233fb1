/* applier.c: see applier.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/applier.h"

#include "base/log.h"
#include "runtime/loop_private.h"

enum { APPLY_PAUSE_US = 1000 * 1000 };

size_t applier_overlay_bytes(const struct loop *loop)
{
    size_t bytes = 0;
    for (size_t i = 0; i < loop->task_count; i++)
        for (size_t s = 0; s < loop->tasks[i]->part->store_count; s++)
            bytes += store_overlay_bytes(loop->tasks[i]->stores[s]);
    return bytes;
}

void applier_apply(struct task *task)
{
    for (size_t i = 0; i < task->part->store_count; i++) {
        struct weir_error error = {0};
        if (!store_apply(task->stores[i], loop_now_us(), &error))
            log_warning("loop", "store %s, partition %d: %s", task->part->stores[i].spec.name, task->partition,
                        error.message);
    }
}

/* A disk that is full may have room again: rows stay in memory, the changelog has them, and a second later it is tried
 * again. Anything else ends the loop. */
static void note_store_failure(struct loop *loop, const struct weir_error *error, int64_t now)
{
    if (error->code != WEIR_RETRY) {
        loop_fail(loop, error);
        return;
    }
    log_warning("loop", "%s; trying again", error->message);
    loop->apply_after_us = now + APPLY_PAUSE_US;
}

struct held { /* committed rows in memory that RocksDB could have alone */
    size_t bytes;
    struct store *largest;
};

static void hold(struct held *held, struct store *store)
{
    size_t bytes = store_evictable_bytes(store);
    held->bytes += bytes;
    if (bytes > 0 && (!held->largest || bytes > store_evictable_bytes(held->largest)))
        held->largest = store;
}

/* Over the budget, the largest store gives its rows back; RocksDB has them then. */
static void evict_when_full(struct loop *loop, int64_t now)
{
    struct held all = {0}, windows = {0};
    for (size_t i = 0; i < loop->task_count; i++) {
        struct task *task = loop->tasks[i];
        for (size_t s = 0; task->state == TASK_RUNNING && s < task->part->store_count; s++) {
            hold(&all, task->stores[s]);
            if (store_spec(task->stores[s])->kind != STORE_KEY_VALUE)
                hold(&windows, task->stores[s]);
        }
    }
    struct weir_error error = {0};
    struct store *full = windows.bytes > loop->windows_max ? windows.largest
                         : all.bytes > loop->committed_max ? all.largest
                                                           : NULL;
    if (full && !store_evict(full, now, &error))
        note_store_failure(loop, &error, now);
}

void applier_run_when_due(struct loop *loop)
{
    int64_t now = loop_now_us();
    if (now < loop->apply_after_us)
        return;
    for (size_t i = 0; i < loop->task_count; i++) {
        struct task *task = loop->tasks[i];
        for (size_t s = 0; task->state == TASK_RUNNING && s < task->part->store_count; s++) {
            struct weir_error error = {0};
            if (store_apply_due(task->stores[s], now) && !store_apply(task->stores[s], now, &error)) {
                note_store_failure(loop, &error, now);
                return;
            }
        }
    }
    evict_when_full(loop, now);
}

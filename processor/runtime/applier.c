/* applier.c: see applier.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/applier.h"

#include "base/log.h"
#include "runtime/loop_private.h"

enum {
    APPLY_PAUSE_US = 1000 * 1000,
    APPLY_TURN_US = 5 * 1000, /* of a turn, but for the store that is written when they are over */
    APPLY_RESTS = 4,          /* times as long as a turn that was over */
    RESERVED_PARTS = 8,       /* of a budget, one part is for what comes while rows leave */
};

size_t applier_overlay_bytes(const struct loop *loop)
{
    size_t bytes = 0;
    for (size_t i = 0; i < loop->task_count; i++) {
        bytes += loop->tasks[i]->execution.held_bytes;
        for (size_t s = 0; s < loop->tasks[i]->part->store_count; s++)
            bytes += store_overlay_bytes(loop->tasks[i]->stores[s]);
    }
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
 * again. Anything else ends the loop. Returns false. */
static bool note_store_failure(struct loop *loop, const struct weir_error *error, int64_t now)
{
    if (error->code != WEIR_RETRY)
        return loop_fail(loop, error);
    log_warning("loop", "%s; trying again", error->message);
    loop->apply_after_us = now + APPLY_PAUSE_US;
    return false;
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

static void hold_all(const struct loop *loop, struct held *all, struct held *windows)
{
    for (size_t i = 0; i < loop->task_count; i++) {
        struct task *task = loop->tasks[i];
        for (size_t s = 0; task->state == TASK_RUNNING && s < task->part->store_count; s++) {
            hold(all, task->stores[s]);
            if (store_leaves_early(store_spec(task->stores[s])))
                hold(windows, task->stores[s]);
        }
    }
}

/* Where rows begin to leave: the rest is for what comes meanwhile. */
static size_t nearly(size_t budget)
{
    return budget - budget / RESERVED_PARTS;
}

/* Of all stores, with what is not committed yet. */
static size_t held_bytes(const struct loop *loop, const struct held *all)
{
    return all->bytes > 0 ? all->bytes + applier_overlay_bytes(loop) : 0;
}

static bool are_over(const struct loop *loop, const struct held *all, const struct held *windows)
{
    return windows->bytes > loop->windows_max || held_bytes(loop, all) > loop->rows_max;
}

/* Near the budget, the largest store gives its rows back; RocksDB has them then. That takes a while, and rows come in meanwhile: over
 * the budget they wait. */
static bool evict_when_full(struct loop *loop, int64_t now)
{
    struct held all = {0}, windows = {0};
    hold_all(loop, &all, &windows);
    struct weir_error error = {0};
    struct store *full = windows.bytes > nearly(loop->windows_max)         ? windows.largest
                         : held_bytes(loop, &all) > nearly(loop->rows_max) ? all.largest
                                                                           : NULL;
    if (!full)
        return true;
    bool done = are_over(loop, &all, &windows) ? store_evict(full, now, &error) : store_evict_aside(full, now, &error);
    return done || note_store_failure(loop, &error, now);
}

/* False: it failed. */
static bool apply_task(struct loop *loop, struct task *task, int64_t now, bool *is_over)
{
    for (size_t s = 0; task->state == TASK_RUNNING && s < task->part->store_count && !*is_over; s++) {
        struct weir_error error = {0};
        struct store *store = task->stores[s];
        if (!store_apply_go_on(store, &error) ||
            (store_apply_due(store, now) && !store_apply_aside(store, now, &error)))
            return note_store_failure(loop, &error, now);
        *is_over = loop_now_us() - now >= APPLY_TURN_US;
    }
    return true;
}

/* Stores fall due together, since they began together. All of them at once would keep records waiting (0.3 s, measured with 28
 * stores that take 90,000 rows a second): so a turn takes a few, and the rest of the time belongs to records. */
static bool apply_what_is_due(struct loop *loop, int64_t now)
{
    bool is_over = false;
    if (now < loop->apply_rest_us)
        return true;
    for (size_t i = 0; i < loop->task_count && !is_over; i++)
        if (!apply_task(loop, loop->tasks[loop->apply_next++ % loop->task_count], now, &is_over))
            return false;
    if (is_over)
        loop->apply_rest_us = loop_now_us() + (loop_now_us() - now) * APPLY_RESTS;
    return true;
}

static bool is_over_budget(const struct loop *loop)
{
    struct held all = {0}, windows = {0};
    hold_all(loop, &all, &windows);
    return are_over(loop, &all, &windows);
}

void applier_run_when_due(struct loop *loop)
{
    int64_t now = loop_now_us();
    bool is_failing = now < loop->apply_after_us;
    if (is_failing && loop->is_full)
        return;
    if (!is_failing)
        is_failing = !apply_what_is_due(loop, now) || !evict_when_full(loop, now);
    loop->is_full = is_failing && is_over_budget(loop);
}

/* purge.c: see purge.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/purge.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

struct offsets {
    struct broker_offset *items;
    size_t count, capacity;
};

/* What a store is restored from is needed to its beginning. */
static void add_source(struct offsets *offsets, const struct task *task, size_t source)
{
    const struct layout_source *layout = task->sources[source].layout;
    int64_t committed = atomic_load(&task->committed[source]);
    if (!layout->is_passing || committed <= 0)
        return;
    offsets->items = memory_grow(offsets->items, &offsets->capacity, offsets->count + 1, sizeof *offsets->items);
    offsets->items[offsets->count++] =
        (struct broker_offset){.topic = layout->topic, .partition = task->partition, .offset = committed};
}

static struct offsets collect(struct task *const *tasks, size_t count)
{
    struct offsets offsets = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t s = 0; tasks[i]->state == TASK_RUNNING && s < tasks[i]->source_count; s++)
            add_source(&offsets, tasks[i], s);
    return offsets;
}

static void ask(struct purge *purge, struct weir_app *app, struct broker_consumer *consumer,
                const struct offsets *offsets)
{
    struct weir_error error = {0};
    enum broker_purge before = app->broker->ops->consumer_purge(consumer, offsets->items, offsets->count, &error);
    purge->is_wanted = before == BROKER_PURGE_WAITING;
    if (before != BROKER_PURGE_FAILED)
        return;
    atomic_fetch_add(&app->figures.failed_purges, 1);
    log_warning("purge", "%s; trying again", error.message);
}

void purge_when_due(struct purge *purge, struct weir_app *app, struct broker_consumer *consumer,
                    struct task *const *tasks, size_t count)
{
    int64_t now_us = clock_monotonic_us(&clock_system);
    if (!purge->is_wanted || now_us - purge->asked_us < purge->interval_us)
        return;
    purge->asked_us = now_us;
    struct offsets offsets = collect(tasks, count);
    if (offsets.count > 0)
        ask(purge, app, consumer, &offsets);
    memory_free(offsets.items);
}

/* wait.c: waiting until a view contains given inputs, also when repartition topics lie between.
 *
 * An input is contained when its sub-topology has committed it; what it sent on was durable before that. So the ends of
 * the repartition topics it writes, asked afterwards, bound what the next sub-topology must have committed, and so on to
 * the view's own. Inputs of other instances are looked up as the group's committed offsets.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "runtime/position.h"
#include "runtime/view.h"

enum { REMOTE_POLL_US = 20 * 1000 };

struct targets {
    struct position *items;
    size_t count, capacity;
};

static void add_target(struct targets *targets, struct position position)
{
    targets->items = memory_grow(targets->items, &targets->capacity, targets->count + 1, sizeof *targets->items);
    targets->items[targets->count++] = position;
}

static const struct layout_source *source_named(const struct layout_part *part, const char *topic)
{
    const struct layout_inputs *inputs = layout_inputs(part);
    for (size_t i = 0; i < inputs->count; i++)
        if (strcmp(inputs->items[i].topic, topic) == 0)
            return &inputs->items[i];
    return NULL;
}

static int32_t partitions_of(const struct layout_part *reader, const char *topic)
{
    const struct layout_source *source = source_named(reader, topic);
    return source ? source->partitions : 0;
}

static const struct layout_part *reader_of(const struct layout *layout, const char *topic)
{
    for (size_t i = 0; i < layout->part_count + layout->global_count; i++)
        if (source_named(&layout->parts[i], topic))
            return &layout->parts[i];
    return NULL;
}

/* -1: not here. */
static int64_t committed_here(struct weir_app *app, const struct layout_part *part, const struct position *target)
{
    int64_t committed = -1;
    pthread_rwlock_rdlock(&app->registry);
    for (size_t i = 0; i < app->task_count; i++) {
        struct task *task = app->tasks[i];
        for (size_t s = 0; task->part == part && !atomic_load(&task->is_standby) && s < task->source_count; s++)
            if (strcmp(task->sources[s].layout->topic, target->topic) == 0 &&
                layout_partition(task->sources[s].layout, task->partition) == target->partition)
                committed = atomic_load(&task->committed[s]) < 0 ? 0 : atomic_load(&task->committed[s]);
    }
    pthread_rwlock_unlock(&app->registry);
    return committed;
}

static bool is_reached(struct weir_app *app, const struct layout_part *part, const struct position *target,
                       bool *remote, struct weir_error *error)
{
    if (target->offset <= 0)
        return true;
    int64_t committed = committed_here(app, part, target);
    *remote = committed < 0;
    if (*remote && !app->broker->ops->committed(app->broker, app->layout.application, target->topic, target->partition,
                                                &committed, error))
        return false;
    return committed >= target->offset;
}

static void wait_for_change(struct weir_app *app, uint64_t seen, int64_t until_us, bool remote)
{
    int64_t now = clock_monotonic_us(&clock_system);
    int64_t wake_us = remote && now + REMOTE_POLL_US < until_us ? now + REMOTE_POLL_US : until_us;
    pthread_mutex_lock(&app->lock);
    while (app->published == seen && clock_condition_wait(&app->changed, &app->lock, wake_us))
        ;
    pthread_mutex_unlock(&app->lock);
}

static bool wait_for(struct weir_app *app, const struct layout_part *part, const struct position *target,
                     int64_t until_us, struct weir_error *error)
{
    for (;;) {
        pthread_mutex_lock(&app->lock);
        uint64_t seen = app->published;
        pthread_mutex_unlock(&app->lock);
        bool remote = false;
        struct weir_error cause = {0};
        if (is_reached(app, part, target, &remote, &cause))
            return true;
        if (cause.code != WEIR_OK && cause.code != WEIR_RETRY)
            return error_set(error, cause.code, "%s", cause.message);
        if (clock_monotonic_us(&clock_system) >= until_us)
            return error_set(error, WEIR_RETRY, "topic %s, partition %d: offset %lld is not processed yet",
                             target->topic, target->partition, (long long)target->offset);
        wait_for_change(app, seen, until_us, remote);
    }
}

/* The repartition topics that part writes on the way to the view: everything in them now must be processed. */
static bool aim_at_ends(struct weir_view *view, const struct layout_part *part, struct targets *targets,
                        struct weir_error *error)
{
    struct weir_app *app = view->app;
    for (size_t i = 0; i < part->subtopology->nodes.count; i++) {
        const char *topic = part->sink_topics[i];
        const struct layout_part *reader = topic ? layout_reader(&app->layout, topic) : NULL;
        if (!reader || !layout_leads_to(&app->layout, reader, view->part))
            continue;
        const int32_t partitions = partitions_of(reader, topic);
        for (int32_t p = 0; p < partitions; p++) {
            int64_t begin = 0, end = 0;
            if (!app->broker->ops->range(app->broker, topic, p, &begin, &end, error))
                return false;
            if (end > begin)
                add_target(targets, (struct position){topic, p, end});
        }
    }
    return true;
}

static bool follow(struct weir_view *view, struct targets *targets, int64_t until_us, struct weir_error *error)
{
    for (size_t i = 0; i < targets->count; i++) {
        struct position target = targets->items[i];
        const struct layout_part *part = reader_of(&view->app->layout, target.topic);
        if (!part)
            return error_set(error, WEIR_INVALID, "position: '%s' is no input of this application", target.topic);
        if (target.partition >= partitions_of(part, target.topic))
            return error_set(error, WEIR_INVALID, "position: topic '%s' has no partition %d", target.topic,
                             target.partition);
        if (!layout_leads_to(&view->app->layout, part, view->part))
            return error_set(error, WEIR_INVALID, "position: topic '%s' does not lead to this view", target.topic);
        if (!wait_for(view->app, part, &target, until_us, error))
            return false;
        bool last_of_part = true; /* ask for the ends once, after all targets of the part */
        for (size_t j = i + 1; j < targets->count; j++)
            if (reader_of(&view->app->layout, targets->items[j].topic) == part)
                last_of_part = false;
        if (part != view->part && last_of_part && !aim_at_ends(view, part, targets, error))
            return false;
    }
    return true;
}

bool weir_view_wait(struct weir_view *view, const char *text, int64_t wait_ms, struct weir_error *error)
{
    weir_arena arena;
    arena_init(&arena);
    struct targets targets = {0};
    struct position *asked = NULL;
    size_t count = 0;
    bool ok = position_read(text, &arena, &asked, &count, error);
    for (size_t i = 0; ok && i < count; i++)
        add_target(&targets, asked[i]);
    ok = ok && follow(view, &targets, clock_monotonic_us(&clock_system) + wait_ms * 1000, error);
    memory_free(targets.items);
    arena_done(&arena);
    return ok;
}

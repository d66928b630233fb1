/* targets.c: see targets.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/targets.h"

#include "base/log.h"
#include "base/memory.h"
#include "runtime/commit.h"
#include "runtime/directory.h"
#include "runtime/following.h"

struct asked { /* without the lock: standbys come and go meanwhile */
    weir_arena arena;
    struct broker_place *places;
    struct broker_start *starts;
    size_t count;
};

static void name_places(const struct standbys *standbys, struct asked *asked)
{
    size_t most = 0;
    for (size_t i = 0; i < standbys->count; i++)
        most += standbys->items[i]->task->source_count;
    asked->places = arena_alloc(&asked->arena, (most + 1) * sizeof *asked->places);
    asked->starts = arena_alloc(&asked->arena, (most + 1) * sizeof *asked->starts);
    for (size_t i = 0; i < standbys->count; i++) {
        const struct task *task = standbys->items[i]->task;
        standbys->items[i]->is_asked_for = true;
        for (size_t s = 0; s < task->source_count; s++)
            asked->places[asked->count++] = (struct broker_place){task->sources[s].layout->topic, task->partition};
    }
}

static const struct broker_start *start_of(const struct asked *asked, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < asked->count; i++)
        if (asked->places[i].topic == topic && asked->places[i].partition == partition)
            return &asked->starts[i];
    return NULL;
}

static void set_aside(struct standbys *standbys, size_t index)
{
    struct weir_error error = {0}, ignored = {0};
    int32_t part = standbys->items[index]->part;
    struct task *task = standbys_remove(standbys, index);
    int32_t partition = task->partition;
    app_remove_task(standbys->app, task);
    task_close(task, false, &ignored);
    char *directory =
        directory_of_task(standbys->app->config, standbys->app->layout.application, part, partition, &error);
    bool ok = directory && directory_set_aside(directory, &error);
    if (!ok)
        log_warning("standbys", "%s", error.message);
    memory_free(directory);
}

static void begin_restore(struct standbys *standbys, size_t index, const struct commit_metadata *commit)
{
    struct standby *standby = standbys->items[index];
    struct weir_error error = {0};
    standby->is_restoring = restore_begin(&standbys->restorer, standby->task, commit, true, &error);
    if (standby->is_restoring)
        return;
    log_warning("standbys", "%s", error.message);
    restore_abandon(&standbys->restorer, standby->task);
    if (error.code == WEIR_CORRUPT)
        set_aside(standbys, index);
}

static void set_inputs(struct standby *standby, const struct asked *asked)
{
    struct task *task = standby->task;
    for (size_t i = 0; i < task->source_count; i++) {
        const struct broker_start *start = start_of(asked, task->sources[i].layout->topic, task->partition);
        if (start)
            standby->inputs[i] = task->sources[i].position = start->offset;
    }
}

static void set_targets(struct standby *standby, const struct commit_metadata *commit)
{
    const struct layout_part *part = standby->task->part;
    restore_until(standby->task, commit, true);
    for (size_t i = 0; i < part->store_count; i++) {
        int64_t committed = commit_metadata_position(commit, part->stores[i].name_hash);
        if (layout_is_logged(&part->stores[i]) && committed > standby->followers[i].target)
            standby->followers[i].target = committed;
    }
}

/* A standby that is on its way to a commit reaches that first: else its inputs would be those of another one. */
static void hear(struct standbys *standbys, const struct asked *asked)
{
    for (size_t i = standbys->count; i-- > 0;) {
        struct standby *standby = standbys->items[i];
        const struct task *task = standby->task;
        const struct broker_start *start = start_of(asked, task->sources[0].layout->topic, task->partition);
        bool is_busy = standby->is_restored ? !following_has_reached(standby) : standby->is_restoring;
        if (!standby->is_asked_for || !start || start->offset == BROKER_NO_OFFSET || is_busy)
            continue;
        struct commit_metadata commit = commit_metadata_read(start->metadata);
        set_inputs(standby, asked);
        standby->latest_ms = restore_latest_ms(&commit, true);
        if (standby->is_restored)
            set_targets(standby, &commit);
        else
            begin_restore(standbys, i, &commit);
    }
}

void targets_ask(struct standbys *standbys)
{
    struct weir_app *app = standbys->app;
    struct asked asked = {0};
    struct weir_error error = {0};
    arena_init(&asked.arena);
    pthread_mutex_lock(&standbys->lock);
    standbys->asked_us = standbys_now_us();
    name_places(standbys, &asked);
    pthread_mutex_unlock(&standbys->lock);
    if (app->broker->ops->commits(app->broker, app->layout.application, asked.places, asked.count, &asked.arena,
                                  asked.starts, &error)) {
        pthread_mutex_lock(&standbys->lock);
        hear(standbys, &asked);
        pthread_mutex_unlock(&standbys->lock);
    } else {
        log_debug("standbys", "%s", error.message);
    }
    arena_done(&asked.arena);
}

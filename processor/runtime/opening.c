/* opening.c: see opening.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/opening.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/beginning.h"
#include "runtime/commit.h"
#include "runtime/directory.h"
#include "runtime/loop_private.h"
#include "runtime/output.h"
#include "runtime/standbys.h"

enum { TRIES_MAX = 300 };

/* Those that the consumer reads, which are not always the latest, nor those that it was a standby with. */
static void take_inputs(struct loop *loop, struct task *task, int32_t part)
{
    if (task->inputs == loop->inputs[part])
        return;
    app_lock_registry(loop->app);
    task_take_inputs(task, loop->inputs[part]);
    app_unlock_registry(loop->app);
}

static struct task *open_task(struct loop *loop, int32_t part, int32_t partition, struct weir_error *error)
{
    struct task_output output = output_of(loop);
    const struct layout *layout = &loop->app->layout;
    struct task *kept = standbys_take(loop->app->standbys, part, partition);
    if (kept) {
        take_inputs(loop, kept, part);
        task_resume(kept, loop->settings, output);
        return kept;
    }
    char *directory = directory_of_task(loop->app->config, layout->application, part, partition, error);
    struct task *task = NULL;
    if (directory)
        task =
            task_open(layout, &layout->parts[part], partition, directory, loop->settings, output, loop->limits, error);
    memory_free(directory);
    if (task)
        take_inputs(loop, task, part);
    return task;
}

static bool set_task_aside(struct loop *loop, int32_t part, int32_t partition, struct weir_error *error)
{
    char *directory = directory_of_task(loop->app->config, loop->app->layout.application, part, partition, error);
    bool ok = directory && directory_set_aside(directory, error);
    memory_free(directory);
    return ok;
}

static bool start_positions(struct loop *loop, struct task *task, const struct broker_start *starts,
                            struct weir_error *error)
{
    for (size_t i = 0; i < task->source_count; i++) {
        int64_t begin = starts[i].offset;
        if (begin == BROKER_NO_OFFSET && !beginning_find(loop->app->broker, task->sources[i].layout, task->partition,
                                                         clock_wall_ms(&clock_system), &begin, error))
            return false;
        if (starts[i].offset == BROKER_NO_OFFSET && starts[0].offset != BROKER_NO_OFFSET &&
            !task->sources[i].layout->is_match)
            log_warning(
                "loop",
                "topic %s partition %d: no offset is committed, though others of its task have one; beginning at %lld. "
                "If the topic was made anew: docs/operations.md",
                task->sources[i].layout->topic, task->partition, (long long)begin);
        task->sources[i].position = begin;
        task->sources[i].stream_time_ms = commit_metadata_read(starts[i].metadata).partition_time_ms;
        task->sources[i].begun = starts[i].offset;
    }
    return true;
}

/* What stores hold is told by the commits of the lead topic. That of a pattern has none in a group that another program has
 * left, which knows nothing of it. */
static bool check_lead(const struct task *task, const struct broker_start *starts, struct weir_error *error)
{
    const struct layout_source *lead = task->sources[0].layout;
    if (!lead->is_shares || starts[0].offset != BROKER_NO_OFFSET || !layout_has_changelog(task->part))
        return true;
    for (size_t i = 1; i < task->source_count; i++)
        if (starts[i].offset != BROKER_NO_OFFSET)
            return error_set(
                error, WEIR_FATAL,
                "topic %s partition %d: offset %lld is committed, but none of topic %s, whose commits tell what "
                "the stores hold: state cannot be taken over from another program, or from reading the topics by name; "
                "start with a new application.id, or begin anew (weir reset)",
                task->sources[i].layout->topic, task->partition, (long long)starts[i].offset, lead->topic);
    return true;
}

static struct task *begin_task(struct loop *loop, int32_t part, int32_t partition, const struct broker_start *starts,
                               struct weir_error *error)
{
    struct task *task = open_task(loop, part, partition, error);
    if (!task)
        return NULL;
    struct commit_metadata commit = commit_metadata_read(starts[0].metadata);
    task->execution.stream_time_ms = commit.stream_time_ms;
    task->commits = commit.commits;
    if (check_lead(task, starts, error) && start_positions(loop, task, starts, error) &&
        restore_begin(&loop->restorer, task, &commit, starts[0].offset != BROKER_NO_OFFSET, error))
        return task;
    restore_abandon(&loop->restorer, task);
    app_remove_task(loop->app, task);
    struct weir_error ignored = {0};
    task_close(task, false, &ignored);
    return NULL;
}

/* What is committed was told at the assignment. By now the partition may have been lost and others have gone on with it: where a
 * task stood still, its directory was another's for a while, or what it asked was not answered. */
static bool is_told_still(struct loop *loop, int32_t part, int32_t partition, const struct broker_start *told,
                          struct weir_error *error)
{
    const struct broker *broker = loop->app->broker;
    const struct layout_source *lead = &loop->inputs[part]->items[0];
    const struct broker_place place = {lead->topic, partition};
    struct broker_start now;
    weir_arena arena;
    if (!broker->ops->commits)
        return true;
    arena_init(&arena);
    bool ok =
        broker->ops->commits(loop->app->broker, loop->app->layout.application, &place, 1, &arena, &now, error) &&
        (commit_progress(lead, &now) == commit_progress(lead, told) ||
         error_set(error, WEIR_FENCED, "topic %s partition %d: offset %lld is committed, it was %lld at the assignment",
                   place.topic, partition, (long long)now.offset, (long long)told->offset));
    arena_done(&arena);
    return ok;
}

/* A store that cannot be used is made anew from its changelog. */
static bool must_be_made_anew(struct loop *loop, const struct opening *opening, struct weir_error *error)
{
    if (error->code != WEIR_CORRUPT)
        return false;
    log_warning("loop", "%s; restoring from the changelog", error->message);
    return set_task_aside(loop, opening->part, opening->partition, error);
}

/* A broker that is not ready, or a directory that another instance or thread is about to give up. A topic that has gone was
 * told of by a pattern: as soon as that is sure, the loop joins without it. */
static bool is_passing(const struct loop *loop, const struct weir_error *error)
{
    return error->code == WEIR_RETRY || (error->code == WEIR_ABSENT && loop->app->layout.pattern_count > 0);
}

static bool may_wait(const struct loop *loop, struct opening *opening, const struct weir_error *error)
{
    if (!is_passing(loop, error) || opening->tries >= TRIES_MAX)
        return false;
    if (error->code == WEIR_ABSENT && opening->tries == 1)
        patterns_hurry(loop->app);
    if (opening->tries == 1)
        log_warning("loop", "%s; waiting", error->message);
    opening->due_us = loop_now_us() + (int64_t)LOOP_RETRY_PAUSE_MS * 1000;
    return true;
}

/* False: it is to be tried again. */
static bool try(struct loop *loop, struct opening *opening)
{
    struct weir_error error = {0}, outdated = {0};
    struct task *task = begin_task(loop, opening->part, opening->partition, opening->starts, &error);
    opening->tries++;
    if (task) {
        loop_add_task(loop, task);
        return true;
    }
    if (error.code != WEIR_RETRY && !is_told_still(loop, opening->part, opening->partition, opening->starts, &outdated))
        error = outdated;
    if (must_be_made_anew(loop, opening, &error) || may_wait(loop, opening, &error))
        return false;
    if (error.code != WEIR_FENCED) {
        loop_fail(loop, &error);
        return true;
    }
    log_warning("loop", "%s; joining the group again", error.message);
    loop->rejoin = true;
    return true;
}

static struct opening *opening_new(const struct loop *loop, int32_t part, int32_t partition,
                                   const struct broker_start *starts)
{
    struct opening *opening = memory_new(sizeof *opening);
    const size_t sources = layout_sources_of(loop->inputs[part], partition);
    opening->part = part;
    opening->partition = partition;
    arena_init(&opening->arena);
    opening->starts = arena_alloc(&opening->arena, sources * sizeof *opening->starts);
    for (size_t i = 0; i < sources; i++)
        opening->starts[i] = (struct broker_start){starts[i].offset, arena_text(&opening->arena, starts[i].metadata)};
    return opening;
}

static void forget(struct openings *openings, size_t index)
{
    struct opening *opening = openings->items[index];
    openings->items[index] = openings->items[--openings->count];
    arena_done(&opening->arena);
    memory_free(opening);
}

void openings_add(struct loop *loop, int32_t part, int32_t partition, const struct broker_start *starts)
{
    struct openings *openings = &loop->openings;
    openings->items = memory_grow(openings->items, &openings->capacity, openings->count + 1, sizeof(struct opening *));
    openings->items[openings->count++] = opening_new(loop, part, partition, starts);
    if (try(loop, openings->items[openings->count - 1]))
        forget(openings, openings->count - 1);
}

void openings_go_on(struct loop *loop)
{
    struct openings *openings = &loop->openings;
    for (size_t i = openings->count; i-- > 0 && loop->failure.code == WEIR_OK && !loop->rejoin;)
        if (openings->items[i]->due_us <= loop_now_us() && try(loop, openings->items[i]))
            forget(openings, i);
}

bool openings_remove(struct openings *openings, int32_t part, int32_t partition)
{
    for (size_t i = 0; i < openings->count; i++)
        if (openings->items[i]->part == part && openings->items[i]->partition == partition) {
            forget(openings, i);
            return true;
        }
    return false;
}

void openings_clear(struct openings *openings)
{
    while (openings->count > 0)
        forget(openings, openings->count - 1);
}

void openings_done(struct openings *openings)
{
    openings_clear(openings);
    memory_free(openings->items);
}

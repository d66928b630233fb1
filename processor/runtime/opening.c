/* opening.c: see opening.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/opening.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/beginning.h"
#include "runtime/directory.h"
#include "runtime/loop_private.h"
#include "runtime/output.h"
#include "runtime/standbys.h"

enum { BEGIN_TRIES_MAX = 300 };

static struct task *open_task(struct loop *loop, int32_t part, int32_t partition, struct weir_error *error)
{
    struct task_output output = output_of(loop);
    const struct layout *layout = &loop->app->layout;
    struct task *kept = standbys_take(loop->app->standbys, part, partition);
    if (kept) {
        task_resume(kept, loop->settings, output);
        return kept;
    }
    char *directory = directory_of_task(loop->app->config, layout->application, part, partition, error);
    struct task *task = NULL;
    if (directory)
        task =
            task_open(layout, &layout->parts[part], partition, directory, loop->settings, output, loop->limits, error);
    memory_free(directory);
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
    for (size_t i = 0; i < task->part->source_count; i++) {
        int64_t begin = starts[i].offset;
        if (begin == BROKER_NO_OFFSET && !beginning_find(loop->app->broker, &task->part->sources[i], task->partition,
                                                         clock_wall_ms(&clock_system), &begin, error))
            return false;
        if (starts[i].offset == BROKER_NO_OFFSET && starts[0].offset != BROKER_NO_OFFSET)
            log_warning(
                "loop",
                "topic %s partition %d: no offset is committed, though others of its task have one; beginning at %lld. "
                "If the topic was made anew: docs/operations.md",
                task->part->sources[i].topic, task->partition, (long long)begin);
        task->sources[i].position = begin;
        task->sources[i].stream_time_ms = commit_metadata_read(starts[i].metadata).partition_time_ms;
        task->sources[i].begun = starts[i].offset;
    }
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
    if (start_positions(loop, task, starts, error) &&
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
    const struct broker_place place = {loop->app->layout.parts[part].sources[0].topic, partition};
    struct broker_start now;
    weir_arena arena;
    if (!broker->ops->commits)
        return true;
    arena_init(&arena);
    bool ok =
        broker->ops->commits(loop->app->broker, loop->app->layout.application, &place, 1, &arena, &now, error) &&
        (now.offset == told->offset ||
         error_set(error, WEIR_FENCED, "topic %s partition %d: offset %lld is committed, it was %lld at the assignment",
                   place.topic, partition, (long long)now.offset, (long long)told->offset));
    arena_done(&arena);
    return ok;
}

struct task *opening_open(struct loop *loop, int32_t part, int32_t partition, const struct broker_start *starts,
                          struct weir_error *error)
{
    for (int tries = 1;; tries++) {
        *error = (struct weir_error){0};
        struct task *task = begin_task(loop, part, partition, starts, error);
        if (task || tries == BEGIN_TRIES_MAX || atomic_load(&loop->stopping))
            return task;
        struct weir_error outdated = {0};
        if (error->code != WEIR_RETRY && !is_told_still(loop, part, partition, starts, &outdated))
            *error = outdated;
        if (error->code == WEIR_RETRY) {
            if (tries == 1)
                log_warning("loop", "%s; waiting", error->message);
            clock_pause_ms(LOOP_RETRY_PAUSE_MS);
            continue;
        }
        if (error->code != WEIR_CORRUPT)
            return NULL;
        log_warning("loop", "%s; restoring from the changelog", error->message);
        *error = (struct weir_error){0};
        if (!set_task_aside(loop, part, partition, error))
            return NULL;
    }
}

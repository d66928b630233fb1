/* strays.c: see strays.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/strays.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "runtime/commit.h"
#include "runtime/restore.h"

enum { BATCH = 256, WAIT_MS = 100 };
static const int64_t patience_us = 10 * 1000 * 1000;

/* Offset behind the last record that the store sent; -1: none since it was accounted for. */
static int64_t sent_end(const struct task *task, size_t store)
{
    return task->marks[store].sent > 0 ? task->deliveries[store].next_offset : -1;
}

static bool is_contiguous(const struct task *task, size_t store)
{
    const struct changelog_mark *mark = &task->marks[store];
    return sent_end(task, store) <= mark->end + mark->sent;
}

static void account(struct task *task, size_t store)
{
    int64_t end = sent_end(task, store);
    if (end >= 0)
        task->marks[store] = (struct changelog_mark){.end = end};
}

static bool has_strays(const struct task *task)
{
    for (size_t i = 0; i < task->part->store_count; i++)
        if (!is_contiguous(task, i))
            return true;
    return false;
}

/* The group's offset is the one that this task has committed, unless others go on with it. */
static bool is_owner(struct weir_app *app, const struct task *task, struct weir_error *error)
{
    const struct broker_place place = {task->sources[0].layout->topic, task->partition};
    struct broker_start now;
    weir_arena arena;
    arena_init(&arena);
    bool ok = app->broker->ops->commits(app->broker, app->layout.application, &place, 1, &arena, &now, error) &&
              (commit_progress(task->sources[0].layout, &now) <= commit_progress_of(task) ||
               error_set(error, WEIR_FENCED, "topic %s partition %d: offset %lld is committed, not by us", place.topic,
                         task->partition, (long long)now.offset));
    arena_done(&arena);
    return ok;
}

struct undone {
    struct store *store;
    weir_arena arena;
    struct weir_error *error;
};

static bool undo_row(void *self, const struct store_row *row)
{
    struct undone *undone = self;
    return restore_write_again(undone->store, row->key, &undone->arena, undone->error);
}

static bool undo_message(struct task *task, size_t store, const struct broker_message *message,
                         struct weir_error *error)
{
    struct undone undone = {.store = task->stores[store], .error = error};
    arena_init(&undone.arena);
    bool ok = restore_rows(task->part, store, INT64_MAX, message, &undone.arena, undo_row, &undone);
    arena_done(&undone.arena);
    return ok;
}

static bool undo_batch(const struct broker_ops *ops, struct broker_reader *reader, struct task *task, size_t store,
                       int64_t end, struct weir_error *error)
{
    struct broker_message messages[BATCH];
    int count = ops->reader_poll(reader, messages, BATCH, WAIT_MS, error);
    bool ok = count >= 0;
    for (int i = 0; i < count; i++) {
        ok = ok && (messages[i].offset >= end || undo_message(task, store, &messages[i], error));
        ops->reader_release(reader, &messages[i]);
    }
    return ok;
}

/* Also what the task itself has sent in between is written again, which does no harm. */
static bool undo_range(struct weir_app *app, struct broker_reader *reader, struct task *task, size_t store,
                       struct weir_error *error)
{
    const struct broker_ops *ops = app->broker->ops;
    int64_t end = sent_end(task, store), until_us = clock_monotonic_us(&clock_system) + patience_us;
    const char *changelog = task->part->stores[store].changelog;
    if (!ops->reader_add(reader, changelog, task->partition, task->marks[store].end, 0, error))
        return false;
    while (ops->reader_position(reader, 0) < end) {
        if (!undo_batch(ops, reader, task, store, end, error))
            return false;
        if (clock_monotonic_us(&clock_system) >= until_us)
            return error_set(error, WEIR_RETRY, "topic %s partition %d: what others wrote cannot be read", changelog,
                             task->partition);
    }
    task->repeats = true;
    atomic_fetch_add(&app->figures.strays, 1);
    log_warning("strays", "topic %s partition %d: others wrote between offsets %lld and %lld; undone", changelog,
                task->partition, (long long)task->marks[store].end, (long long)end);
    return true;
}

static bool undo_store(struct weir_app *app, struct task *task, size_t store, struct weir_error *error)
{
    const struct broker_ops *ops = app->broker->ops;
    struct broker_reader *reader = ops->reader_open(app->broker, error);
    bool ok = reader && undo_range(app, reader, task, store, error);
    if (reader)
        ops->reader_close(reader);
    return ok;
}

bool strays_undo(struct weir_app *app, struct task *task, bool *found, struct weir_error *error)
{
    bool are_there = app->broker->ops->commits && has_strays(task);
    if (are_there && !is_owner(app, task, error))
        return false;
    for (size_t i = 0; i < task->part->store_count; i++) {
        if (are_there && !is_contiguous(task, i) && !undo_store(app, task, i, error))
            return false;
        account(task, i);
    }
    *found = *found || are_there;
    return true;
}

bool strays_absent(struct task *task, struct weir_error *error)
{
    if (has_strays(task))
        return error_set(error, WEIR_RETRY, "partition %d: others write to its changelogs", task->partition);
    for (size_t i = 0; i < task->part->store_count; i++)
        account(task, i);
    return true;
}

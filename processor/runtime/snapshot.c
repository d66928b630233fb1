/* snapshot.c: several views at once, each partition as of one commit, for readers that walk more than once.
 *
 * The registry's read lock is held for the snapshot's life, so a loop that must add or give up a task would wait for it:
 * weir_snapshot_is_wanted tells the reader to end, and no new snapshot is opened before the loop has had its turn.
 * A task publishes its stores one after another; the number in task->publishing tells whether that happened in between.
 * SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "base/error.h"
#include "base/memory.h"
#include "runtime/position.h"
#include "runtime/task.h"
#include "runtime/view.h"
#include "state/bounds.h"

enum { TRIES_MAX = 200, PAUSE_NS = 100 * 1000 };

struct held { /* one partition of one view */
    const struct weir_view *view;
    int32_t partition;
    struct store_snapshot *rows;
    const char *position;
};

struct weir_snapshot {
    weir_view **views;
    size_t view_count;
    struct held *held;
    size_t held_count, held_capacity;
    weir_arena arena;       /* of the positions */
    struct weir_app **apps; /* whose registries are locked */
    size_t app_count;
};

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

static void hold_stores(struct weir_snapshot *snapshot, const struct task *task)
{
    const char *position = position_text(task, &snapshot->arena);
    for (size_t i = 0; i < snapshot->view_count; i++) {
        const struct weir_view *view = snapshot->views[i];
        if (view->part != task->part)
            continue;
        snapshot->held =
            memory_grow(snapshot->held, &snapshot->held_capacity, snapshot->held_count + 1, sizeof *snapshot->held);
        snapshot->held[snapshot->held_count++] =
            (struct held){view, task->partition, store_snapshot_open(task->stores[view->index]), position};
    }
}

static void let_go(struct weir_snapshot *snapshot, size_t from)
{
    while (snapshot->held_count > from)
        store_snapshot_close(snapshot->held[--snapshot->held_count].rows);
}

/* All stores of the task as of one commit. */
static bool hold_task(struct weir_snapshot *snapshot, struct task *task, struct weir_error *error)
{
    size_t before = snapshot->held_count;
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        uint64_t number = atomic_load(&task->publishing);
        if (number % 2 == 0) {
            hold_stores(snapshot, task);
            if (task_saw_one_commit(task, number))
                return true;
            let_go(snapshot, before);
        }
        wait_a_little();
    }
    return error_set(error, WEIR_RETRY, "partition %d commits too fast to be looked at", task->partition);
}

static bool reads_part(const struct weir_snapshot *snapshot, const struct layout_part *part)
{
    for (size_t i = 0; i < snapshot->view_count; i++)
        if (snapshot->views[i]->part == part)
            return true;
    return false;
}

static bool hold_app(struct weir_snapshot *snapshot, struct weir_app *app, struct weir_error *error)
{
    for (size_t i = 0; i < snapshot->app_count; i++)
        if (snapshot->apps[i] == app)
            return true;
    if (atomic_load(&app->registry_wanted) > 0)
        return error_set(error, WEIR_RETRY, "tasks are coming or going on this instance");
    pthread_rwlock_rdlock(&app->registry);
    snapshot->apps[snapshot->app_count++] = app;
    for (size_t i = 0; i < app->task_count; i++) {
        struct task *task = app->tasks[i];
        bool runs = atomic_load(&task->shown_state) == TASK_RUNNING;
        if (runs && reads_part(snapshot, task->part) && !hold_task(snapshot, task, error))
            return false;
    }
    return true;
}

weir_snapshot *weir_snapshot_open(weir_view *const *views, size_t count, struct weir_error *error)
{
    struct weir_snapshot *snapshot = memory_new(sizeof *snapshot);
    snapshot->views = memory_new((count + 1) * sizeof(weir_view *));
    for (size_t i = 0; i < count; i++)
        snapshot->views[i] = views[i];
    snapshot->view_count = count;
    snapshot->apps = memory_new((count + 1) * sizeof(struct weir_app *));
    arena_init(&snapshot->arena);
    for (size_t i = 0; i < count; i++) {
        if (!hold_app(snapshot, views[i]->app, error)) {
            weir_snapshot_close(snapshot);
            return NULL;
        }
    }
    return snapshot;
}

void weir_snapshot_close(weir_snapshot *snapshot)
{
    if (!snapshot)
        return;
    let_go(snapshot, 0);
    for (size_t i = 0; i < snapshot->app_count; i++)
        pthread_rwlock_unlock(&snapshot->apps[i]->registry);
    arena_done(&snapshot->arena);
    memory_free(snapshot->held);
    memory_free(snapshot->apps);
    memory_free(snapshot->views);
    memory_free(snapshot);
}

bool weir_snapshot_is_wanted(const weir_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->app_count; i++)
        if (atomic_load(&snapshot->apps[i]->registry_wanted) > 0)
            return true;
    return false;
}

static bool open_walks(struct weir_cursor *cursor, const weir_snapshot *snapshot, const struct bounds *bounds,
                       struct weir_error *error)
{
    cursor->walks = memory_new((snapshot->held_count + 1) * sizeof *cursor->walks);
    for (size_t i = 0; i < snapshot->held_count && !bounds->is_empty; i++) {
        const struct held *held = &snapshot->held[i];
        if (held->view != cursor->view)
            continue;
        struct view_walk walk = {.partition = held->partition, .position = held->position};
        walk.cursor = store_snapshot_scan(held->rows, bounds_from(bounds), bounds_to(bounds), cursor->range.descending);
        if (!view_add_walk(cursor, walk, error))
            return false;
    }
    return true;
}

weir_cursor *weir_snapshot_scan(weir_snapshot *snapshot, weir_view *view, weir_arena *arena, struct weir_range range,
                                struct weir_error *error)
{
    struct bounds bounds = {0};
    struct weir_cursor *cursor = memory_new(sizeof *cursor);
    *cursor = (struct weir_cursor){.view = view, .arena = arena, .range = range};
    bool ok = bounds_of(&bounds, &view->store->spec, &range, error) && open_walks(cursor, snapshot, &bounds, error);
    bounds_done(&bounds);
    if (ok)
        return cursor;
    weir_cursor_close(cursor);
    return NULL;
}

const char *weir_snapshot_position(const weir_snapshot *snapshot, const weir_view *view, weir_arena *arena,
                                   int32_t *partitions)
{
    struct buffer text = {0};
    *partitions = 0;
    for (size_t i = 0; i < snapshot->held_count; i++) {
        if (snapshot->held[i].view != view)
            continue;
        ++*partitions;
        if (text.size > 0 && snapshot->held[i].position[0])
            buffer_byte(&text, ',');
        buffer_text(&text, snapshot->held[i].position);
    }
    const char *copy = arena_bytes(arena, buffer_bytes(&text)).data;
    buffer_done(&text);
    return copy;
}

/* standbys.c: see standbys.h.
 *
 * One lock guards everything, the reader and the restorer included; the thread holds it for a turn (one batch of records)
 * and gives way to whoever waits. Only what is committed is asked for without it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/standbys.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/applier.h"
#include "runtime/following.h"
#include "runtime/placement.h"
#include "runtime/standbys_private.h"
#include "runtime/targets.h"

enum {
    IDLE_MS = 20,
    GIVE_WAY_MS = 1,
    ASK_EVERY_US = 250 * 1000,    /* what is committed */
    PLACE_EVERY_US = 1000 * 1000, /* what belongs here */
};

int64_t standbys_now_us(void)
{
    return clock_monotonic_us(&clock_system);
}

static void enter(struct standbys *standbys)
{
    atomic_fetch_add(&standbys->waiting, 1);
    clock_lock(&standbys->lock);
    atomic_fetch_sub(&standbys->waiting, 1);
}

static void leave(struct standbys *standbys)
{
    pthread_mutex_unlock(&standbys->lock);
}

const struct broker_ops *standbys_ops(const struct standbys *standbys)
{
    return standbys->app->broker->ops;
}

/* ---- one standby ---- */

struct standby *standbys_add(struct standbys *standbys, struct task *task)
{
    struct standby *standby = memory_new(sizeof *standby);
    standby->task = task;
    standby->part = (int32_t)(task->part - standbys->app->layout.parts);
    standby->is_wanted = true;
    standby->followers = memory_new(task->part->store_count * sizeof *standby->followers);
    standby->inputs = memory_new(task->source_count * sizeof *standby->inputs);
    for (size_t i = 0; i < task->source_count; i++)
        standby->inputs[i] = BROKER_NO_OFFSET;
    standbys->items = memory_grow(standbys->items, &standbys->capacity, standbys->count + 1, sizeof(struct standby *));
    standbys->items[standbys->count++] = standby;
    standbys->asked_us = 0;
    return standby;
}

struct task *standbys_remove(struct standbys *standbys, size_t index)
{
    struct standby *standby = standbys->items[index];
    struct task *task = standby->task;
    standbys->items[index] = standbys->items[--standbys->count];
    restore_abandon(&standbys->restorer, task);
    following_end(standbys, standby);
    for (size_t i = 0; i < task->part->store_count; i++)
        store_drop(task->stores[i]);
    memory_free(standby->followers);
    memory_free(standby->inputs);
    memory_free(standby);
    return task;
}

void standbys_close(struct standbys *standbys, size_t index)
{
    struct weir_error error = {0};
    struct task *task = standbys_remove(standbys, index);
    log_info("standbys", "task %d_%d is not kept here any more", task->part->subtopology->id, task->partition);
    app_remove_task(standbys->app, task);
    applier_apply(task);
    if (!task_close(task, true, &error))
        log_warning("standbys", "%s", error.message);
}

size_t standbys_index(const struct standbys *standbys, int32_t part, int32_t partition)
{
    size_t i = 0;
    while (i < standbys->count &&
           (standbys->items[i]->part != part || standbys->items[i]->task->partition != partition))
        i++;
    return i;
}

struct task *standbys_take(struct standbys *standbys, int32_t part, int32_t partition)
{
    if (!standbys)
        return NULL;
    enter(standbys);
    size_t index = standbys_index(standbys, part, partition);
    struct task *task = index < standbys->count ? standbys_remove(standbys, index) : NULL;
    if (task) {
        applier_apply(task);
        atomic_fetch_add(&standbys->app->figures.standbys_taken, 1);
    }
    leave(standbys);
    return task;
}

bool standbys_give(struct standbys *standbys, struct task *task)
{
    if (!standbys || !layout_has_changelog(task->part) || task->state != TASK_RUNNING || task->progress)
        return false;
    enter(standbys);
    app_lock_registry(standbys->app); /* figures look into the operators of running tasks */
    following_begin(standbys_add(standbys, task));
    app_unlock_registry(standbys->app);
    atomic_fetch_add(&standbys->app->figures.standbys_given, 1);
    leave(standbys);
    return true;
}

/* ---- the thread ---- */

static void finish_restored(struct standbys *standbys)
{
    for (size_t i = 0; i < standbys->count; i++) {
        struct standby *standby = standbys->items[i];
        struct weir_error error = {0};
        if (restore_must_begin_again(&standbys->restorer, standby->task))
            standby->is_restoring = false;
        if (standby->is_restored || !standby->is_restoring || !restore_is_done(&standbys->restorer, standby->task))
            continue;
        if (!restore_finish(&standbys->restorer, standby->task, &error))
            log_warning("standbys", "%s", error.message);
        following_begin(standby);
        following_show_inputs(standby);
        log_info("standbys", "task %d_%d is in step", standby->task->part->subtopology->id, standby->task->partition);
    }
}

/* What fails is dropped and made anew after a while: the active task is not touched by it. */
static void note_failure(struct standbys *standbys, const struct weir_error *error)
{
    log_warning("standbys", "%s", error->message);
    standbys->retry_us = standbys_now_us() + STANDBYS_RETRY_US;
    if (error->code == WEIR_RETRY)
        return;
    while (standbys->count > 0)
        standbys_close(standbys, standbys->count - 1);
}

/* Under the lock. Returns whether there was nothing to do. */
static bool turn(struct standbys *standbys)
{
    struct weir_error error = {0};
    bool restores = !restore_is_idle(&standbys->restorer), idle = !restores;
    if (standbys_now_us() - standbys->placed_us >= PLACE_EVERY_US)
        placement_look(standbys);
    bool ok = !restores || restore_step(&standbys->restorer, 0, &error);
    idle = idle || standbys->restorer.got_nothing;
    if (ok)
        finish_restored(standbys);
    bool is_full = standbys_now_us() < standbys->full_until_us;
    ok = ok && (is_full || following_read(standbys, &idle, &error));
    for (size_t i = 0; ok && !is_full && i < standbys->count; i++)
        if (standbys->items[i]->is_restored)
            ok = following_step(standbys, standbys->items[i], &error);
    if (!ok)
        note_failure(standbys, &error);
    return idle;
}

void standbys_turn(struct standbys *standbys)
{
    pthread_mutex_lock(&standbys->lock);
    bool idle = turn(standbys);
    bool asks = standbys->count > 0 && standbys_now_us() - standbys->asked_us >= ASK_EVERY_US;
    pthread_mutex_unlock(&standbys->lock);
    if (asks)
        targets_ask(standbys);
    else if (idle)
        clock_pause_ms(IDLE_MS);
    if (atomic_load(&standbys->waiting) > 0)
        clock_pause_ms(GIVE_WAY_MS);
}

static void *run(void *self)
{
    struct standbys *standbys = self;
    while (!atomic_load(&standbys->stopping))
        standbys_turn(standbys);
    return NULL;
}

static void free_standbys(struct standbys *standbys)
{
    while (standbys->count > 0)
        standbys_close(standbys, standbys->count - 1);
    restorer_done(&standbys->restorer);
    if (standbys->reader)
        standbys_ops(standbys)->reader_close(standbys->reader);
    arena_done(&standbys->arena);
    pthread_mutex_destroy(&standbys->lock);
    memory_free(standbys->items);
    memory_free(standbys);
}

struct standbys *standbys_new(struct weir_app *app)
{
    if (!app->peers || !app->broker->ops->commits || config_integer(app->config, "num.standby.replicas") == 0)
        return NULL;
    struct standbys *standbys = memory_new(sizeof *standbys);
    standbys->app = app;
    standbys->restorer = (struct restorer){.broker = app->broker, .copier = app->copier, .stops_at_commit = true};
    arena_init(&standbys->arena);
    pthread_mutex_init(&standbys->lock, NULL);
    return standbys;
}

struct standbys *standbys_start(struct weir_app *app, struct weir_error *error)
{
    struct standbys *standbys = standbys_new(app);
    if (!standbys)
        return NULL;
    int failure = pthread_create(&standbys->thread, NULL, run, standbys);
    standbys->started = failure == 0;
    if (standbys->started)
        return standbys;
    error_set(error, WEIR_FATAL, "cannot start a thread: %s", strerror(failure));
    free_standbys(standbys);
    return NULL;
}

void standbys_stop(struct standbys *standbys)
{
    if (!standbys)
        return;
    atomic_store(&standbys->stopping, true);
    if (standbys->started)
        pthread_join(standbys->thread, NULL);
    free_standbys(standbys);
}

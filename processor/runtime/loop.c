/* loop.c: see loop.h. One turn: poll, recover, process, punctuate, restore, commit, apply. Foreign events (a rebalance, a
 * stop) are met where the turn stands, so that a commit never starts in the middle of a record.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/loop.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/applier.h"
#include "runtime/beginning.h"
#include "runtime/commit.h"
#include "runtime/commit_round.h"
#include "runtime/globals.h"
#include "runtime/limits.h"
#include "runtime/loop_private.h"
#include "runtime/membership.h"
#include "runtime/polling.h"
#include "runtime/ready.h"
#include "runtime/recovery.h"

enum {
    BURST_RECORDS = 256, /* of one task before the next one's turn */
    TURN_RECORDS = 4096, /* of all tasks before the next poll; a task that lags by more is far behind */
    BACKLOG_BUFFERS =
        8, /* of buffered.records.per.partition, that internal topics may lag by before what comes in waits */
    RESTORE_WAIT_MS = 20,
    LAG_EVERY_US = 500 * 1000,
};

int64_t loop_now_us(void)
{
    return clock_monotonic_us(&clock_system);
}

bool loop_fail(struct loop *loop, const struct weir_error *error)
{
    return error_set(&loop->failure, error->code, "%s", error->message);
}

struct task *loop_task(const struct loop *loop, int32_t part, int32_t partition)
{
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->part == &loop->app->layout.parts[part] && loop->tasks[i]->partition == partition)
            return loop->tasks[i];
    return NULL;
}

void loop_add_task(struct loop *loop, struct task *task)
{
    loop->tasks = memory_grow(loop->tasks, &loop->task_capacity, loop->task_count + 1, sizeof(struct task *));
    loop->tasks[loop->task_count++] = task;
    app_add_task(loop->app, task);
}

int32_t loop_part_number(const struct loop *loop, const struct task *task)
{
    return (int32_t)(task->part - loop->app->layout.parts);
}

bool loop_is_paused(const struct loop *loop)
{
    return loop->is_full || atomic_load_explicit(&loop->app->paused, memory_order_relaxed);
}

bool loop_is_idle(const struct loop *loop)
{
    if (loop_is_paused(loop))
        return true;
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->state == TASK_RUNNING && task_queued(loop->tasks[i]) > 0)
            return false;
    return true;
}

bool loop_has_progress(const struct loop *loop)
{
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->progress)
            return true;
    return false;
}

/* ---- a turn ---- */

static bool is_far_behind(const struct task *task)
{
    for (size_t i = 0; i < task->source_count; i++)
        if (atomic_load_explicit(&task->sources[i].lag, memory_order_relaxed) > TURN_RECORDS)
            return true;
    return false;
}

/* A partition joins a transaction when its first record is sent: by a request, before and after which the main thread of
 * librdkafka 2.0.2 spins for a millisecond. So a task begins with one record, and its changelogs get a row at once: when
 * every task has had its turn, one request is enough for all partitions. Records come partition by partition, so a task that
 * is far behind keeps its last one, to begin the next transaction with. */
static int burst_length(const struct loop *loop, const struct task *task)
{
    if (!loop->app->exactly_once)
        return BURST_RECORDS;
    if (!task->progress)
        return 1;
    size_t queued = task_queued(task);
    return queued > 0 && queued <= BURST_RECORDS && is_far_behind(task) ? (int)queued - 1 : BURST_RECORDS;
}

static int burst(struct loop *loop, struct task *task)
{
    int done = 0, length = burst_length(loop, task);
    bool begins = loop->app->exactly_once && !task->progress;
    const struct ready ready = {loop->max_idle_us, polling_is_behind, loop};
    struct task_source *source;
    loop->burst_us = task->source_count > 1 ? loop_now_us() : 0;
    globals_enter(loop->app->globals);
    while (done < length && ready_to_process(&ready, task, loop->burst_us) && (source = task_choose(task))) {
        if (backlog_holds(&loop->backlog, task, source) || !task_process(task, source))
            break;
        done++;
    }
    globals_leave(loop->app->globals);
    if (begins && done > 0 && task->failure.code == WEIR_OK)
        commit_log_first(task, &loop->collector, &task->failure);
    if (task->failure.code != WEIR_OK)
        loop_fail(loop, &task->failure);
    polling_resume_when_low(loop, task);
    return done;
}

static int64_t end_of(void *self, const struct task *task, size_t source)
{
    struct loop *loop = self;
    return loop->app->broker->ops->consumer_end(loop->consumer, loop_part_number(loop, task), (int32_t)source,
                                                task->partition);
}

static void process(struct loop *loop)
{
    int done = 0, before = -1;
    backlog_look(&loop->backlog, loop->tasks, loop->task_count, end_of, loop, loop_now_us());
    while (!loop_is_paused(loop) && done < TURN_RECORDS && done != before && loop->failure.code == WEIR_OK) {
        before = done;
        for (size_t i = 0; i < loop->task_count && loop->failure.code == WEIR_OK; i++)
            if (loop->tasks[i]->state == TASK_RUNNING)
                done += burst(loop, loop->tasks[i]);
    }
    loop->processed = done;
}

static bool is_quiet(struct loop *loop, const struct task *task)
{
    loop->burst_us = loop_now_us();
    for (size_t i = 0; i < task->source_count; i++)
        if (polling_is_behind(loop, task, i))
            return false;
    return true;
}

static bool tick(struct loop *loop, struct task *task, int64_t wall_ms)
{
    return !tick_is_due(task, wall_ms) || !is_quiet(loop, task) || tick_send(task, wall_ms);
}

static void punctuate(struct loop *loop)
{
    int64_t wall = clock_wall_ms(&clock_system);
    if (loop_is_paused(loop))
        return;
    globals_enter(loop->app->globals);
    for (size_t i = 0; i < loop->task_count; i++)
        if (!task_punctuate(loop->tasks[i], wall) || !tick(loop, loop->tasks[i], wall))
            loop_fail(loop, &loop->tasks[i]->failure);
    globals_leave(loop->app->globals);
}

static bool finish_restored(struct loop *loop, struct task *task, struct weir_error *error)
{
    if (!restore_finish(&loop->restorer, task, error) || !task_restored(task, task->execution.stream_time_ms, error))
        return false;
    for (size_t i = 0; i < task->source_count; i++)
        loop->app->broker->ops->consumer_resume(loop->consumer, loop_part_number(loop, task), (int32_t)i,
                                                task->partition);
    beginning_seek(loop->app->broker, loop->consumer, task);
    return true;
}

static void restore(struct loop *loop)
{
    struct weir_error error = {0};
    if (!restore_is_idle(&loop->restorer) &&
        !restore_step(&loop->restorer, loop_is_idle(loop) ? RESTORE_WAIT_MS : 0, &error)) {
        if (error.code != WEIR_RETRY)
            loop_fail(loop, &error);
        else {
            log_warning("restore", "%s; trying again", error.message);
            clock_pause_ms(loop_is_idle(loop) ? LOOP_RETRY_PAUSE_MS : 0);
        }
    }
    atomic_store(&loop->app->figures.restored_records, loop->restorer.records);
    bool all = loop->failure.code == WEIR_OK && loop->openings.count == 0;
    for (size_t i = 0; i < loop->task_count && loop->failure.code == WEIR_OK; i++) {
        struct task *task = loop->tasks[i];
        if (task->state == TASK_RUNNING)
            continue;
        struct weir_error cause = {0};
        if (!globals_are_loaded(loop->app->globals) || !restore_is_done(&loop->restorer, task))
            all = false;
        else if (!finish_restored(loop, task, &cause))
            loop_fail(loop, &cause);
    }
    if (all && loop->has_assignment && !atomic_exchange(&loop->settled, true))
        app_refresh_state(loop->app);
}

static bool is_commit_asked_for(const struct loop *loop)
{
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->execution.commit && loop->tasks[i]->progress)
            return true;
    return false;
}

/* Whoever waited for it to catch up need not wait for the commit, too. Once: at the end of its inputs it may stand often. */
static bool has_caught_up(struct loop *loop)
{
    if (!loop->is_far_behind || !loop_is_idle(loop) || loop_is_paused(loop))
        return false;
    for (size_t i = 0; i < loop->task_count; i++)
        if (!is_quiet(loop, loop->tasks[i]))
            return false;
    loop->is_far_behind = false;
    return true;
}

static void commit_when_due(struct loop *loop)
{
    if (loop_now_us() - loop->committed_us >= loop->commit_interval_us || is_commit_asked_for(loop) ||
        applier_overlay_bytes(loop) > loop->overlay_max || has_caught_up(loop))
        commit_round(loop);
}

static void dispatch_one(struct loop *loop, struct task *task)
{
    globals_enter(loop->app->globals);
    if (!task_dispatch(task))
        loop_fail(loop, &task->failure);
    globals_leave(loop->app->globals);
}

/* Mostly there is nothing, and no lock of the global tables is taken. */
static void dispatch(struct loop *loop)
{
    for (size_t i = 0; i < loop->task_count && loop->failure.code == WEIR_OK; i++)
        if (loop->tasks[i]->state == TASK_RUNNING && task_has_dispatch(loop->tasks[i]))
            dispatch_one(loop, loop->tasks[i]);
}

static void show_lag(struct loop *loop)
{
    int64_t now = loop_now_us();
    if (now - loop->lag_us < LAG_EVERY_US)
        return;
    loop->lag_us = now;
    for (size_t i = 0; i < loop->task_count; i++) {
        struct task *task = loop->tasks[i];
        for (size_t s = 0; s < task->source_count; s++) {
            int64_t end = end_of(loop, task, s);
            int64_t lag = end < 0 ? -1 : task_source_lag(&task->sources[s], end);
            atomic_store_explicit(&task->sources[s].lag, lag, memory_order_relaxed);
        }
        loop->is_far_behind = loop->is_far_behind || is_far_behind(task);
    }
}

static void turn(struct loop *loop)
{
    if (!polling_take(loop) || !recovery_finish(loop) || !membership_follow(loop))
        return;
    openings_go_on(loop);
    process(loop);
    if (loop->failure.code != WEIR_OK)
        return;
    punctuate(loop);
    restore(loop);
    commit_when_due(loop);
    dispatch(loop);
    purge_when_due(&loop->purge, loop->app, loop->consumer, loop->tasks, loop->task_count);
    applier_run_when_due(loop);
    show_lag(loop);
}

/* Clean: what was processed is committed by `revoked`, which closing the consumer calls for every task. */
static void leave(struct loop *loop)
{
    if (loop->failure.code != WEIR_OK) {
        app_fail(loop->app, &loop->failure);
        collector_close(&loop->collector); /* first: open deliveries point into the tasks */
        membership_drop_all(loop);
    } else if (!loop->recovering && !loop->rejoin) {
        commit_round(loop);
    }
    if (loop->consumer)
        loop->app->broker->ops->consumer_close(loop->consumer);
    membership_drop_all(loop);
    restorer_done(&loop->restorer);
    collector_close(&loop->collector);
}

void loop_run(struct loop *loop)
{
    while (!atomic_load(&loop->stopping) && loop->failure.code == WEIR_OK)
        turn(loop);
    leave(loop);
    atomic_store(&loop->ended, true);
    app_published(loop->app);
}

static void *run(void *self)
{
    loop_run(self);
    return NULL;
}

static void configure(struct loop *loop)
{
    loop->windows_max = limits_windows(loop->app);
    loop->rows_max = limits_rows(loop->app);
    loop->overlay_max = limits_overlay(loop->app);
    const struct config *config = loop->app->config;
    loop->restorer.copier = loop->app->copier;
    loop->commit_interval_us = config_integer(config, "commit.interval.ms") * 1000;
    loop->purge.interval_us = config_integer(config, "repartition.purge.interval.ms") * 1000;
    loop->poll_ms = config_integer(config, "poll.ms");
    loop->buffered_max = (size_t)config_integer(config, "buffered.records.per.partition");
    backlog_init(&loop->backlog, &loop->app->layout, (int64_t)loop->buffered_max * BACKLOG_BUFFERS);
    int64_t idle_ms = config_integer(config, "max.task.idle.ms");
    loop->max_idle_us = idle_ms < 0 ? READY_NEVER_WAITS : idle_ms * 1000;
    loop->settings = (struct task_settings){
        .clock = &clock_system,
        .max_future_ms = config_integer(config, "max.future.ms"),
        .lineage = !loop->app->exactly_once,
        .emit_interval_ms = config_integer(config, "emit.interval.ms"),
        .globals = globals_stores(loop->app->globals),
        .watch = loop->app->watch,
        .feeds = &loop->app->feeds,
    };
    loop->limits = limits_of_task(loop->app);
}

/* The transactional id of Kafka Streams: one per thread and process. Opened before the group is joined, so that what an
 * earlier process left open has ended when the committed offsets are read. */
static bool open_collector(struct loop *loop, struct weir_error *error)
{
    const char *application = loop->app->layout.application;
    char *client = memory_format("%s-StreamThread-%d-producer", application, loop->number);
    char *id = memory_format("%s-%s-%d", application, loop->app->identity.uuid, loop->number);
    bool ok = collector_open(&loop->collector, loop->app->broker, client, loop->app->exactly_once ? id : NULL, error);
    memory_free(client);
    memory_free(id);
    return ok;
}

struct loop *loop_open(struct weir_app *app, int32_t number, struct weir_error *error)
{
    struct loop *loop = memory_new(sizeof *loop);
    loop->app = app;
    loop->number = number;
    loop->restorer.broker = app->broker;
    loop->committed_us = loop_now_us();
    configure(loop);
    if (open_collector(loop, error) && membership_join(loop, error))
        return loop;
    loop_close(loop);
    return NULL;
}

void loop_close(struct loop *loop)
{
    if (!loop)
        return;
    if (!atomic_load(&loop->ended)) {
        if (loop->consumer)
            loop->app->broker->ops->consumer_close(loop->consumer);
        collector_close(&loop->collector);
    }
    openings_done(&loop->openings);
    backlog_done(&loop->backlog);
    memory_free(loop->tasks);
    memory_free(loop->inputs);
    memory_free(loop);
}

struct loop *loop_start(struct weir_app *app, int32_t number, struct weir_error *error)
{
    struct loop *loop = loop_open(app, number, error);
    if (!loop)
        return NULL;
    int failed = pthread_create(&loop->thread, NULL, run, loop);
    if (failed == 0)
        return loop;
    error_set(error, WEIR_FATAL, "cannot start a thread: %s", strerror(failed));
    loop_close(loop);
    return NULL;
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopping, true); /* seen within poll.ms */
}

bool loop_join(struct loop *loop, int64_t deadline_us)
{
    while (!atomic_load(&loop->ended) && loop_now_us() < deadline_us)
        usleep(2000);
    if (!atomic_load(&loop->ended))
        return false;
    pthread_join(loop->thread, NULL);
    loop_close(loop);
    return true;
}

bool loop_settled(const struct loop *loop)
{
    return atomic_load(&loop->settled);
}

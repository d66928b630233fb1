/* loop.c: see loop.h. One turn: poll, recover, process, punctuate, restore, commit, apply. Foreign events (a rebalance, a
 * stop) are met where the turn stands, so that a commit never starts in the middle of a record.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/loop.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/beginning.h"
#include "runtime/commit.h"
#include "runtime/directory.h"
#include "runtime/globals.h"
#include "runtime/limits.h"
#include "runtime/peers.h"
#include "runtime/purge.h"
#include "runtime/ready.h"
#include "runtime/restore.h"
#include "runtime/standbys.h"
#include "runtime/strays.h"

enum {
    POLL_MESSAGES = 2048,
    BURST_RECORDS = 256, /* of one task before the next one's turn */
    TURN_RECORDS = 4096, /* of all tasks before the next poll */
    FLUSH_TIMEOUT_MS = 60 * 1000,
    RETRY_PAUSE_MS = 200,
    BEGIN_TRIES_MAX = 300,
    RESTORE_WAIT_MS = 20,
    LAG_EVERY_US = 500 * 1000,
    APPLY_PAUSE_US = 1000 * 1000,
    FENCED_MAX = 5,
    FENCED_WITHIN_US = 30 * 1000 * 1000,
    LETTERS_TOLD_A_SECOND = 10,
    HELD_UP_WAIT_MS = 5, /* for records, while tasks have some that may not be processed yet */
    OVERLAY_BYTES_MAX = 32 * 1024 * 1024,
};

struct loop {
    struct weir_app *app;
    int32_t number;
    pthread_t thread;
    _Atomic bool stopping, ended, settled;
    struct broker_consumer *consumer;
    struct collector collector;
    struct restorer restorer;
    struct purge purge;
    struct task **tasks;
    size_t task_count, task_capacity;
    int64_t commit_interval_us, committed_us, lag_us, apply_after_us;
    int64_t poll_ms, max_idle_us;
    int64_t burst_us; /* when the burst began */
    int processed;    /* records, in the latest turn */
    size_t buffered_max;
    size_t committed_max, windows_max; /* bytes of committed rows over all stores; over those of windows */
    struct task_settings settings;
    struct database_limits limits;
    struct weir_error failure; /* set: the loop ends */
    bool
        recovering; /* what the tasks hold is not what is committed: nothing is processed or committed before recover */
    bool rejoin;    /* the consumer was fenced: close it and join anew */
    int64_t fenced_us;      /* the last time a poll said so */
    int fenced_count;       /* in a row, each within FENCED_WITHIN_US of the one before */
    int64_t letters_second; /* in which the latest dead letters were told */
    int letters_told;       /* in that second */
};

static int64_t now_us(void)
{
    return clock_monotonic_us(&clock_system);
}

static bool fail_loop(struct loop *loop, const struct weir_error *error)
{
    return error_set(&loop->failure, error->code, "%s", error->message);
}

/* ---- what a task gives off ---- */

static bool output_send(void *self, const struct graph_node *sink, const char *topic,
                        const struct broker_record *record, struct weir_error *error)
{
    struct loop *loop = self;
    (void)sink;
    return collector_send(&loop->collector, topic, record, error) && failpoint("record.sent", error);
}

static int32_t output_partitions(void *self, const char *topic, struct weir_error *error)
{
    struct loop *loop = self;
    return collector_partitions(&loop->collector, topic, error);
}

static void output_release(void *self, struct broker_message *message)
{
    struct loop *loop = self;
    loop->app->broker->ops->consumer_release(loop->consumer, message);
}

static void output_dropped(void *self, const struct weir_drop *drop)
{
    struct loop *loop = self;
    drops_add(&loop->app->figures.drops, drop);
}

/* Without what was wrong, which may hold values: that is in the letter. A flood of them is told by the figures. */
static void tell_dead_letter(struct loop *loop, const struct weir_dead_letter *letter)
{
    int64_t second = now_us() / 1000000;
    if (second != loop->letters_second)
        loop->letters_told = 0;
    loop->letters_second = second;
    if (++loop->letters_told > LETTERS_TOLD_A_SECOND)
        return;
    log_traced(LOG_INFO, "loop", letter->trace_id, "dead letter to %s: topic %s, partition %d, offset %lld: %s",
               letter->letters, letter->topic, letter->partition, (long long)letter->offset, letter->reason);
}

static void output_dead(void *self, const struct weir_dead_letter *letter)
{
    struct loop *loop = self;
    figures_dead_letter(&loop->app->figures, letter);
    tell_dead_letter(loop, letter);
}

/* ---- tasks come and go ---- */

static struct task *find_task(const struct loop *loop, int32_t part, int32_t partition)
{
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->part == &loop->app->layout.parts[part] && loop->tasks[i]->partition == partition)
            return loop->tasks[i];
    return NULL;
}

static int32_t part_number(const struct loop *loop, const struct task *task)
{
    return (int32_t)(task->part - loop->app->layout.parts);
}

/* One whose state is kept here already goes on with that. */
static struct task *open_task(struct loop *loop, int32_t part, int32_t partition, struct weir_error *error)
{
    struct task_output output = {loop, output_send, output_partitions, output_release, output_dropped, output_dead};
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

/* A store that cannot be used is made anew from its changelog; a broker that is not ready, or a directory that another
 * instance on this machine is about to give up, is asked again. */
static struct task *begin_task_at_last(struct loop *loop, int32_t part, int32_t partition,
                                       const struct broker_start *starts, struct weir_error *error)
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
            clock_pause_ms(RETRY_PAUSE_MS);
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

static void assigned(void *self, int32_t part, int32_t partition, const struct broker_start *starts)
{
    struct loop *loop = self;
    struct weir_error error = {0};
    atomic_store(&loop->settled, false);
    struct task *task = begin_task_at_last(loop, part, partition, starts, &error);
    if (!task && error.code == WEIR_FENCED) {
        log_warning("loop", "%s; joining the group again", error.message);
        loop->rejoin = true;
        return;
    }
    if (!task) {
        fail_loop(loop, &error);
        return;
    }
    loop->tasks = memory_grow(loop->tasks, &loop->task_capacity, loop->task_count + 1, sizeof(struct task *));
    loop->tasks[loop->task_count++] = task;
    app_add_task(loop->app, task);
}

static void apply_stores(struct task *task)
{
    for (size_t i = 0; i < task->part->store_count; i++) {
        struct weir_error error = {0};
        if (!store_apply(task->stores[i], now_us(), &error))
            log_warning("loop", "store %s, partition %d: %s", task->part->stores[i].spec.name, task->partition,
                        error.message);
    }
}

static void end_task(struct loop *loop, size_t index, bool keep)
{
    struct task *task = loop->tasks[index];
    loop->tasks[index] = loop->tasks[--loop->task_count];
    restore_abandon(&loop->restorer, task);
    if (keep && standbys_give(loop->app->standbys, task))
        return;
    app_remove_task(loop->app, task);
    if (keep)
        apply_stores(task);
    struct weir_error error = {0};
    if (!task_close(task, keep, &error))
        log_warning("loop", "%s", error.message);
}

static bool commit(struct loop *loop);

static void revoked(void *self, int32_t part, int32_t partition, bool lost)
{
    struct loop *loop = self;
    struct task *task = find_task(loop, part, partition);
    if (!task)
        return;
    atomic_store(&loop->settled, false);
    bool committed = !lost && !loop->rejoin && !loop->recovering && loop->failure.code == WEIR_OK && commit(loop);
    if (!committed) /* the transaction has records of this task */
        loop->recovering = loop->app->exactly_once;
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i] == task)
            end_task(loop, i, committed);
}

static void settled(void *self)
{
    struct loop *loop = self;
    atomic_fetch_add(&loop->app->figures.rebalances, 1);
    peers_ask(loop->app->peers);
    log_info("loop", "thread %d: %zu tasks assigned", loop->number, loop->task_count);
}

static bool join_group(struct loop *loop, struct weir_error *error)
{
    const struct layout *layout = &loop->app->layout;
    struct broker_subscription *groups = memory_new(layout->part_count * sizeof *groups);
    weir_arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < layout->part_count; i++) {
        const char **topics = arena_alloc(&arena, layout->parts[i].source_count * sizeof *topics);
        for (size_t s = 0; s < layout->parts[i].source_count; s++)
            topics[s] = layout->parts[i].sources[s].topic;
        groups[i] = (struct broker_subscription){topics, layout->parts[i].source_count};
    }
    char *member = peers_client_id(loop->app, loop->number);
    struct broker_rebalance calls = {loop, assigned, revoked, settled};
    loop->consumer = loop->app->broker->ops->consumer_open(loop->app->broker, layout->application, member, groups,
                                                           layout->part_count, calls, error);
    memory_free(member);
    memory_free(groups);
    arena_done(&arena);
    return loop->consumer != NULL;
}

/* ---- commit ---- */

/* A broker that does not answer is waited for: nothing may be forgotten while its deliveries are open. */
static bool flush(struct loop *loop, struct weir_error *error)
{
    for (;;) {
        struct weir_error cause = {0};
        if (collector_flush(&loop->collector, FLUSH_TIMEOUT_MS, &cause))
            return true;
        if (cause.code != WEIR_RETRY || atomic_load(&loop->stopping))
            return error_set(error, cause.code == WEIR_RETRY ? WEIR_FATAL : cause.code, "%s", cause.message);
        log_warning("loop", "%s; waiting on", cause.message);
    }
}

static bool log_all(struct loop *loop, struct weir_error *error)
{
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->progress && !commit_log(loop->tasks[i], &loop->collector, error))
            return false;
    return true;
}

static bool commit_offsets(struct loop *loop, struct weir_error *error)
{
    weir_arena arena;
    arena_init(&arena);
    struct commit_offsets offsets = {0};
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->progress)
            commit_offsets_add(&offsets, loop->tasks[i], &arena);
    bool ok = collector_commit(&loop->collector, loop->consumer, offsets.items, offsets.count, error);
    memory_free(offsets.items);
    arena_done(&arena);
    return ok;
}

static void publish_all(struct loop *loop)
{
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->progress)
            commit_publish(loop->tasks[i]);
}

/* What others have written to the changelogs meanwhile is undone before the offsets make it count: at least once, for a
 * transaction keeps them out. */
static bool undo_strays(struct loop *loop, struct weir_error *error)
{
    bool found = false;
    for (size_t i = 0; !loop->app->exactly_once && i < loop->task_count; i++)
        if (loop->tasks[i]->progress && !strays_undo(loop->app, loop->tasks[i], &found, error))
            return false;
    if (!found)
        return true;
    if (!log_all(loop, error) || !flush(loop, error))
        return false;
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->progress && !strays_absent(loop->tasks[i], error))
            return false;
    return true;
}

static bool commit_steps(struct loop *loop, struct weir_error *error)
{
    if (!failpoint("commit.begin", error) || !log_all(loop, error) || !failpoint("commit.logged", error) ||
        !flush(loop, error) || !failpoint("commit.flushed", error) || !undo_strays(loop, error) ||
        !commit_offsets(loop, error) || !failpoint("commit.committed", error))
        return false;
    publish_all(loop);
    return failpoint("commit.published", error);
}

static bool has_progress(const struct loop *loop)
{
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->progress)
            return true;
    return false;
}

/* At least once, WEIR_RETRY changes nothing: the overlays stay and the next turn tries again. A transaction that failed
 * is over, so the tasks go back to the last commit. */
static void note_commit_failure(struct loop *loop, const struct weir_error *error)
{
    atomic_fetch_add(&loop->app->figures.failed_commits, 1);
    if (error->code != WEIR_RETRY && error->code != WEIR_FENCED) {
        fail_loop(loop, error);
        return;
    }
    loop->recovering = loop->app->exactly_once;
    loop->rejoin = loop->rejoin || error->code == WEIR_FENCED;
    log_warning("loop", "commit: %s; %s", error->message,
                loop->rejoin              ? "joining the group again"
                : loop->app->exactly_once ? "going back to the last commit"
                                          : "trying again");
}

static bool commit(struct loop *loop)
{
    int64_t began_us = now_us();
    loop->committed_us = began_us;
    if (!has_progress(loop))
        return true;
    struct weir_error error = {0};
    if (commit_steps(loop, &error)) {
        figures_commit(&loop->app->figures, now_us() - began_us);
        app_published(loop->app);
        loop->purge.is_wanted = true;
        return true;
    }
    note_commit_failure(loop, &error);
    return false;
}

/* ---- a turn ---- */

static bool is_idle(const struct loop *loop)
{
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->state == TASK_RUNNING && task_queued(loop->tasks[i]) > 0)
            return false;
    return true;
}

/* Nothing can be done until they are loaded. */
static bool is_waiting_for_globals(const struct loop *loop)
{
    if (globals_are_loaded(loop->app->globals))
        return false;
    for (size_t i = 0; i < loop->task_count; i++)
        if (!restore_is_done(&loop->restorer, loop->tasks[i]))
            return false;
    return true;
}

static int wait_ms(const struct loop *loop)
{
    bool is_held_up = !is_idle(loop) && loop->processed == 0;
    if (is_waiting_for_globals(loop))
        return (int)loop->poll_ms;
    if ((!is_idle(loop) && !is_held_up) || !restore_is_idle(&loop->restorer) || loop->recovering || loop->rejoin)
        return 0;
    int64_t wait = is_held_up && loop->poll_ms > HELD_UP_WAIT_MS ? HELD_UP_WAIT_MS : loop->poll_ms;
    int64_t wall = clock_wall_ms(&clock_system);
    for (size_t i = 0; i < loop->task_count; i++) {
        int64_t next = punctuations_next(&loop->tasks[i]->wall_clock);
        if (next != INT64_MAX && next - wall < wait)
            wait = next - wall;
    }
    if (has_progress(loop)) {
        int64_t due = (loop->committed_us + loop->commit_interval_us - now_us()) / 1000;
        wait = due < wait ? due : wait;
    }
    return wait < 0 ? 0 : (int)wait;
}

static void pause_when_full(struct loop *loop, struct task *task, size_t source)
{
    struct task_source *from = &task->sources[source];
    if (from->paused || from->queue.count < loop->buffered_max)
        return;
    from->paused = true;
    loop->app->broker->ops->consumer_pause(loop->consumer, part_number(loop, task), (int32_t)source, task->partition);
}

static void resume_when_low(struct loop *loop, struct task *task)
{
    for (size_t i = 0; i < task->part->source_count; i++) {
        struct task_source *from = &task->sources[i];
        if (!from->paused || from->queue.count > loop->buffered_max / 2)
            continue;
        from->paused = false;
        loop->app->broker->ops->consumer_resume(loop->consumer, part_number(loop, task), (int32_t)i, task->partition);
    }
}

/* A member is fenced once by a mishap, a lost answer of the coordinator say. Two that go by one group.instance.id fence each
 * other for ever. */
static bool is_fenced_in_turns(struct loop *loop)
{
    int64_t now = now_us();
    loop->fenced_count = now - loop->fenced_us < FENCED_WITHIN_US ? loop->fenced_count + 1 : 1;
    loop->fenced_us = now;
    return loop->fenced_count > FENCED_MAX;
}

static bool poll_messages(struct loop *loop)
{
    static _Thread_local struct broker_message messages[POLL_MESSAGES];
    const struct broker_ops *ops = loop->app->broker->ops;
    struct weir_error error = {0};
    int count = ops->consumer_poll(loop->consumer, messages, POLL_MESSAGES, wait_ms(loop), &error);
    for (int i = 0; i < count; i++) {
        struct task *task = find_task(loop, messages[i].group, messages[i].partition);
        if (!task) { /* revoked while the message was on its way */
            ops->consumer_release(loop->consumer, &messages[i]);
            continue;
        }
        task_push(task, (size_t)messages[i].source, &messages[i]);
        pause_when_full(loop, task, (size_t)messages[i].source);
    }
    if (count >= 0)
        return true;
    if (error.code == WEIR_FENCED && !is_fenced_in_turns(loop)) {
        log_warning("loop", "%s; joining the group again", error.message);
        loop->rejoin = true;
        return true;
    }
    if (error.code != WEIR_RETRY)
        return fail_loop(loop, &error);
    log_warning("loop", "%s; trying again", error.message);
    clock_pause_ms(RETRY_PAUSE_MS);
    return true;
}

/* Asked once per burst: asking takes locks of the client, and nothing arrives during a burst. */
static bool is_behind(void *self, const struct task *task, size_t number)
{
    struct loop *loop = self;
    struct task_source *source = &task->sources[number];
    if (source->asked_us != loop->burst_us) {
        source->asked_us = loop->burst_us;
        source->behind = loop->app->broker->ops->consumer_is_behind(loop->consumer, part_number(loop, task),
                                                                    (int32_t)number, task->partition);
    }
    return source->behind;
}

/* A partition joins a transaction when its first record is sent: by a request, before and after which the main thread of
 * librdkafka 2.0.2 spins for a millisecond. So a task begins with one record, and its changelogs get a row at once: when
 * every task has had its turn, one request is enough for all partitions. */
static int burst_length(const struct loop *loop, const struct task *task)
{
    return loop->app->exactly_once && !task->progress ? 1 : BURST_RECORDS;
}

static int burst(struct loop *loop, struct task *task)
{
    int done = 0, length = burst_length(loop, task);
    const struct ready ready = {loop->max_idle_us, is_behind, loop};
    struct task_source *source;
    loop->burst_us = task->part->source_count > 1 ? now_us() : 0;
    globals_enter(loop->app->globals);
    while (done < length && ready_to_process(&ready, task, loop->burst_us) && (source = task_choose(task))) {
        if (!task_process(task, source))
            break;
        done++;
    }
    globals_leave(loop->app->globals);
    if (length == 1 && done > 0 && task->failure.code == WEIR_OK)
        commit_log_first(task, &loop->collector, &task->failure);
    if (task->failure.code != WEIR_OK)
        fail_loop(loop, &task->failure);
    resume_when_low(loop, task);
    return done;
}

static void process(struct loop *loop)
{
    int done = 0, before = -1;
    while (done < TURN_RECORDS && done != before && loop->failure.code == WEIR_OK) {
        before = done;
        for (size_t i = 0; i < loop->task_count && loop->failure.code == WEIR_OK; i++)
            if (loop->tasks[i]->state == TASK_RUNNING)
                done += burst(loop, loop->tasks[i]);
    }
    loop->processed = done;
}

static bool is_quiet(struct loop *loop, const struct task *task)
{
    loop->burst_us = now_us();
    for (size_t i = 0; i < task->part->source_count; i++)
        if (is_behind(loop, task, i))
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
    globals_enter(loop->app->globals);
    for (size_t i = 0; i < loop->task_count; i++)
        if (!task_punctuate(loop->tasks[i], wall) || !tick(loop, loop->tasks[i], wall))
            fail_loop(loop, &loop->tasks[i]->failure);
    globals_leave(loop->app->globals);
}

static bool finish_restored(struct loop *loop, struct task *task, struct weir_error *error)
{
    if (!restore_finish(&loop->restorer, task, error) || !task_restored(task, task->execution.stream_time_ms, error))
        return false;
    for (size_t i = 0; i < task->part->source_count; i++)
        loop->app->broker->ops->consumer_resume(loop->consumer, part_number(loop, task), (int32_t)i, task->partition);
    beginning_seek(loop->app->broker, loop->consumer, task);
    return true;
}

static void restore(struct loop *loop)
{
    struct weir_error error = {0};
    if (!restore_is_idle(&loop->restorer) &&
        !restore_step(&loop->restorer, is_idle(loop) ? RESTORE_WAIT_MS : 0, &error)) {
        if (error.code != WEIR_RETRY)
            fail_loop(loop, &error);
        else {
            log_warning("restore", "%s; trying again", error.message);
            clock_pause_ms(is_idle(loop) ? RETRY_PAUSE_MS : 0);
        }
    }
    atomic_store(&loop->app->figures.restored_records, loop->restorer.records);
    bool all = loop->failure.code == WEIR_OK;
    for (size_t i = 0; i < loop->task_count && loop->failure.code == WEIR_OK; i++) {
        struct task *task = loop->tasks[i];
        if (task->state == TASK_RUNNING)
            continue;
        struct weir_error cause = {0};
        if (!globals_are_loaded(loop->app->globals) || !restore_is_done(&loop->restorer, task))
            all = false;
        else if (!finish_restored(loop, task, &cause))
            fail_loop(loop, &cause);
    }
    if (all && loop->task_count > 0 && !atomic_exchange(&loop->settled, true))
        app_refresh_state(loop->app);
}

static size_t overlay_bytes(const struct loop *loop)
{
    size_t bytes = 0;
    for (size_t i = 0; i < loop->task_count; i++)
        for (size_t s = 0; s < loop->tasks[i]->part->store_count; s++)
            bytes += store_overlay_bytes(loop->tasks[i]->stores[s]);
    return bytes;
}

static bool is_commit_asked_for(const struct loop *loop)
{
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->execution.commit && loop->tasks[i]->progress)
            return true;
    return false;
}

static void commit_when_due(struct loop *loop)
{
    if (now_us() - loop->committed_us >= loop->commit_interval_us || is_commit_asked_for(loop) ||
        overlay_bytes(loop) > OVERLAY_BYTES_MAX)
        commit(loop);
}

/* A disk that is full may have room again: rows stay in memory, the changelog has them, and a second later it is tried
 * again. Anything else ends the loop. */
static void note_store_failure(struct loop *loop, const struct weir_error *error, int64_t now)
{
    if (error->code != WEIR_RETRY) {
        fail_loop(loop, error);
        return;
    }
    log_warning("loop", "%s; trying again", error->message);
    loop->apply_after_us = now + APPLY_PAUSE_US;
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

/* Over the budget, the largest store gives its rows back; RocksDB has them then. */
static void evict_when_full(struct loop *loop, int64_t now)
{
    struct held all = {0}, windows = {0};
    for (size_t i = 0; i < loop->task_count; i++) {
        struct task *task = loop->tasks[i];
        for (size_t s = 0; task->state == TASK_RUNNING && s < task->part->store_count; s++) {
            hold(&all, task->stores[s]);
            if (store_spec(task->stores[s])->kind != STORE_KEY_VALUE)
                hold(&windows, task->stores[s]);
        }
    }
    struct weir_error error = {0};
    struct store *full = windows.bytes > loop->windows_max ? windows.largest
                         : all.bytes > loop->committed_max ? all.largest
                                                           : NULL;
    if (full && !store_evict(full, now, &error))
        note_store_failure(loop, &error, now);
}

static void apply_when_due(struct loop *loop)
{
    int64_t now = now_us();
    if (now < loop->apply_after_us)
        return;
    for (size_t i = 0; i < loop->task_count; i++) {
        struct task *task = loop->tasks[i];
        for (size_t s = 0; task->state == TASK_RUNNING && s < task->part->store_count; s++) {
            struct weir_error error = {0};
            if (store_apply_due(task->stores[s], now) && !store_apply(task->stores[s], now, &error)) {
                note_store_failure(loop, &error, now);
                return;
            }
        }
    }
    evict_when_full(loop, now);
}

static void show_lag(struct loop *loop)
{
    int64_t now = now_us();
    if (now - loop->lag_us < LAG_EVERY_US)
        return;
    loop->lag_us = now;
    for (size_t i = 0; i < loop->task_count; i++) {
        struct task *task = loop->tasks[i];
        for (size_t s = 0; s < task->part->source_count; s++) {
            int64_t end = loop->app->broker->ops->consumer_end(loop->consumer, part_number(loop, task), (int32_t)s,
                                                               task->partition);
            int64_t lag = end < 0 ? -1 : end - task->sources[s].position;
            atomic_store_explicit(&task->sources[s].lag, lag < 0 && end >= 0 ? 0 : lag, memory_order_relaxed);
        }
    }
}

static void drop_all(struct loop *loop)
{
    while (loop->task_count > 0)
        end_task(loop, loop->task_count - 1, false);
}

/* ---- after a failure ---- */

static void rejoin_group(struct loop *loop)
{
    drop_all(loop);
    atomic_store(&loop->settled, false);
    app_refresh_state(loop->app);
    loop->app->broker->ops->consumer_close(loop->consumer);
    loop->consumer = NULL;
    loop->rejoin = false;
    struct weir_error error = {0};
    if (!join_group(loop, &error))
        fail_loop(loop, &error);
}

static void rewind_consumer(struct loop *loop)
{
    struct commit_offsets offsets = {0};
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i]->state == TASK_RUNNING)
            commit_offsets_add_positions(&offsets, loop->tasks[i]);
    loop->app->broker->ops->consumer_rewind(loop->consumer, offsets.items, offsets.count);
    memory_free(offsets.items);
}

static void rewind_tasks(struct loop *loop)
{
    struct weir_error error = {0};
    app_lock_registry(loop->app);
    for (size_t i = 0; i < loop->task_count && error.code == WEIR_OK; i++)
        if (loop->tasks[i]->state == TASK_RUNNING)
            task_rewind(loop->tasks[i], &error);
    app_unlock_registry(loop->app);
    if (error.code == WEIR_OK)
        rewind_consumer(loop);
    else
        fail_loop(loop, &error);
}

/* Ends what failed, then goes on from the last commit: with the tasks as they are, or, where they may belong to somebody
 * else by now or the outcome of their commit was unknown, as a new member. False: not possible yet. */
static bool recover(struct loop *loop)
{
    struct weir_error error = {0};
    if (!loop->recovering && !loop->rejoin)
        return true;
    if (!collector_abort(&loop->collector, &error)) {
        if (error.code != WEIR_RETRY)
            return fail_loop(loop, &error);
        log_warning("loop", "%s; trying again", error.message);
        clock_pause_ms(RETRY_PAUSE_MS);
        return false;
    }
    if (loop->rejoin)
        rejoin_group(loop);
    else
        rewind_tasks(loop);
    loop->recovering = false;
    return loop->failure.code == WEIR_OK;
}

static void turn(struct loop *loop)
{
    if (!poll_messages(loop) || !recover(loop))
        return;
    process(loop);
    if (loop->failure.code != WEIR_OK)
        return;
    punctuate(loop);
    restore(loop);
    commit_when_due(loop);
    purge_when_due(&loop->purge, loop->app, loop->consumer, loop->tasks, loop->task_count);
    apply_when_due(loop);
    show_lag(loop);
}

/* Clean: what was processed is committed by `revoked`, which closing the consumer calls for every task. */
static void leave(struct loop *loop)
{
    if (loop->failure.code != WEIR_OK) {
        app_fail(loop->app, &loop->failure);
        collector_close(&loop->collector); /* first: open deliveries point into the tasks */
        drop_all(loop);
    } else if (!loop->recovering && !loop->rejoin) {
        commit(loop);
    }
    if (loop->consumer)
        loop->app->broker->ops->consumer_close(loop->consumer);
    drop_all(loop);
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
    loop->committed_max = limits_committed(loop->app);
    const struct config *config = loop->app->config;
    loop->restorer.copier = loop->app->copier;
    loop->commit_interval_us = config_integer(config, "commit.interval.ms") * 1000;
    loop->purge.interval_us = config_integer(config, "repartition.purge.interval.ms") * 1000;
    loop->poll_ms = config_integer(config, "poll.ms");
    loop->buffered_max = (size_t)config_integer(config, "buffered.records.per.partition");
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
    loop->committed_us = now_us();
    configure(loop);
    if (open_collector(loop, error) && join_group(loop, error))
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
    memory_free(loop->tasks);
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
    while (!atomic_load(&loop->ended) && now_us() < deadline_us)
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

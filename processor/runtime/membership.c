/* membership.c: see membership.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/membership.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "runtime/applier.h"
#include "runtime/commit_round.h"
#include "runtime/loop_private.h"
#include "runtime/peers.h"
#include "runtime/standbys.h"

enum { LOOKS_MAX = 5, LOOK_PAUSE_MS = 500 };

static void unsettle(struct loop *loop)
{
    loop->has_assignment = false;
    atomic_store(&loop->settled, false);
}

static void assigned(void *self, int32_t part, int32_t partition, const struct broker_start *starts)
{
    struct loop *loop = self;
    unsettle(loop);
    openings_add(loop, part, partition, starts);
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
        applier_apply(task);
    struct weir_error error = {0};
    if (!task_close(task, keep, &error))
        log_warning("loop", "%s", error.message);
}

static void revoked(void *self, int32_t part, int32_t partition, bool lost)
{
    struct loop *loop = self;
    struct task *task = loop_task(loop, part, partition);
    if (!task && !openings_remove(&loop->openings, part, partition))
        return;
    unsettle(loop);
    if (!task)
        return;
    bool committed = !lost && !loop->rejoin && !loop->recovering && loop->failure.code == WEIR_OK && commit_round(loop);
    if (!committed) /* the transaction has records of this task */
        loop->recovering = loop->app->exactly_once;
    for (size_t i = 0; i < loop->task_count; i++)
        if (loop->tasks[i] == task)
            end_task(loop, i, committed);
    if (loop->task_count == 0)
        log_info("loop", "thread %d: gave its tasks back%s", loop->number,
                 lost ? ", and the group had gone on without it" : "");
}

static void settled(void *self)
{
    struct loop *loop = self;
    loop->has_assignment = true;
    atomic_fetch_add(&loop->app->figures.rebalances, 1);
    peers_ask(loop->app->peers);
    log_info("loop", "thread %d: %zu tasks assigned", loop->number, loop->task_count + loop->openings.count);
}

static void take_inputs(struct loop *loop)
{
    const struct layout *layout = &loop->app->layout;
    if (!loop->inputs)
        loop->inputs = memory_new(layout->part_count * sizeof(struct layout_inputs *));
    for (size_t i = 0; i < layout->part_count; i++)
        loop->inputs[i] = layout_inputs(&layout->parts[i]);
}

static bool open_consumer(struct loop *loop, struct weir_error *error)
{
    const struct layout *layout = &loop->app->layout;
    struct broker_subscription *groups = memory_new(layout->part_count * sizeof *groups);
    weir_arena arena;
    arena_init(&arena);
    take_inputs(loop);
    for (size_t i = 0; i < layout->part_count; i++)
        groups[i] = layout_subscription(loop->inputs[i], &arena);
    char *member = peers_client_id(loop->app, loop->number);
    struct broker_rebalance calls = {loop, assigned, revoked, settled};
    loop->consumer = loop->app->broker->ops->consumer_open(loop->app->broker, layout->application, member, groups,
                                                           layout->part_count, calls, error);
    memory_free(member);
    memory_free(groups);
    arena_done(&arena);
    return loop->consumer != NULL;
}

bool membership_join(struct loop *loop, struct weir_error *error)
{
    while (!open_consumer(loop, error)) {
        if (!membership_has_lost_topics(loop))
            return false;
        log_warning("loop", "%s; joining without it", error->message);
        error_clear(error);
    }
    return true;
}

static bool is_outdated(const struct loop *loop)
{
    const struct layout *layout = &loop->app->layout;
    for (size_t i = 0; i < layout->part_count; i++)
        if (loop->inputs[i] != layout_inputs(&layout->parts[i]))
            return true;
    return false;
}

bool membership_has_lost_topics(struct loop *loop)
{
    struct weir_error ignored = {0};
    if (loop->app->layout.pattern_count == 0)
        return false;
    for (int i = 0; i < LOOKS_MAX && !is_outdated(loop) && !atomic_load(&loop->stopping); i++) {
        clock_pause_ms(i > 0 ? LOOK_PAUSE_MS : 0);
        patterns_hurry(loop->app);
        patterns_look(loop->app, &ignored);
    }
    return is_outdated(loop);
}

void membership_drop_all(struct loop *loop)
{
    openings_clear(&loop->openings);
    while (loop->task_count > 0)
        end_task(loop, loop->task_count - 1, false);
}

/* What it still holds is committed, if it can be, and given back. */
static bool leave_and_join(struct loop *loop)
{
    struct weir_error error = {0};
    unsettle(loop);
    app_refresh_state(loop->app);
    loop->app->broker->ops->consumer_close(loop->consumer);
    loop->consumer = NULL;
    loop->rejoin = false;
    return membership_join(loop, &error) || loop_fail(loop, &error);
}

bool membership_renew(struct loop *loop)
{
    membership_drop_all(loop);
    return leave_and_join(loop);
}

bool membership_follow(struct loop *loop)
{
    struct weir_error error = {0};
    if (loop->app->layout.pattern_count == 0)
        return true;
    if (!patterns_look(loop->app, &error))
        return loop_fail(loop, &error);
    if (!is_outdated(loop))
        return true;
    if (!commit_round(loop)) {
        loop->rejoin = true;
        return false;
    }
    log_info("loop", "thread %d: other topics match; joining the group again", loop->number);
    return leave_and_join(loop);
}

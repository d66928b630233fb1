/* polling.c: see polling.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/polling.h"

#include "base/log.h"
#include "runtime/globals.h"
#include "runtime/loop_private.h"
#include "runtime/membership.h"

enum {
    POLL_MESSAGES = 2048,
    FENCED_MAX = 5,
    FENCED_WITHIN_US = 30 * 1000 * 1000,
    HELD_UP_WAIT_MS = 5, /* for records, while tasks have some that may not be processed yet */
};

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
    bool is_held_up = !loop_is_idle(loop) && loop->processed == 0;
    if (is_waiting_for_globals(loop))
        return (int)loop->poll_ms;
    if ((!loop_is_idle(loop) && !is_held_up) || !restore_is_idle(&loop->restorer) || loop->recovering || loop->rejoin)
        return 0;
    int64_t wait = is_held_up && loop->poll_ms > HELD_UP_WAIT_MS ? HELD_UP_WAIT_MS : loop->poll_ms;
    if (loop->openings.count > 0 && wait > LOOP_RETRY_PAUSE_MS)
        wait = LOOP_RETRY_PAUSE_MS;
    int64_t wall = clock_wall_ms(&clock_system);
    for (size_t i = 0; i < loop->task_count && !loop_is_paused(loop); i++) {
        int64_t next = punctuations_next(&loop->tasks[i]->wall_clock);
        if (next != INT64_MAX && next - wall < wait)
            wait = next - wall;
    }
    if (loop_has_progress(loop)) {
        int64_t due = (loop->committed_us + loop->commit_interval_us - loop_now_us()) / 1000;
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
    loop->app->broker->ops->consumer_pause(loop->consumer, loop_part_number(loop, task), (int32_t)source,
                                           task->partition);
}

void polling_resume_when_low(struct loop *loop, struct task *task)
{
    for (size_t i = 0; i < task->source_count; i++) {
        struct task_source *from = &task->sources[i];
        if (!from->paused || from->queue.count > loop->buffered_max / 2)
            continue;
        from->paused = false;
        loop->app->broker->ops->consumer_resume(loop->consumer, loop_part_number(loop, task), (int32_t)i,
                                                task->partition);
    }
}

/* A member is fenced once by a mishap, a lost answer of the coordinator say. Two that go by one group.instance.id fence each
 * other for ever. */
static bool is_fenced_in_turns(struct loop *loop)
{
    int64_t now = loop_now_us();
    loop->fenced_count = now - loop->fenced_us < FENCED_WITHIN_US ? loop->fenced_count + 1 : 1;
    loop->fenced_us = now;
    return loop->fenced_count > FENCED_MAX;
}

bool polling_take(struct loop *loop)
{
    static _Thread_local struct broker_message messages[POLL_MESSAGES];
    const struct broker_ops *ops = loop->app->broker->ops;
    struct weir_error error = {0};
    if (!collector_push(&loop->collector, &error))
        return loop_fail(loop, &error);
    int count = ops->consumer_poll(loop->consumer, messages, POLL_MESSAGES, wait_ms(loop), &error);
    for (int i = 0; i < count; i++) {
        struct task *task = loop_task(loop, messages[i].group, messages[i].partition);
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
    if (error.code != WEIR_RETRY && membership_has_lost_topics(loop)) {
        log_warning("loop", "%s; joining the group without it", error.message);
        loop->rejoin = true;
        return true;
    }
    if (error.code != WEIR_RETRY)
        return loop_fail(loop, &error);
    log_warning("loop", "%s; trying again", error.message);
    clock_pause_ms(LOOP_RETRY_PAUSE_MS);
    return true;
}

/* Asked once per burst: asking takes locks of the client, and nothing arrives during a burst. */
bool polling_is_behind(void *self, const struct task *task, size_t number)
{
    struct loop *loop = self;
    struct task_source *source = &task->sources[number];
    if (source->asked_us != loop->burst_us) {
        source->asked_us = loop->burst_us;
        source->behind = loop->app->broker->ops->consumer_is_behind(loop->consumer, loop_part_number(loop, task),
                                                                    (int32_t)number, task->partition);
    }
    return source->behind;
}

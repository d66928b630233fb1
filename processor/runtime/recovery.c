/* recovery.c: see recovery.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/recovery.h"

#include "base/log.h"
#include "base/memory.h"
#include "runtime/commit.h"
#include "runtime/loop_private.h"
#include "runtime/membership.h"

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
        loop_fail(loop, &error);
}

bool recovery_finish(struct loop *loop)
{
    struct weir_error error = {0};
    if (!loop->recovering && !loop->rejoin)
        return true;
    if (!collector_abort(&loop->collector, &error)) {
        if (error.code != WEIR_RETRY)
            return loop_fail(loop, &error);
        log_warning("loop", "%s; trying again", error.message);
        clock_pause_ms(LOOP_RETRY_PAUSE_MS);
        return false;
    }
    if (loop->rejoin)
        membership_renew(loop);
    else
        rewind_tasks(loop);
    loop->recovering = false;
    return loop->failure.code == WEIR_OK;
}

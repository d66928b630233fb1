/* ready.c: see ready.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ready.h"

/* True: this input holds the task up. */
static bool holds_up(const struct ready *ready, struct task *task, size_t number, int64_t now_us)
{
    struct task_source *source = &task->sources[number];
    if (source->queue.count > 0) {
        source->idle_until_us = 0;
        return false;
    }
    if (source->layout->is_shares) /* no record will ever come */
        return false;
    if (ready->is_behind(ready->self, task, number)) {
        source->idle_until_us = 0;
        return true;
    }
    if (source->idle_until_us == 0)
        source->idle_until_us = now_us + ready->max_idle_us;
    return now_us < source->idle_until_us;
}

bool ready_to_process(const struct ready *ready, struct task *task, int64_t now_us)
{
    if (task->execution.holds > 0 || (tick_is_awaited(&task->ticks) && task->ticks.source->queue.count == 0))
        return false;
    if (task->source_count == 1 || ready->max_idle_us < 0)
        return true;
    for (size_t i = 0; i < task->source_count; i++)
        if (holds_up(ready, task, i, now_us))
            return false;
    return true;
}

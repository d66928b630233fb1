/* backlog.c: see backlog.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/backlog.h"

#include "base/memory.h"

enum {
    LOOK_US = 5 * 1000,
    STILL_US = 100 * 1000, /* a partition that has not moved for so long does not count */
    HELD_US = 1000 * 1000,
};

struct backlog_part {
    bool *is_upstream; /* by part: what it reads comes to an internal topic that this one reads */
    int64_t lag;       /* of its internal topics that move */
    int64_t held_us;   /* since when what comes in is held; 0: it is not */
};

static bool is_internal(const struct task_source *source)
{
    return source->layout->node->topic->internal;
}

static bool leads_to_topic(const struct layout *layout, const struct layout_part *part, const char *topic)
{
    for (size_t i = 0; i < layout->part_count; i++)
        if (layout_writes(&layout->parts[i], topic) && layout_leads_to(layout, part, &layout->parts[i]))
            return true;
    return false;
}

static bool is_upstream(const struct layout *layout, const struct layout_part *of, const struct layout_part *part)
{
    for (size_t i = 0; i < of->source_count; i++)
        if (of->sources[i].node->topic->internal && leads_to_topic(layout, part, of->sources[i].topic))
            return true;
    return false;
}

void backlog_init(struct backlog *backlog, const struct layout *layout, int64_t lag_max)
{
    const size_t count = layout->part_count;
    *backlog = (struct backlog){.layout = layout, .lag_max = lag_max};
    backlog->parts = memory_new(count * sizeof *backlog->parts);
    for (size_t i = 0; i < count; i++) {
        backlog->parts[i].is_upstream = memory_new(count * sizeof(bool));
        for (size_t p = 0; p < count; p++)
            backlog->parts[i].is_upstream[p] = is_upstream(layout, &layout->parts[i], &layout->parts[p]);
    }
}

void backlog_done(struct backlog *backlog)
{
    for (size_t i = 0; backlog->parts && i < backlog->layout->part_count; i++)
        memory_free(backlog->parts[i].is_upstream);
    memory_free(backlog->parts);
    *backlog = (struct backlog){0};
}

static struct backlog_part *part_of(const struct backlog *backlog, const struct task *task)
{
    return &backlog->parts[task->part - backlog->layout->parts];
}

static bool moves(struct task_source *source, int64_t now_us)
{
    if (source->position != source->looked_position) {
        source->looked_position = source->position;
        source->moved_us = now_us;
    }
    return now_us - source->moved_us < STILL_US;
}

static int64_t lag_of(struct task *task, backlog_end *end_of, void *self, int64_t now_us)
{
    int64_t lag = 0;
    for (size_t i = 0; i < task->source_count; i++) {
        struct task_source *source = &task->sources[i];
        if (!is_internal(source) || source->position < 0 || !moves(source, now_us))
            continue;
        lag += task_source_lag(source, end_of(self, task, i));
    }
    return lag;
}

static void decide(struct backlog *backlog, struct backlog_part *part, size_t number, int64_t now_us)
{
    int64_t lag = 0;
    for (size_t i = 0; i < backlog->layout->part_count; i++)
        lag += backlog->parts[i].is_upstream[number] ? backlog->parts[i].lag : 0;
    bool is_over = part->held_us > 0 && now_us - part->held_us >= HELD_US;
    if (lag <= backlog->lag_max || is_over)
        part->held_us = 0;
    else if (part->held_us == 0)
        part->held_us = now_us;
}

void backlog_look(struct backlog *backlog, struct task *const *tasks, size_t count, backlog_end *end_of, void *self,
                  int64_t now_us)
{
    if (now_us - backlog->looked_us < LOOK_US)
        return;
    backlog->looked_us = now_us;
    for (size_t i = 0; i < backlog->layout->part_count; i++)
        backlog->parts[i].lag = 0;
    for (size_t i = 0; i < count; i++)
        part_of(backlog, tasks[i])->lag += lag_of(tasks[i], end_of, self, now_us);
    for (size_t i = 0; i < backlog->layout->part_count; i++)
        decide(backlog, &backlog->parts[i], i, now_us);
}

bool backlog_holds(const struct backlog *backlog, const struct task *task, const struct task_source *source)
{
    if (part_of(backlog, task)->held_us == 0 || is_internal(source))
        return false;
    for (size_t i = 0; i < task->source_count; i++)
        if (is_internal(&task->sources[i]) && task->sources[i].queue.count > 0)
            return false;
    return true;
}

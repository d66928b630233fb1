/* tick.c: see tick.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tick.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "runtime/position.h"
#include "runtime/task.h"

void ticks_open(struct task *task)
{
    task->ticks = (struct ticks){.awaited_ms = TICK_NONE, .records = UINT64_MAX};
    for (size_t i = 0; i < task->source_count; i++) {
        const struct graph_node *node = task->sources[i].layout->node;
        if (!node->topic->is_ticks)
            continue;
        task->ticks.source = &task->sources[i];
        task->ticks.after_ms = node->tick_after_ms;
    }
}

/* ---- writing ---- */

static int64_t time_at(const struct ticks *ticks, int64_t wall_ms)
{
    int64_t time_ms;
    return __builtin_add_overflow(ticks->base_ms, wall_ms - ticks->quiet_from_ms, &time_ms) ? INT64_MAX : time_ms;
}

static bool is_something_due(struct task *task, int64_t time_ms)
{
    return context_due(task->contexts) <= time_ms || punctuations_next(&task->stream_time) <= time_ms;
}

bool tick_is_due(struct task *task, int64_t wall_ms)
{
    struct ticks *ticks = &task->ticks;
    if (!ticks->source || task->state != TASK_RUNNING)
        return false;
    uint64_t records = atomic_load_explicit(&task->records, memory_order_relaxed);
    if (records != ticks->records || task_queued(task) > 0 || wall_ms < ticks->quiet_from_ms) {
        ticks->records = records;
        ticks->quiet_from_ms = wall_ms;
        ticks->base_ms = task->execution.stream_time_ms;
        return false;
    }
    return ticks->base_ms >= 0 && !tick_is_awaited(ticks) && wall_ms - ticks->quiet_from_ms >= ticks->after_ms &&
           is_something_due(task, time_at(ticks, wall_ms));
}

static void write_positions(const struct task *task, struct buffer *out)
{
    buffer_clear(out);
    for (size_t i = 0; i < task->source_count; i++) {
        const struct task_source *source = &task->sources[i];
        if (source != task->ticks.source)
            buffer_format(out, "%s%s:%" PRId32 ":%" PRId64, out->size > 0 ? "," : "", source->layout->topic,
                          task->partition, source->position > 0 ? source->position : 0);
    }
}

bool tick_send(struct task *task, int64_t wall_ms)
{
    struct ticks *ticks = &task->ticks;
    struct weir_error error = {0};
    write_positions(task, &task->value_buffer);
    const struct broker_record record = {.partition = task->partition,
                                         .timestamp_ms = time_at(ticks, wall_ms),
                                         .value = buffer_bytes(&task->value_buffer)};
    if (!task->output.send(task->output.self, NULL, ticks->source->layout->topic, &record, &error))
        return error_set(&task->failure, error.code, "tick: %s", error.message);
    ticks->awaited_ms = record.timestamp_ms;
    task->progress = true;
    return true;
}

/* ---- reading ---- */

/* An input that the tick does not know, or that is none any more, is not waited for. */
bool tick_read(struct task *task, struct weir_error *error)
{
    struct task_source *source = task->ticks.source;
    const weir_bytes *text = source->head.value;
    weir_arena *arena = &source->head_arena;
    struct position *positions;
    size_t count;
    if (!text || !position_read(arena_bytes(arena, *text).data, arena, &positions, &count, error))
        return error_set(error, WEIR_POISON, "value: not a position");
    int64_t *behind = arena_alloc(arena, task->source_count * sizeof *behind);
    for (size_t i = 0; i < task->source_count; i++)
        for (size_t p = 0; p < count; p++)
            if (positions[p].partition == task->partition &&
                strcmp(positions[p].topic, task->sources[i].layout->topic) == 0)
                behind[i] = positions[p].offset;
    task->ticks.behind = behind;
    return true;
}

static bool has_reached(const struct task *task, size_t source)
{
    int64_t position = task->sources[source].position;
    return (position > 0 ? position : 0) >= task->ticks.behind[source];
}

static bool have_all_reached(const struct task *task)
{
    for (size_t i = 0; i < task->source_count; i++)
        if (!has_reached(task, i))
            return false;
    return true;
}

bool tick_holds(const struct task *task, const struct task_source *source)
{
    const struct ticks *ticks = &task->ticks;
    if (!ticks->source || !ticks->source->head_ready)
        return false;
    return source == ticks->source ? !have_all_reached(task) : has_reached(task, (size_t)(source - task->sources));
}

void tick_apply(struct task *task)
{
    struct ticks *ticks = &task->ticks;
    struct execution *execution = &task->execution;
    int64_t time_ms = ticks->source->head.timestamp_ms;
    if (time_ms >= ticks->awaited_ms)
        ticks->awaited_ms = TICK_NONE;
    execution->upstream_time_ms = execution->slowest_time_ms = INT64_MAX;
    if (time_ms <= execution->stream_time_ms)
        return;
    execution->stream_time_ms = execution->timestamp_ms = time_ms;
    context_advance_all(task->contexts);
}

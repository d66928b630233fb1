/* task.c: see task.h. ARCHITECTURE.md, "The path of a record", is this file read aloud.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/task.h"
#include "runtime/ahead.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "runtime/failure.h"
#include "runtime/feed.h"
#include "runtime/head.h"
#include "runtime/leave_out.h"
#include "runtime/sink.h"
#include "runtime/writers.h"

/* ---- life ---- */

static void init_sources(struct task *task, const struct layout_inputs *inputs)
{
    size_t count = task->source_count = layout_sources_of(inputs, task->partition);
    task->inputs = inputs;
    task->sources = memory_new(count * sizeof *task->sources);
    task->committed = memory_new(count * sizeof *task->committed);
    for (size_t i = 0; i < count; i++) {
        task->sources[i].layout = &inputs->items[i];
        task->sources[i].position = task->sources[i].begun = task->sources[i].first = BROKER_NO_OFFSET;
        task->sources[i].stream_time_ms = -1;
        arena_init(&task->sources[i].head_arena);
        hot_keys_init(&task->sources[i].hot);
        upstream_init(&task->sources[i].upstream,
                      layout_upstream_partitions(task->layout, task->sources[i].layout->topic));
        atomic_store(&task->committed[i], BROKER_NO_OFFSET);
        atomic_store(&task->sources[i].lag, -1);
    }
}

bool task_open_stores(struct task *task, const char *directory, struct database_limits limits, struct weir_error *error)
{
    size_t count = task->part->store_count;
    task->stores = memory_new(count * sizeof(struct store *));
    task->deliveries = memory_new(count * sizeof *task->deliveries);
    task->changelog_positions = memory_new(count * sizeof *task->changelog_positions);
    task->marks = memory_new(count * sizeof *task->marks);
    task->feed_marks = memory_new(count * sizeof *task->feed_marks);
    task->database = database_open(directory, limits, error);
    bool ok = task->database != NULL;
    for (size_t i = 0; i < count && ok; i++) {
        task->stores[i] = store_open(task->database, &task->part->stores[i].spec, error);
        ok = task->stores[i] != NULL;
    }
    return ok;
}

bool task_close_stores(struct task *task, bool flush, struct weir_error *error)
{
    for (size_t i = 0; task->stores && i < task->part->store_count; i++)
        store_close(task->stores[i]);
    bool closed = !task->database || database_close(task->database, flush, error);
    memory_free(task->stores);
    memory_free(task->deliveries);
    memory_free(task->changelog_positions);
    memory_free(task->marks);
    memory_free(task->feed_marks);
    task->database = NULL;
    task->stores = NULL;
    task->deliveries = NULL;
    task->changelog_positions = NULL;
    task->marks = NULL;
    task->feed_marks = NULL;
    return closed;
}

static void set_shown_state(struct task *task, enum task_state state)
{
    task->state = state;
    atomic_store(&task->shown_state, (int)state);
}

struct task *task_open(const struct layout *layout, const struct layout_part *part, int32_t partition,
                       const char *directory, struct task_settings settings, struct task_output output,
                       struct database_limits limits, struct weir_error *error)
{
    struct task *task = memory_new(sizeof *task);
    task->layout = layout;
    task->part = part;
    task->partition = partition;
    task->settings = settings;
    task->output = output;
    arena_init(&task->arena);
    init_sources(task, layout_inputs(part));
    set_shown_state(task, TASK_RESTORING);
    atomic_store(&task->shown_stream_time_ms, -1);
    if (!task_open_stores(task, directory, limits, error)) {
        struct weir_error ignored = {0};
        task_close(task, false, &ignored);
        return NULL;
    }
    return task;
}

static int64_t system_time(void *engine)
{
    const struct task *task = engine;
    return clock_wall_ms(task->settings.clock);
}

/* Stream time is aligned to 0 and fires as soon as there is data; wall clock, to now and fires behind the first interval
 * (StreamTask.schedule). Those with a start of their own keep to it and begin with the first one that is to come. */
static int64_t first_punctuation(struct task *task, enum weir_clock clock, int64_t start_ms, int64_t every_ms)
{
    int64_t now_ms = clock == WEIR_STREAM_TIME ? task->execution.stream_time_ms : system_time(task);
    if (start_ms != SCHEDULE_AS_USUAL)
        return start_ms < now_ms ? punctuations_align(start_ms, every_ms, now_ms) : start_ms;
    if (clock == WEIR_STREAM_TIME)
        return 0;
    return punctuations_align(now_ms, every_ms, now_ms);
}

static weir_timer schedule(void *engine, weir_context *context, enum weir_clock clock, int64_t start_ms,
                           int64_t every_ms, weir_punctuator *call)
{
    struct task *task = engine;
    assert(every_ms > 0);
    const struct punctuation item = {
        .id = ++task->last_timer,
        .context = context,
        .call = call,
        .every_ms = every_ms,
        .next_ms = first_punctuation(task, clock, start_ms, every_ms),
    };
    punctuations_add(clock == WEIR_STREAM_TIME ? &task->stream_time : &task->wall_clock, item);
    return (weir_timer){item.id};
}

static void cancel(void *engine, weir_timer timer)
{
    struct task *task = engine;
    punctuations_cancel(&task->stream_time, timer.id);
    punctuations_cancel(&task->wall_clock, timer.id);
}

static const struct engine_calls calls = {.send = sink_send,
                                          .drop = leave_out_in_node,
                                          .schedule = schedule,
                                          .cancel = cancel,
                                          .system_time = system_time,
                                          .failed = failure_in_node,
                                          .give_up = failure_of_call};
static const struct weir_metadata no_metadata = {NULL, -1, -1};

static bool load_lineage(struct task *task, struct weir_error *error)
{
    for (size_t i = 0; i < task->source_count; i++) {
        int32_t store = task->sources[i].layout->lineage_store;
        if (store >= 0 && !lineage_load(&task->sources[i].seen, task->stores[store], error))
            return false;
    }
    return true;
}

static bool open_operators(struct task *task, int64_t stream_time_ms, struct weir_error *error)
{
    task->execution = (struct execution){
        .calls = &calls,
        .engine = task,
        .arena = &task->arena,
        .partition = task->partition,
        .stream_time_ms = stream_time_ms,
        .timestamp_ms = stream_time_ms,
        .upstream_time_ms = INT64_MAX,
        .metadata = no_metadata,
        .globals = task->settings.globals,
        .emit_interval_ms = task->settings.emit_interval_ms,
        .slowest_time_ms = INT64_MAX,
        .input_time_ms = stream_time_ms,
        .at_least_once = task->settings.lineage,
        .dispatch_at = INT64_MAX,
    };
    if (!load_lineage(task, error))
        return false;
    task->contexts = context_build(task->part->subtopology, &task->execution, task->stores);
    for (size_t i = 0; i < task->source_count; i++) {
        task->sources[i].context = context_of(task->contexts, task->sources[i].layout->node);
        ahead_find(task, &task->sources[i]);
    }
    writers_follow(task);
    ticks_open(task);
    context_open(task->contexts);
    parking_open(task);
    arena_clear(&task->arena);
    if (task->execution.error.code != WEIR_OK)
        return error_set(error, task->execution.error.code, "%s", task->execution.error.message);
    atomic_store(&task->shown_stream_time_ms, stream_time_ms);
    if (task->settings.watch)
        task->settings.watch->began(task->settings.watch->self, task);
    return true;
}

static void close_operators(struct task *task)
{
    if (!task->contexts)
        return;
    context_close(task->contexts);
    context_free(task->contexts);
    writers_forget(task);
    task->contexts = NULL;
    punctuations_done(&task->stream_time);
    punctuations_done(&task->wall_clock);
}

bool task_restored(struct task *task, int64_t stream_time_ms, struct weir_error *error)
{
    assert(task->state == TASK_RESTORING);
    task->committed_stream_time_ms = stream_time_ms;
    for (size_t i = 0; i < task->source_count; i++)
        task->sources[i].committed_stream_time_ms = task->sources[i].stream_time_ms;
    if (!open_operators(task, stream_time_ms, error))
        return false;
    feed_begin(task);
    set_shown_state(task, TASK_RUNNING);
    atomic_store(&task->is_standby, false);
    atomic_store(&task->has_caught_up, false);
    return true;
}

static void empty_queue(struct task *task, struct task_source *source)
{
    for (; source->queue.count > 0; queue_pop(&source->queue))
        task->output.release(task->output.self, queue_head(&source->queue));
    arena_clear(&source->head_arena);
    source->head_ready = source->awaits_schema = false;
}

/* Where nothing was committed, the first record that came is where it began. */
static void rewind_source(struct task *task, size_t index)
{
    struct task_source *source = &task->sources[index];
    int64_t committed = atomic_load(&task->committed[index]);
    empty_queue(task, source);
    if (committed != BROKER_NO_OFFSET || source->first != BROKER_NO_OFFSET)
        source->position = committed != BROKER_NO_OFFSET ? committed : source->first;
    source->stream_time_ms = source->committed_stream_time_ms;
    source->idle_until_us = source->asked_us = 0;
    upstream_done(&source->upstream);
    upstream_init(&source->upstream, layout_upstream_partitions(task->layout, source->layout->topic));
}

bool task_rewind(struct task *task, struct weir_error *error)
{
    assert(task->state == TASK_RUNNING);
    close_operators(task);
    for (size_t i = 0; i < task->source_count; i++)
        rewind_source(task, i);
    for (size_t i = 0; i < task->part->store_count; i++) {
        store_drop(task->stores[i]);
        task->deliveries[i].next_offset = 0;
    }
    task->in_hand = NULL;
    task->progress = false;
    error_clear(&task->failure);
    return open_operators(task, task->committed_stream_time_ms, error);
}

static void forget_source(struct task *task, size_t index)
{
    struct task_source *source = &task->sources[index];
    empty_queue(task, source);
    lineage_seen_done(&source->seen);
    hot_keys_clear(&source->hot);
    upstream_done(&source->upstream);
    upstream_init(&source->upstream, layout_upstream_partitions(task->layout, source->layout->topic));
    source->begun = source->first = BROKER_NO_OFFSET;
    source->idle_until_us = source->asked_us = 0;
    source->paused = source->behind = false;
    source->context = NULL;
    source->ahead_count = 0;
    atomic_store(&source->lag, -1);
}

void task_stand_by(struct task *task)
{
    assert(!task->progress);
    atomic_store(&task->is_standby, true);
    atomic_store(&task->has_caught_up, true);
    set_shown_state(task, TASK_STANDBY);
    close_operators(task);
    for (size_t i = 0; i < task->source_count; i++)
        forget_source(task, i);
    task->in_hand = NULL;
    atomic_store(&task->parked_keys, 0);
}

void task_resume(struct task *task, struct task_settings settings, struct task_output output)
{
    assert(task->state == TASK_STANDBY || task->state == TASK_RESTORING);
    task->settings = settings;
    task->output = output;
    for (size_t i = 0; i < task->part->store_count; i++)
        task->deliveries[i].next_offset = 0;
    atomic_store(&task->records, 0);
    atomic_store(&task->restore_remaining, 0);
    set_shown_state(task, TASK_RESTORING);
}

static void close_source(struct task *task, struct task_source *source)
{
    empty_queue(task, source);
    queue_done(&source->queue);
    arena_done(&source->head_arena);
    lineage_seen_done(&source->seen);
    hot_keys_done(&source->hot);
    upstream_done(&source->upstream);
}

static void close_sources(struct task *task)
{
    for (size_t i = 0; i < task->source_count; i++)
        close_source(task, &task->sources[i]);
    memory_free(task->sources);
    memory_free(task->committed);
}

/* What views tell of the inputs stays true. */
static void keep_committed(struct task *task, const struct task *before)
{
    for (size_t i = 0; i < task->source_count; i++)
        for (size_t k = 0; k < before->source_count; k++)
            if (strcmp(task->sources[i].layout->topic, before->sources[k].layout->topic) == 0)
                atomic_store(&task->committed[i], atomic_load(&before->committed[k]));
}

void task_take_inputs(struct task *task, const struct layout_inputs *inputs)
{
    assert(!task->contexts);
    struct task before = {.layout = task->layout,
                          .output = task->output,
                          .sources = task->sources,
                          .source_count = task->source_count,
                          .committed = task->committed};
    init_sources(task, inputs);
    keep_committed(task, &before);
    close_sources(&before);
}

bool task_close(struct task *task, bool flush, struct weir_error *error)
{
    if (task->settings.watch)
        task->settings.watch->ended(task->settings.watch->self, task);
    close_operators(task);
    close_sources(task);
    bool closed = task_close_stores(task, flush, error);
    buffer_done(&task->key_buffer);
    buffer_done(&task->value_buffer);
    packed_done(&task->packed);
    buffer_done(&task->old_value_buffer);
    buffer_done(&task->change_buffer);
    arena_done(&task->arena);
    memory_free(task);
    return closed;
}

/* ---- queues ---- */

void task_push(struct task *task, size_t source, const struct broker_message *message)
{
    assert(source < task->source_count);
    if (task->sources[source].first == BROKER_NO_OFFSET)
        task->sources[source].first = message->offset;
    queue_push(&task->sources[source].queue, message);
}

int64_t task_source_lag(const struct task_source *source, int64_t end)
{
    const int64_t ahead = end > source->position ? end - source->position : 0;
    if (!source->layout->is_bundled)
        return ahead;
    const int64_t messages = (ahead + BROKER_INTERNAL_STEP - 1) / BROKER_INTERNAL_STEP;
    const int64_t passed = (source->position - source->first) / BROKER_INTERNAL_STEP;
    return passed > 0 && source->first >= 0 ? messages * source->taken / passed : messages;
}

size_t task_queued(const struct task *task)
{
    size_t queued = 0;
    for (size_t i = 0; i < task->source_count; i++)
        queued += task->sources[i].queue.count;
    return queued;
}

struct task_source *task_choose(struct task *task)
{
    struct task_source *chosen = NULL;
    bool awaits_schema = false;
    if (task->ticks.source)
        head_prepare(task, task->ticks.source);
    for (size_t i = 0; i < task->source_count && task->failure.code == WEIR_OK; i++) {
        struct task_source *source = &task->sources[i];
        if (head_prepare(task, source) && !tick_holds(task, source) &&
            (!chosen || source->head.timestamp_ms < chosen->head.timestamp_ms))
            chosen = source;
        awaits_schema = awaits_schema || source->awaits_schema;
    }
    return task->failure.code == WEIR_OK && !awaits_schema ? chosen : NULL;
}

/* ---- processing ---- */

static void advance_stream_time(struct task *task, int64_t timestamp_ms)
{
    if (timestamp_ms <= task->execution.stream_time_ms)
        return;
    task->execution.stream_time_ms = timestamp_ms;
    atomic_store_explicit(&task->shown_stream_time_ms, timestamp_ms, memory_order_relaxed);
}

static void fire(void *self, const struct punctuation *item)
{
    struct task *task = self;
    if (task->execution.error.code != WEIR_OK)
        return;
    context_punctuate(item->context, item->call, task->execution.timestamp_ms);
    task->progress = true;
}

static void begin_punctuation(struct task *task, int64_t now_ms)
{
    task->in_hand = NULL;
    task->execution.timestamp_ms = now_ms;
    task->execution.upstream_time_ms = task->execution.slowest_time_ms = INT64_MAX;
    task->execution.input_time_ms = task->execution.stream_time_ms;
    task->execution.headers = (struct weir_headers){0};
    task->execution.metadata = no_metadata;
}

static bool end_punctuation(struct task *task)
{
    arena_clear(&task->arena);
    const struct weir_error *latched = &task->execution.error;
    return latched->code == WEIR_OK || error_set(&task->failure, latched->code, "%s", latched->message);
}

static bool fire_stream_time(struct task *task)
{
    int64_t now = task->execution.stream_time_ms;
    if (punctuations_next(&task->stream_time) > now)
        return true;
    begin_punctuation(task, now);
    punctuations_fire(&task->stream_time, now, fire, task);
    return end_punctuation(task);
}

bool task_punctuate(struct task *task, int64_t wall_ms)
{
    if (task->state != TASK_RUNNING || punctuations_next(&task->wall_clock) > wall_ms)
        return true;
    if (task->settings.watch)
        task->settings.watch->punctuating(task->settings.watch->self, task, wall_ms);
    begin_punctuation(task, wall_ms);
    punctuations_fire(&task->wall_clock, wall_ms, fire, task);
    return end_punctuation(task);
}

bool task_tell(struct task *task)
{
    if (task->execution.held_bytes == 0)
        return true;
    if (task->settings.watch)
        task->settings.watch->telling(task->settings.watch->self, task);
    begin_punctuation(task, task->execution.stream_time_ms);
    context_tell_all(task->contexts);
    return end_punctuation(task);
}

bool task_dispatch(struct task *task)
{
    struct execution *execution = &task->execution;
    if (!task_has_dispatch(task))
        return true;
    if (task->settings.watch)
        task->settings.watch->dispatching(task->settings.watch->self, task);
    execution->dispatch_at = INT64_MAX;
    begin_punctuation(task, execution->stream_time_ms);
    context_dispatch_all(task->contexts);
    task->progress = true;
    return end_punctuation(task);
}

/* False: this record was applied before the crash that made it come twice. */
static bool follow_lineage(struct task *task, struct task_source *source, const struct broker_message *message)
{
    struct lineage lineage;
    bool is_known = source->layout->node->topic->internal && lineage_read(message->headers, &lineage);
    if (is_known)
        upstream_hear(&source->upstream, lineage.partition, lineage.slowest_ms);
    task->execution.upstream_time_ms = is_known ? lineage.stream_time_ms : INT64_MAX;
    task->execution.slowest_time_ms = upstream_slowest(&source->upstream);
    return !is_known || lineage_advance(&source->seen, &lineage);
}

void task_take_in_hand(struct task *task, struct task_source *source)
{
    task->in_hand = source;
    task->in_hand_offset = queue_head(&source->queue)->offset;
    task->in_hand_sent = 0;
    parking_begin(task, source);
}

static void begin_record(struct task *task, struct task_source *source, const struct broker_message *message)
{
    task_take_in_hand(task, source);
    task->execution.timestamp_ms = source->head.timestamp_ms;
    task->execution.headers = source->head.headers;
    task->execution.metadata = (struct weir_metadata){source->layout->topic, message->partition, message->offset};
    task->execution.forget = false;
    if (source->head.timestamp_ms > source->stream_time_ms)
        source->stream_time_ms = source->head.timestamp_ms;
    task->execution.input_time_ms = source->stream_time_ms;
}

static void take_tick(struct task *task, struct task_source *source, const struct broker_message *message)
{
    begin_record(task, source, message);
    tick_apply(task);
    atomic_store_explicit(&task->shown_stream_time_ms, task->execution.stream_time_ms, memory_order_relaxed);
}

static void enter_source(struct task *task, struct task_source *source, const struct broker_message *message)
{
    begin_record(task, source, message);
    if (parking_turn(task, source) != PARKING_PASSES)
        return;
    advance_stream_time(task, source->head.timestamp_ms);
    context_enter(source->context, &source->head);
    parking_processed(task, source);
}

bool task_process(struct task *task, struct task_source *source)
{
    assert(source->head_ready && task->state == TASK_RUNNING);
    const struct broker_message *message = queue_head(&source->queue);
    if (task->settings.watch)
        task->settings.watch->entering(task->settings.watch->self, task, source, message);
    hot_keys_see(&source->hot, message->offset, message->key);
    if (source == task->ticks.source)
        take_tick(task, source, message);
    else if (follow_lineage(task, source, message))
        enter_source(task, source, message);
    else
        leave_out_repeated(task, source);
    arena_clear(&task->arena);
    if (task->execution.error.code != WEIR_OK)
        return failure_at(task, source, &task->execution.error);
    head_finish(task, source);
    return fire_stream_time(task);
}

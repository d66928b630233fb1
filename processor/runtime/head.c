/* head.c: see head.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/head.h"

#include <string.h>

#include "base/error.h"
#include "registry/registry.h"
#include "runtime/ahead.h"
#include "runtime/change.h"
#include "runtime/failure.h"
#include "schemas/codec.h"
#include "schemas/known.h"

struct problem {
    const char *reason;
    enum weir_policy policy;
    const char *setting;         /* that decides the policy */
    weir_error_handler *handler; /* asked before the policy; NULL: nobody is */
    struct weir_error error;
};

/* Always false. */
static bool is_unreadable(const struct task_source *source, struct problem *problem, const char *reason)
{
    problem->reason = reason;
    problem->setting = "deserialization.exception.handler";
    /* Our own bytes are never skipped (ksqlDB #6697). */
    problem->policy = source->layout->node->topic->internal ? WEIR_FAIL : source->layout->reading;
    problem->handler = source->layout->reading_handler;
    return false;
}

/* ---- key and value ---- */

/* The engine's own stay with the message. */
static struct weir_headers without_own(struct weir_headers headers, weir_arena *arena)
{
    struct weir_header *kept = arena_alloc_raw(arena, (headers.count ? headers.count : 1) * sizeof *kept);
    size_t count = 0;
    for (size_t i = 0; i < headers.count; i++)
        if (strcmp(headers.items[i].name, LINEAGE_HEADER) != 0 && strcmp(headers.items[i].name, PARKED_HEADER) != 0)
            kept[count++] = headers.items[i];
    return (struct weir_headers){kept, count};
}

/* A frame names the schema it was written by; what is not framed, or not kept by a registry, is ours. */
static const void *decode(struct registry *registry, const struct weir_type *type, weir_bytes bytes, weir_arena *arena,
                          struct weir_error *error)
{
    int32_t id = 0;
    if (!registry || !codec_frame_id(type, bytes, &id))
        return codec_read(type, bytes, arena, error);
    const struct schema *schema = registry_find(registry, id, error);
    return schema ? codec_read_framed(known_resolution(schema, type), bytes, arena, error) : NULL;
}

/* False: WEIR_POISON, or WEIR_RETRY while the registry has not answered. */
static bool read_part(struct registry *registry, const struct weir_type *type, weir_bytes bytes, const char *what,
                      weir_arena *arena, const void **out, struct weir_error *error)
{
    *out = NULL;
    if (!bytes.data || !type)
        return true;
    struct weir_error cause;
    error_clear(&cause);
    *out = decode(registry, type, bytes, arena, &cause);
    if (*out)
        return true;
    return error_set(error, cause.code == WEIR_RETRY ? WEIR_RETRY : WEIR_POISON, "%s: %s", what, cause.message);
}

static bool read_values(struct registry *registry, const struct graph_node *node, weir_bytes bytes, weir_arena *arena,
                        struct weir_record *record, struct weir_error *error)
{
    weir_bytes new = bytes, old = {0};
    if (node->topic->holds_changes && bytes.data && !change_read(bytes, &new, &old, error))
        return false;
    return read_part(registry, node->value_type, new, "value", arena, &record->value, error) &&
           read_part(registry, node->value_type, old, "old value", arena, &record->old_value, error);
}

static bool read_parts(const struct task *task, struct task_source *source, struct weir_record *record,
                       struct problem *problem)
{
    const struct graph_node *node = source->layout->node;
    struct registry *registry = node->topic->internal ? NULL : task->layout->schema_registry;
    const struct broker_message *message = queue_head(&source->queue);
    weir_arena *arena = &source->head_arena;
    if (node->require_key && !message->key.data) {
        error_set(&problem->error, WEIR_POISON, "key: missing");
        return is_unreadable(source, problem, "null_key");
    }
    return (read_part(registry, node->key_type, message->key, "key", arena, &record->key, &problem->error) &&
            read_values(registry, node, message->value, arena, record, &problem->error)) ||
           is_unreadable(source, problem, "unreadable");
}

/* ---- time ---- */

static int64_t time_of(struct task *task, const struct task_source *source, const struct weir_record *record)
{
    weir_timestamp_of *extract = source->layout->timestamp;
    if (extract == weir_wall_clock)
        return clock_wall_ms(task->settings.clock);
    return extract && record->value ? extract(record, source->stream_time_ms) : record->timestamp_ms;
}

/* The extractors of Kafka Streams that begin with what the record says: FailOnInvalidTimestamp,
 * LogAndSkipOnInvalidTimestamp, UsePartitionTimeOnInvalidTimestamp (which fails while there is none). */
static bool settle_invalid_time(const struct task_source *source, struct weir_record *record, struct problem *problem)
{
    static const enum weir_policy policies[] = {[WEIR_UNTIMED_DEAD_LETTER] = WEIR_DEAD_LETTER,
                                                [WEIR_UNTIMED_SKIP] = WEIR_SKIP,
                                                [WEIR_UNTIMED_FAIL] = WEIR_FAIL,
                                                [WEIR_UNTIMED_PARTITION_TIME] = WEIR_FAIL};
    bool takes_partition_time = source->layout->untimed == WEIR_UNTIMED_PARTITION_TIME;
    if (takes_partition_time && source->stream_time_ms >= 0) {
        record->timestamp_ms = source->stream_time_ms;
        return true;
    }
    error_set(&problem->error, WEIR_POISON, "timestamp: %lld is negative%s", (long long)record->timestamp_ms,
              takes_partition_time ? ", and the time of the partition is not known yet" : "");
    problem->reason = "bad_timestamp";
    problem->setting = "default.timestamp.extractor";
    problem->policy = policies[source->layout->untimed];
    return false;
}

/* The clock is asked only by records that its last answer does not let pass. */
static bool check_future(struct task *task, const struct task_source *source, const struct weir_record *record,
                         struct problem *problem)
{
    int64_t limit_ms = task->settings.max_future_ms;
    if (limit_ms < 0 || record->timestamp_ms - task->asked_wall_ms <= limit_ms)
        return true;
    task->asked_wall_ms = clock_wall_ms(task->settings.clock);
    int64_t ahead_ms = record->timestamp_ms - task->asked_wall_ms;
    if (ahead_ms <= limit_ms)
        return true;
    error_set(&problem->error, WEIR_POISON,
              "timestamp: %lld is %lld ms ahead of the clock, more than max.future.ms allows",
              (long long)record->timestamp_ms, (long long)ahead_ms);
    return is_unreadable(source, problem, "future");
}

static bool read_time(struct task *task, struct task_source *source, struct weir_record *record,
                      struct problem *problem)
{
    record->timestamp_ms = time_of(task, source, record);
    if (record->timestamp_ms < 0 && !settle_invalid_time(source, record, problem))
        return false;
    return check_future(task, source, record, problem);
}

/* ---- the head ---- */

static bool read_head(struct task *task, struct task_source *source, struct problem *problem)
{
    const struct graph_node *node = source->layout->node;
    const struct broker_message *message = queue_head(&source->queue);
    struct weir_record *record = &source->head;
    *record = (struct weir_record){
        .timestamp_ms = message->timestamp_ms,
        .key_type = node->key_type,
        .value_type = node->value_type,
        .headers =
            message->headers.count ? without_own(message->headers, &source->head_arena) : (struct weir_headers){0},
    };
    if (!read_parts(task, source, record, problem))
        return false;
    if (source == task->ticks.source)
        return tick_read(task, &problem->error) || is_unreadable(source, problem, "unreadable");
    return read_time(task, source, record, problem);
}

void head_finish(struct task *task, struct task_source *source)
{
    struct broker_message *message = queue_head(&source->queue);
    source->position = message->offset + 1;
    source->taken++;
    source->head_ready = false;
    task->output.release(task->output.self, message);
    queue_pop(&source->queue);
    ahead_fetch(source);
    arena_clear(&source->head_arena);
    task->progress = true;
    atomic_fetch_add_explicit(&task->records, 1, memory_order_relaxed);
}

/* It stays where it is, and is read from its beginning when it is looked at again. */
static bool await_schema(struct task_source *source)
{
    arena_clear(&source->head_arena);
    source->awaits_schema = true;
    return false;
}

bool head_prepare(struct task *task, struct task_source *source)
{
    source->awaits_schema = false;
    while (!source->head_ready) {
        if (source->queue.count == 0)
            return false;
        struct problem problem = {.error = {0}};
        if (read_head(task, source, &problem)) {
            source->head_ready = true;
            return true;
        }
        if (problem.error.code == WEIR_RETRY)
            return await_schema(source);
        const struct failure failure = {
            .stage = WEIR_READING,
            .reason = problem.reason,
            .detail = problem.error.message,
            .policy = problem.policy,
            .setting = problem.setting,
            .handler = problem.handler,
        };
        if (!failure_reading(task, source, &failure))
            return false;
        head_finish(task, source);
    }
    return true;
}

/* operators_engine.h: the smallest engine that runs a topology: stores in memory, one partition, no broker, no commit.
 *
 * What sinks write is kept as lines "topic key value @timestamp"; internal topics are carried over at once. */
#ifndef WEIR_TESTS_OPERATORS_ENGINE_H
#define WEIR_TESTS_OPERATORS_ENGINE_H
#include <criterion/criterion.h>
#include <string.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "operators/build.h"
#include "operators/operators.h"
#include "schemas/codec.h"

enum { PARTS_MAX = 8, STORES_MAX = 16, PENDING_MAX = 256, DROPS_MAX = 16, PUNCTUATORS_MAX = 4 };

struct engine_part {
    struct engine *engine;
    struct execution execution;
    struct store *stores[STORES_MAX];
    size_t store_count;
    struct context_set *contexts;
};

struct engine_pending { /* a record on its way through an internal topic */
    const struct graph_topic *topic;
    struct weir_record record;
    int64_t upstream_time_ms;
};

struct engine {
    weir_topology *topology;
    struct database *database;
    struct engine_part parts[PARTS_MAX];
    weir_arena arena, lasting; /* of the record in hand; of the test */
    struct engine_pending pending[PENDING_MAX];
    size_t pending_count;
    struct buffer output;
    struct {
        char reason[32];
        uint64_t records;
    } drops[DROPS_MAX];
    struct {
        weir_context *context;
        weir_punctuator *call;
        int64_t every_ms;
        enum weir_clock clock;
    } punctuators[PUNCTUATORS_MAX];
    size_t punctuator_count;
    int64_t system_time_ms;     /* stands still unless a test moves it */
    int64_t forced_upstream_ms; /* -1: what the upstream task had */
    int64_t forced_slowest_ms;  /* of the upstream tasks; -1: as the upstream task of the record */
    struct weir_error error;    /* the first that was latched */
};

static inline void engine_line(struct engine *engine, const weir_context *sink, const struct weir_record *record)
{
    struct weir_error error = {0};
    buffer_format(&engine->output, "%s ", sink->node->topic->name);
    if (record->key)
        json_write(record->key_type, record->key, &engine->output, &error);
    else
        buffer_text(&engine->output, "null");
    if (sink->node->window_size_ms)
        buffer_format(&engine->output, "[%lld,%lld)", (long long)record->window.start_ms,
                      (long long)record->window.end_ms);
    buffer_text(&engine->output, " ");
    if (record->value)
        json_write(record->value_type, record->value, &engine->output, &error);
    else
        buffer_text(&engine->output, "null");
    buffer_format(&engine->output, " @%lld\n", (long long)record->timestamp_ms);
    cr_assert_eq(error.code, WEIR_OK, "%s", error.message);
}

static inline void engine_send(void *self, weir_context *sink, const struct weir_record *record)
{
    struct engine_part *part = self;
    struct engine *engine = part->engine;
    const struct graph_topic *topic = sink->node->topic;
    if (!topic->internal) {
        engine_line(engine, sink, record);
        return;
    }
    cr_assert_lt(engine->pending_count, (size_t)PENDING_MAX);
    struct engine_pending *pending = &engine->pending[engine->pending_count++];
    pending->topic = topic;
    pending->record = *record;
    pending->record.key = record->key ? codec_copy(topic->key, record->key, &engine->lasting) : NULL;
    pending->record.value = record->value ? codec_copy(topic->value, record->value, &engine->lasting) : NULL;
    pending->record.old_value =
        record->old_value ? codec_copy(topic->value, record->old_value, &engine->lasting) : NULL;
    pending->upstream_time_ms =
        engine->forced_upstream_ms >= 0 ? engine->forced_upstream_ms : part->execution.stream_time_ms;
}

static inline void engine_drop(void *self, weir_context *context, const char *reason)
{
    struct engine *engine = ((struct engine_part *)self)->engine;
    (void)context;
    for (size_t i = 0; i < DROPS_MAX; i++) {
        if (engine->drops[i].records && strcmp(engine->drops[i].reason, reason) != 0)
            continue;
        snprintf(engine->drops[i].reason, sizeof engine->drops[i].reason, "%s", reason);
        engine->drops[i].records++;
        return;
    }
}

static inline weir_timer engine_schedule(void *self, weir_context *context, enum weir_clock clock, int64_t start_ms,
                                         int64_t every_ms, weir_punctuator *call)
{
    (void)start_ms;
    struct engine *engine = ((struct engine_part *)self)->engine;
    cr_assert_lt(engine->punctuator_count, (size_t)PUNCTUATORS_MAX);
    size_t at = engine->punctuator_count++;
    engine->punctuators[at].context = context;
    engine->punctuators[at].call = call;
    engine->punctuators[at].every_ms = every_ms;
    engine->punctuators[at].clock = clock;
    return (weir_timer){at + 1};
}

static inline int64_t engine_system_time(void *self)
{
    return ((struct engine_part *)self)->engine->system_time_ms;
}

static const struct engine_calls engine_calls = {
    .send = engine_send, .drop = engine_drop, .schedule = engine_schedule, .system_time = engine_system_time};

static inline uint64_t engine_dropped(const struct engine *engine, const char *reason)
{
    for (size_t i = 0; i < DROPS_MAX; i++)
        if (engine->drops[i].records && strcmp(engine->drops[i].reason, reason) == 0)
            return engine->drops[i].records;
    return 0;
}

static inline void engine_open_part(struct engine *engine, struct engine_part *part,
                                    const struct graph_subtopology *subtopology)
{
    part->engine = engine;
    part->execution = (struct execution){.calls = &engine_calls,
                                         .engine = part,
                                         .arena = &engine->arena,
                                         .partition = 3,
                                         .stream_time_ms = -1,
                                         .upstream_time_ms = INT64_MAX,
                                         .slowest_time_ms = INT64_MAX};
    part->store_count = subtopology->store_count;
    for (size_t i = 0; i < subtopology->store_count; i++) {
        part->stores[i] = store_open(engine->database, &subtopology->stores[i]->spec, &engine->error);
        cr_assert_not_null(part->stores[i], "%s", engine->error.message);
    }
    part->contexts = context_build(subtopology, &part->execution, part->stores);
    context_open(part->contexts);
    if (part->execution.error.code != WEIR_OK && engine->error.code == WEIR_OK)
        engine->error = part->execution.error;
}

/* Takes the topology. */
static inline struct engine *engine_new(weir_topology *topology)
{
    struct engine *engine = memory_new(sizeof *engine);
    engine->topology = topology;
    engine->forced_upstream_ms = engine->forced_slowest_ms = -1;
    cr_assert(graph_plan(topology, &engine->error), "%s", engine->error.message);
    engine->database = database_open(NULL, (struct database_limits){0}, &engine->error);
    cr_assert_not_null(engine->database, "%s", engine->error.message);
    for (size_t i = 0; i < topology->subtopology_count; i++)
        engine_open_part(engine, &engine->parts[i], &topology->subtopologies[i]);
    return engine;
}

static inline bool engine_reads(const struct graph_node *node, const char *topic)
{
    const struct graph_topic *one;
    for (size_t i = 0; node->kind == GRAPH_SOURCE && (one = graph_source_topic(node, i)); i++)
        if (strcmp(one->name, topic) == 0)
            return true;
    return false;
}

static inline const struct graph_node *engine_source(const struct engine *engine, const char *topic)
{
    for (size_t i = 0; i < engine->topology->nodes.count; i++)
        if (engine_reads(engine->topology->nodes.items[i], topic))
            return engine->topology->nodes.items[i];
    cr_assert_fail("nothing reads topic %s", topic);
    return NULL;
}

static inline void engine_enter(struct engine *engine, const char *topic, struct weir_record record,
                                int64_t upstream_time_ms)
{
    const struct graph_node *source = engine_source(engine, topic);
    struct engine_part *part = &engine->parts[source->subtopology];
    struct execution *execution = &part->execution;
    record.key_type = source->key_type;
    record.value_type = source->value_type;
    execution->timestamp_ms = record.timestamp_ms;
    execution->headers = record.headers;
    execution->upstream_time_ms = upstream_time_ms;
    bool is_forced = upstream_time_ms != INT64_MAX && engine->forced_slowest_ms >= 0;
    execution->slowest_time_ms = is_forced ? engine->forced_slowest_ms : upstream_time_ms;
    if (record.timestamp_ms > execution->stream_time_ms)
        execution->stream_time_ms = record.timestamp_ms;
    context_enter(context_of(part->contexts, source), &record);
    if (execution->error.code != WEIR_OK && engine->error.code == WEIR_OK)
        engine->error = execution->error;
    execution->error = (struct weir_error){0};
    arena_clear(&engine->arena);
}

static inline void engine_put(struct engine *engine, const char *topic, struct weir_record record)
{
    engine_enter(engine, topic, record, INT64_MAX);
    for (size_t i = 0; i < engine->pending_count; i++)
        engine_enter(engine, engine->pending[i].topic->name, engine->pending[i].record,
                     engine->pending[i].upstream_time_ms);
    engine->pending_count = 0;
}

/* Texts as keys and values; NULL is NULL. */
static inline void put(struct engine *engine, const char *topic, const char *key, const char *value, int64_t ts)
{
    const weir_bytes key_bytes = bytes_of_text(key), value_bytes = bytes_of_text(value);
    engine_put(
        engine, topic,
        (struct weir_record){.key = key ? &key_bytes : NULL, .value = value ? &value_bytes : NULL, .timestamp_ms = ts});
}

static inline void engine_punctuate(struct engine *engine, int64_t now_ms)
{
    for (size_t i = 0; i < engine->punctuator_count; i++) {
        struct execution *execution = engine->punctuators[i].context->execution;
        execution->timestamp_ms = now_ms;
        engine->punctuators[i].call(engine->punctuators[i].context, now_ms);
        if (execution->error.code != WEIR_OK && engine->error.code == WEIR_OK)
            engine->error = execution->error;
        execution->error = (struct weir_error){0};
        arena_clear(&engine->arena);
    }
}

static inline void engine_free(struct engine *engine)
{
    for (size_t i = 0; i < engine->topology->subtopology_count; i++) {
        struct engine_part *part = &engine->parts[i];
        context_close(part->contexts);
        context_free(part->contexts);
        for (size_t s = 0; s < part->store_count; s++)
            store_close(part->stores[s]);
    }
    cr_assert(database_close(engine->database, false, NULL));
    weir_topology_free(engine->topology);
    arena_done(&engine->arena);
    arena_done(&engine->lasting);
    buffer_done(&engine->output);
    memory_free(engine);
}

static inline void expect_error(const struct engine *engine, const char *part)
{
    cr_expect(strstr(engine->error.message, part), "found: %s", engine->error.message);
}

/* Compares with all that was written since the last call. */
static inline void expect_output(struct engine *engine, const char *lines)
{
    buffer_byte(&engine->output, 0);
    cr_expect_str_eq(engine->output.data, lines);
    buffer_clear(&engine->output);
}

/* Compares, expects that nothing failed, and ends. */
static inline void end_with(struct engine *engine, const char *lines)
{
    expect_output(engine, lines);
    cr_expect_eq(engine->error.code, WEIR_OK, "%s", engine->error.message);
    engine_free(engine);
}
#endif

/* driver.c: the test driver: every sub-topology as one task on partition 0, no broker, no threads, a clock turned by hand.
 *
 * As Kafka Streams' TopologyTestDriver: a record is processed to its end, repartition topics included, before the next
 * is taken; each record is committed; among waiting records the smallest timestamp goes first.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "runtime/commit.h"
#include "runtime/figures.h"
#include "runtime/head.h"
#include "runtime/outbox.h"
#include "runtime/patterns.h"
#include "runtime/ready.h"
#include "runtime/turns.h"
#include "schemas/codec.h"
#include "state/keys.h"
#include "state/versioned.h"

struct weir_test {
    struct layout layout;
    struct config *config;
    struct clock clock;
    struct task **tasks;    /* one per part, those of global tables behind */
    struct store **globals; /* by graph_store.global */
    weir_arena arena;       /* inputs and outputs, kept until the end */
    struct outbox outbox;
    size_t looped;               /* records of the outbox that were sent round */
    struct collector changelogs; /* its producer writes to the outbox */
    struct figures figures;
    struct weir_error failure;
    int64_t **next_offsets; /* by part and source */
    struct turns turns;     /* sources with records, but for those of global tables */
};

/* ---- what tasks give off ---- */

static bool is_internal(const struct weir_test *test, const char *topic)
{
    for (size_t p = 0; p < test->layout.part_count; p++)
        for (size_t s = 0; s < test->layout.parts[p].source_count; s++) {
            const struct layout_source *source = &test->layout.parts[p].sources[s];
            if (source->node->topic->internal && strcmp(source->topic, topic) == 0)
                return true;
        }
    return false;
}

static bool output_send(void *self, const struct graph_node *sink, const char *topic,
                        const struct broker_record *record, struct weir_error *error)
{
    struct weir_test *test = self;
    (void)error;
    outbox_add(&test->outbox, topic, sink, record, is_internal(test, topic));
    return true;
}

/* Every topic has one partition, and is there. */
static int32_t output_partitions(void *self, const char *topic, struct weir_error *error)
{
    (void)self, (void)topic, (void)error;
    return 1;
}

static void output_release(void *self, struct broker_message *message)
{
    (void)self, (void)message; /* messages point into the test's arena */
}

static void output_dropped(void *self, const struct weir_drop *drop)
{
    struct weir_test *test = self;
    drops_add(&test->figures.drops, drop);
}

static void output_dead(void *self, const struct weir_dead_letter *letter)
{
    struct weir_test *test = self;
    figures_dead_letter(&test->figures, letter);
}

/* ---- changelogs: a producer that keeps what it is given ---- */

struct broker_producer {
    struct weir_test *test;
};

static bool log_send(struct broker_producer *producer, const char *topic, const struct broker_record *record,
                     struct weir_error *error)
{
    (void)error;
    outbox_add(&producer->test->outbox, topic, NULL, record, true);
    return true;
}

static void log_poll(struct broker_producer *producer)
{
    (void)producer;
}

static void open_changelogs(struct weir_test *test)
{
    static const struct broker_ops ops = {.producer_send = log_send, .producer_poll = log_poll};
    static struct broker log = {&ops};
    struct broker_producer *producer = weir_arena_alloc(&test->arena, sizeof *producer);
    producer->test = test;
    test->changelogs = (struct collector){.broker = &log, .producer = producer};
}

/* ---- life ---- */

/* Kafka Streams' driver has one partition for all topics of a pattern, of which each record keeps the name of its own. */
static void name_source(struct weir_test *test, struct layout_source *source, const char *topic)
{
    layout_match(&test->layout, source, source->node, topic, test->config);
    source->partitions = 1;
}

static void set_partitions(struct weir_test *test, struct layout_part *part)
{
    for (size_t i = 0; i < part->source_count; i++) {
        part->sources[i].partitions = 1;
        if (part->sources[i].is_shares)
            name_source(test, &part->sources[i], part->sources[i].node->topic->name);
    }
    layout_sort_sources(&test->layout, part);
    for (size_t i = 0; i < part->subtopology->nodes.count; i++)
        part->sink_partitions[i] = 1;
}

static size_t task_count(const struct weir_test *test)
{
    return test->layout.part_count + test->layout.global_count;
}

static bool is_global(const struct weir_test *test, size_t part)
{
    return part >= test->layout.part_count;
}

static bool open_task(struct weir_test *test, size_t part, struct weir_error *error)
{
    const struct task_output output = {test,           output_send,    output_partitions,
                                       output_release, output_dropped, output_dead};
    const struct task_settings settings = {
        .clock = &test->clock,
        /* The clock stands still: only an explicit setting turns the guard on. */
        .max_future_ms =
            config_is_set(test->config, "max.future.ms") ? config_integer(test->config, "max.future.ms") : -1,
        .lineage = true,
        .globals = test->globals,
    };
    const struct database_limits limits = {.committed_bytes_max = SIZE_MAX, .apply_interval_ms = INT64_MAX / 2000};
    struct layout_part *layout = &test->layout.parts[part];
    struct task *task = task_open(&test->layout, layout, 0, NULL, settings, output, limits, error);
    test->tasks[part] = task;
    return task && task_restored(task, -1, error);
}

static bool open_tasks(struct weir_test *test, struct weir_error *error)
{
    test->layout.drops_partitions = 1;
    test->tasks = memory_new(task_count(test) * sizeof(struct task *));
    test->globals = memory_new((test->layout.global_count + 1) * sizeof(struct store *));
    test->next_offsets = arena_alloc(&test->arena, task_count(test) * sizeof(int64_t *));
    for (size_t i = 0; i < task_count(test); i++) {
        set_partitions(test, &test->layout.parts[i]);
        test->next_offsets[i] = arena_alloc(&test->arena, test->layout.parts[i].source_count * sizeof(int64_t));
    }
    for (size_t i = test->layout.part_count; i < task_count(test); i++) {
        layout_spread(&test->layout, &test->layout.parts[i], 1);
        if (!open_task(test, i, error))
            return false;
        test->globals[test->layout.parts[i].subtopology->stores[0]->global] = test->tasks[i]->stores[0];
    }
    for (size_t i = 0; i < test->layout.part_count; i++)
        if (!open_task(test, i, error))
            return false;
    return true;
}

weir_test *weir_test_new(weir_topology *topology, struct weir_config settings, struct weir_error *error)
{
    struct weir_test *test = memory_new(sizeof *test);
    figures_init(&test->figures);
    clock_init_by_hand(&test->clock, 0);
    outbox_init(&test->outbox, &test->arena);
    open_changelogs(test);
    test->config = config_new();
    bool ok = config_fill(test->config, &settings, error);
    const char *application = ok ? config_text(test->config, "application.id") : "";
    if (!*application)
        application = topology ? weir_topology_name(topology) : "";
    ok = layout_init(&test->layout, topology, application, test->config, error) && ok;
    if (ok && open_tasks(test, error))
        return test;
    weir_test_free(test);
    return NULL;
}

void weir_test_free(weir_test *test)
{
    if (!test)
        return;
    for (size_t i = 0; test->tasks && i < task_count(test); i++) {
        struct weir_error ignored = {0};
        if (test->tasks[i])
            task_close(test->tasks[i], false, &ignored);
    }
    memory_free(test->tasks);
    memory_free(test->globals);
    outbox_done(&test->outbox);
    turns_done(&test->turns);
    layout_done(&test->layout);
    config_free(test->config);
    figures_done(&test->figures);
    arena_done(&test->arena);
    memory_free(test);
}

/* ---- running ---- */

static void note_failure(struct weir_test *test, const struct task *task)
{
    if (task->failure.code != WEIR_OK)
        error_set(&test->failure, task->failure.code, "%s", task->failure.message);
}

static void take_name(struct weir_test *test, const struct task *task, const struct task_source *source)
{
    struct layout_part *part = &test->layout.parts[task->part - test->layout.parts];
    const char *topic = source->queue.count > 0 ? queue_head(&source->queue)->owner : NULL;
    if (source->layout->is_match && topic && strcmp(source->layout->topic, topic) != 0)
        name_source(test, &part->sources[source - task->sources], topic);
}

/* The source waits for its turn if it holds a record that can be read. */
static void await_turn(struct weir_test *test, struct task *task, struct task_source *source)
{
    take_name(test, task, source);
    if (head_prepare(task, source))
        turns_add(&test->turns, (struct turn){task, source});
    note_failure(test, task);
}

static void push(struct weir_test *test, size_t part, size_t number, const struct broker_message *message)
{
    struct task *task = test->tasks[part];
    struct task_source *source = &task->sources[number];
    bool waits_already = source->queue.count > 0;
    task_push(task, number, message);
    if (!waits_already && !is_global(test, part))
        await_turn(test, task, source);
}

typedef bool reader_of(const struct weir_test *, const struct layout_source *, const char *topic);

static bool reads_by_name(const struct weir_test *test, const struct layout_source *source, const char *topic)
{
    (void)test;
    return !source->is_match && strcmp(source->topic, topic) == 0;
}

static bool reads_by_pattern(const struct weir_test *test, const struct layout_source *source, const char *topic)
{
    return source->is_match && patterns_reads(&test->layout, test->config, source->node, topic);
}

static bool enqueue_for(struct weir_test *test, reader_of *reads, const char *topic,
                        const struct weir_raw_record *record)
{
    for (size_t p = 0; p < task_count(test); p++)
        for (size_t s = 0; s < test->layout.parts[p].source_count; s++) {
            if (!reads(test, &test->layout.parts[p].sources[s], topic))
                continue;
            const struct broker_message message = {
                .source = (int32_t)s,
                .offset = test->next_offsets[p][s]++,
                .timestamp_ms = record->timestamp_ms,
                .key = record->key,
                .value = record->value,
                .headers = record->headers,
                .owner = arena_text(&test->arena, topic),
            };
            push(test, p, s, &message);
            return true;
        }
    return false;
}

static bool enqueue(struct weir_test *test, const char *topic, const struct weir_raw_record *record)
{
    return enqueue_for(test, reads_by_name, topic, record) ||
           (test->layout.pattern_count > 0 && enqueue_for(test, reads_by_pattern, topic, record));
}

/* What was written to a topic that the topology also reads goes round. */
static void loop_back(struct weir_test *test)
{
    for (; test->looped < test->outbox.count; test->looped++) {
        const struct outbox_record *written = &test->outbox.records[test->looped];
        enqueue(test, written->topic, &written->record);
    }
}

/* What is not in a queue was not sent. */
static bool is_never_behind(void *self, const struct task *task, size_t source)
{
    (void)self, (void)task, (void)source;
    return false;
}

static bool is_ready(const struct weir_test *test, struct task *task)
{
    int64_t idle_ms = config_integer(test->config, "max.task.idle.ms");
    const struct ready ready = {idle_ms < 0 ? READY_NEVER_WAITS : idle_ms * 1000, is_never_behind, NULL};
    return ready_to_process(&ready, task, clock_wall_ms(&test->clock) * 1000);
}

static bool must_wait(const struct weir_test *test, const struct turn *turn)
{
    return !is_ready(test, turn->task) || tick_holds(turn->task, turn->source);
}

/* The first turn that need not wait for another input of its task; the others keep theirs. */
static bool choose(struct weir_test *test, struct turn *turn)
{
    struct turns waiting = {0};
    struct turn skipped;
    bool found;
    while ((found = turns_take(&test->turns, turn)) && must_wait(test, turn))
        turns_add(&waiting, *turn);
    while (turns_take(&waiting, &skipped))
        turns_add(&test->turns, skipped);
    turns_done(&waiting);
    return found;
}

static void publish(struct weir_test *test)
{
    for (size_t i = 0; i < task_count(test); i++) {
        if (!test->tasks[i]->progress)
            continue;
        if (!task_tell(test->tasks[i])) {
            note_failure(test, test->tasks[i]);
            continue;
        }
        commit_log(test->tasks[i], &test->changelogs, &test->failure);
        commit_publish(test->tasks[i]);
        if (!task_dispatch(test->tasks[i]))
            note_failure(test, test->tasks[i]);
    }
}

/* A global table takes its records at once. */
static void process_globals(struct weir_test *test)
{
    for (size_t i = test->layout.part_count; i < task_count(test); i++) {
        struct task *task = test->tasks[i];
        for (struct task_source *source; (source = task_choose(task)) && task_process(task, source);)
            publish(test);
        note_failure(test, task);
    }
}

static void process_all(struct weir_test *test)
{
    struct turn turn;
    process_globals(test);
    while (test->failure.code == WEIR_OK && choose(test, &turn)) {
        take_name(test, turn.task, turn.source);
        if (task_process(turn.task, turn.source))
            await_turn(test, turn.task, turn.source);
        note_failure(test, turn.task);
        publish(test);
        loop_back(test);
        process_globals(test);
    }
}

/* A record that cannot be read may cause others as it is looked at, without being processed; so may a commit. */
static void drain(struct weir_test *test)
{
    do {
        loop_back(test);
        process_all(test);
        publish(test);
    } while (test->looped < test->outbox.count && test->failure.code == WEIR_OK);
}

void weir_test_send_raw(weir_test *test, const char *topic, struct weir_raw_record record)
{
    struct weir_raw_record kept = {outbox_keep_bytes(&test->arena, record.key),
                                   outbox_keep_bytes(&test->arena, record.value),
                                   record.timestamp_ms < 0 ? clock_wall_ms(&test->clock) : record.timestamp_ms,
                                   outbox_keep_headers(&test->arena, record.headers)};
    if (!enqueue(test, topic, &kept)) {
        error_set(&test->failure, WEIR_INVALID, "the topology does not read the topic '%s'", topic);
        return;
    }
    drain(test);
}

static weir_bytes encode(struct weir_test *test, const struct weir_type *type, const void *value)
{
    if (!value)
        return (weir_bytes){0};
    struct buffer bytes = {0};
    struct weir_error error = {0};
    if (!codec_write(type, WEIR_FORMAT_OBJECT, 0, value, &bytes, &error))
        error_set(&test->failure, error.code, "%s", error.message);
    weir_bytes kept = arena_bytes(&test->arena, buffer_bytes(&bytes));
    buffer_done(&bytes);
    return kept;
}

void weir_test_send(weir_test *test, const char *topic, struct weir_record record)
{
    const struct graph_topic *known = graph_find_input(test->layout.topology, topic);
    if (!known) {
        error_set(&test->failure, WEIR_INVALID, "the topology does not read the topic '%s'", topic);
        return;
    }
    weir_test_send_raw(test, topic,
                       (struct weir_raw_record){encode(test, known->key, record.key),
                                                encode(test, known->value, record.value), record.timestamp_ms,
                                                record.headers});
}

/* The inputs have been quiet since the clock was last turned. */
static void note_records(struct weir_test *test)
{
    for (size_t i = 0; i < test->layout.part_count; i++)
        tick_is_due(test->tasks[i], clock_wall_ms(&test->clock));
}

static bool meet_the_clock(struct task *task, int64_t wall_ms)
{
    return task_punctuate(task, wall_ms) && (!tick_is_due(task, wall_ms) || tick_send(task, wall_ms));
}

void weir_test_advance(weir_test *test, weir_duration duration)
{
    note_records(test);
    clock_turn(&test->clock, duration.ms);
    for (size_t i = 0; i < test->layout.part_count; i++)
        if (!meet_the_clock(test->tasks[i], clock_wall_ms(&test->clock)))
            note_failure(test, test->tasks[i]);
    drain(test);
}

/* ---- looking ---- */

bool weir_test_recv_raw(weir_test *test, const char *topic, struct weir_raw_record *out)
{
    const struct outbox_record *taken = outbox_take(&test->outbox, topic);
    if (taken)
        *out = taken->record;
    return taken != NULL;
}

bool weir_test_recv_any(weir_test *test, const char **topic, struct weir_raw_record *out)
{
    const struct outbox_record *next = outbox_next(&test->outbox);
    if (!next)
        return false;
    *topic = next->topic;
    *out = next->record;
    return true;
}

static const void *decode(struct weir_test *test, const struct weir_type *type, weir_bytes bytes)
{
    return bytes.data && type ? codec_read(type, bytes, &test->arena, &test->failure) : NULL;
}

/* Takes the window off the key (sink.c). */
static void read_window(const struct graph_node *sink, weir_bytes *key, struct weir_record *out)
{
    if (sink->window_size_ms == GRAPH_SESSIONS) {
        keys_session_log_read(*key, key, &out->window.start_ms, &out->window.end_ms);
    } else if (sink->window_size_ms > 0 && key->size >= sizeof(int64_t)) {
        key->size -= sizeof(int64_t);
        out->window.start_ms = (int64_t)bytes_get_u64((const char *)key->data + key->size);
        if (__builtin_add_overflow(out->window.start_ms, sink->window_size_ms, &out->window.end_ms))
            out->window.end_ms = INT64_MAX;
    }
}

bool weir_test_recv(weir_test *test, const char *topic, struct weir_record *out)
{
    const struct outbox_record *taken = outbox_take(&test->outbox, topic);
    if (!taken)
        return false;
    const struct graph_node *sink = taken->sink;
    struct weir_raw_record raw = taken->record;
    *out = (struct weir_record){.timestamp_ms = raw.timestamp_ms, .headers = raw.headers};
    if (!sink)
        return true;
    out->key_type = sink->key_type;
    out->value_type = sink->value_type;
    read_window(sink, &raw.key, out);
    out->key = decode(test, sink->key_type, raw.key);
    out->value = decode(test, sink->value_type, raw.value);
    return true;
}

struct lookup {                       /* a row of a store */
    const struct layout_store *store; /* NULL: there is no such store of that kind */
    struct task *task;
    size_t index;
    struct buffer key; /* as the store holds it */
};

static struct lookup look_for(weir_test *test, const char *name, enum store_kind kind)
{
    const struct layout_part *part = NULL;
    struct lookup lookup = {0};
    lookup.store = layout_find_store(&test->layout, name, &part, &lookup.index);
    if (!lookup.store || lookup.store->spec.kind != kind)
        return (struct lookup){0};
    lookup.task = test->tasks[part - test->layout.parts];
    return lookup;
}

static const void *end_lookup(weir_test *test, struct lookup *lookup)
{
    struct store_row row;
    const void *value = NULL;
    if (lookup->store &&
        store_get(lookup->task->stores[lookup->index], buffer_bytes(&lookup->key), &test->arena, &row, &test->failure))
        value = decode(test, lookup->store->spec.value_type, outbox_keep_bytes(&test->arena, row.value));
    buffer_done(&lookup->key);
    return value;
}

const void *weir_test_get(weir_test *test, const char *store, const void *key)
{
    struct lookup lookup = look_for(test, store, STORE_VERSIONED);
    if (lookup.store)
        return weir_test_get_as_of(test, store, key, WEIR_VERSION_OPEN, NULL);
    lookup = look_for(test, store, STORE_KEY_VALUE);
    if (lookup.store) {
        weir_bytes bytes = encode(test, lookup.store->spec.key_type, key);
        buffer_append(&lookup.key, bytes.data, bytes.size);
    }
    return end_lookup(test, &lookup);
}

const void *weir_test_get_as_of(weir_test *test, const char *store, const void *key, int64_t as_of_ms,
                                struct weir_version *out)
{
    struct lookup lookup = look_for(test, store, STORE_VERSIONED);
    struct version version;
    if (!lookup.store ||
        !versioned_get(lookup.task->stores[lookup.index], encode(test, lookup.store->spec.key_type, key), as_of_ms,
                       &test->arena, &version, &test->failure))
        return NULL;
    if (out)
        *out = (struct weir_version){version.from_ms, version.to_ms};
    return decode(test, lookup.store->spec.value_type, outbox_keep_bytes(&test->arena, version.value));
}

const void *weir_test_get_window(weir_test *test, const char *store, const void *key, int64_t start_ms)
{
    struct lookup lookup = look_for(test, store, STORE_WINDOW);
    if (lookup.store)
        keys_window_write(encode(test, lookup.store->spec.key_type, key), start_ms, &lookup.key);
    return end_lookup(test, &lookup);
}

const void *weir_test_get_session(weir_test *test, const char *store, const void *key, int64_t start_ms, int64_t end_ms)
{
    struct lookup lookup = look_for(test, store, STORE_SESSION);
    if (lookup.store)
        keys_session_write(encode(test, lookup.store->spec.key_type, key), start_ms, end_ms, &lookup.key);
    return end_lookup(test, &lookup);
}

static struct weir_view_info describe_store(const struct layout_part *part, const struct store_spec *spec)
{
    static const enum weir_view_kind kinds[] = {[STORE_KEY_VALUE] = WEIR_VIEW_KEY_VALUE,
                                                [STORE_WINDOW] = WEIR_VIEW_WINDOW,
                                                [STORE_SESSION] = WEIR_VIEW_SESSION,
                                                [STORE_VERSIONED] = WEIR_VIEW_VERSIONED};
    return (struct weir_view_info){
        .name = spec->name,
        .kind = part->subtopology->is_global ? WEIR_VIEW_GLOBAL : kinds[spec->kind],
        .key = spec->key_type,
        .value = spec->value_type,
        .window_ms = spec->window_size_ms,
        .retention_ms = spec->retention_ms,
        .partitions = 1,
        .partitions_here = 1,
    };
}

size_t weir_test_views(weir_test *test, struct weir_view_info *out, size_t max)
{
    size_t count = 0;
    for (size_t p = 0; p < task_count(test); p++) {
        const struct layout_part *part = &test->layout.parts[p];
        for (size_t s = 0; s < part->store_count; s++) {
            if (part->stores[s].hidden)
                continue;
            if (count < max)
                out[count] = describe_store(part, &part->stores[s].spec);
            count++;
        }
    }
    return count;
}

void weir_test_each(weir_test *test, const char *name, void (*visit)(void *, const struct weir_record *), void *self)
{
    const struct layout_part *part = NULL;
    size_t index = 0;
    const struct layout_store *store = layout_find_store(&test->layout, name, &part, &index);
    if (!store) {
        error_set(&test->failure, WEIR_ABSENT, "the topology has no store '%s'", name);
        return;
    }
    struct task *task = test->tasks[part - test->layout.parts];
    struct weir_store handle = {.store = task->stores[index], .spec = &store->spec, .execution = &task->execution};
    weir_each(&handle, visit, self);
    if (task->execution.error.code != WEIR_OK)
        error_set(&test->failure, task->execution.error.code, "%s", task->execution.error.message);
}

uint64_t weir_test_dropped(weir_test *test, const char *reason)
{
    struct weir_drop_info drops[DROPS_REASONS_MAX];
    size_t count = drops_by_reason(&test->figures.drops, drops, DROPS_REASONS_MAX);
    uint64_t records = 0;
    for (size_t i = 0; i < count; i++)
        if (!reason || strcmp(drops[i].reason, reason) == 0)
            records += drops[i].records;
    return records;
}

size_t weir_test_drops(weir_test *test, struct weir_drop_info *out, size_t max)
{
    return drops_by_reason(&test->figures.drops, out, max);
}

bool weir_test_failed(weir_test *test, struct weir_error *error)
{
    if (test->failure.code != WEIR_OK && error)
        *error = test->failure;
    return test->failure.code != WEIR_OK;
}

const struct weir_type *weir_test_topic_type(weir_test *test, const char *topic, bool key)
{
    const struct graph_topic *known = graph_find_input(test->layout.topology, topic);
    if (!known)
        return NULL;
    return key ? known->key : known->value;
}

static const struct graph_node *sink_of(const struct weir_test *test, const char *topic)
{
    for (size_t p = 0; p < test->layout.part_count; p++) {
        const struct layout_part *part = &test->layout.parts[p];
        for (size_t n = 0; n < part->subtopology->nodes.count; n++)
            if (part->sink_topics[n] && strcmp(part->sink_topics[n], topic) == 0)
                return part->subtopology->nodes.items[n];
    }
    return NULL;
}

bool weir_test_topic_is_windowed(weir_test *test, const char *topic)
{
    const struct graph_node *sink = sink_of(test, topic);
    return sink && sink->window_size_ms != 0;
}

/* join_table_waiting.c: a fact with the row of a versioned table at the fact's own time, once no earlier row is expected
 * (KStreamKTableJoinProcessor with a grace period, KIP-923).
 *
 * Facts wait in the node's store in order of their time, laid out as the changelog of Kafka Streams' buffer: a zero byte,
 * the time, the key and a sequence number (PrefixedWindowKeySchemas.TimeFirstWindowKeySchema), and what suppress_row.h
 * says. One is due when a fact later by the grace has come; one that comes later than that does not wait. A fact without a
 * key meets no row, so it does not wait either (Kafka Streams fails).
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "base/error.h"
#include "operators/operators.h"
#include "operators/suppress_row.h"
#include "operators/typed_store.h"

enum { TIME_FIRST = 0, PREFIX_BYTES = 1, TIME_BYTES = 8, SEQUENCE_BYTES = 4, RUN_ROWS = 64 };
static const uint32_t sequence_max = 0x7fffffff;

struct waiting {              /* context->self */
    int64_t latest_ms;        /* of all that has waited; -1: nothing has */
    int64_t first_ms;         /* nothing before it waits */
    uint32_t sequence;        /* of the one before */
    struct buffer key, value; /* scratch */
};

/* ---- keys ---- */

static void write_time(struct buffer *out, int64_t time_ms)
{
    char bytes[PREFIX_BYTES + TIME_BYTES] = {TIME_FIRST};
    bytes_put_u64(bytes + PREFIX_BYTES, (uint64_t)time_ms);
    buffer_append(out, bytes, sizeof bytes);
}

static bool read_key(struct weir_store *store, weir_bytes stored, weir_bytes *key, int64_t *time_ms)
{
    const char *data = stored.data;
    if (stored.size < PREFIX_BYTES + TIME_BYTES + SEQUENCE_BYTES || data[0] != TIME_FIRST)
        return typed_latch(store, WEIR_CORRUPT, "the key of a record that waits cannot be read");
    *time_ms = (int64_t)bytes_get_u64(data + PREFIX_BYTES);
    *key = (weir_bytes){data + PREFIX_BYTES + TIME_BYTES, stored.size - PREFIX_BYTES - TIME_BYTES - SEQUENCE_BYTES};
    return true;
}

static bool is_taken(struct weir_store *store, weir_bytes key)
{
    struct weir_error error = {0};
    struct store_row row;
    bool found = store_get(store->store, key, store->execution->arena, &row, &error);
    return found || (error.code != WEIR_OK && !typed_latch(store, error.code, error.message));
}

/* A key that nothing waits under: the sequence begins anew with the task, what waits does not. */
static bool write_key(weir_context *context, const struct weir_record *record)
{
    struct waiting *self = context->self;
    struct buffer *out = &self->key;
    char sequence[SEQUENCE_BYTES];
    buffer_clear(out);
    write_time(out, record->timestamp_ms);
    if (!typed_write(&context->stores[0], record->key_type, record->key, out))
        return false;
    size_t size = out->size;
    do {
        self->sequence = (self->sequence + 1) & sequence_max;
        bytes_put_u32(sequence, self->sequence);
        out->size = size;
        buffer_append(out, sequence, sizeof sequence);
    } while (context->execution->error.code == WEIR_OK && is_taken(&context->stores[0], buffer_bytes(out)));
    return context->execution->error.code == WEIR_OK;
}

/* ---- waiting ---- */

static void wait_for_turn(weir_context *context, const struct weir_record *record)
{
    struct waiting *self = context->self;
    struct weir_store *store = &context->stores[0];
    struct buffer *value = &typed_scratch()->value;
    struct suppress_row row = {.timestamp_ms = record->timestamp_ms,
                               .metadata = context->execution->metadata,
                               .headers = context->execution->headers};
    if (!typed_write(store, record->value_type, record->value, value))
        return;
    row.value = arena_bytes(context->execution->arena, buffer_bytes(value));
    if (!write_key(context, record))
        return;
    buffer_clear(&self->value);
    suppress_row_write(&row, &self->value);
    store_put(store->store, buffer_bytes(&self->key), buffer_bytes(&self->value), record->timestamp_ms);
    if (record->timestamp_ms > self->latest_ms)
        self->latest_ms = record->timestamp_ms;
    if (record->timestamp_ms < self->first_ms)
        self->first_ms = record->timestamp_ms;
}

/* ---- turns ---- */

struct run {
    struct store_row rows[RUN_ROWS]; /* in the record arena */
    size_t count;
};

/* The first of those that wait, up to that time. What is left begins with first_ms. */
static void read_run(weir_context *context, int64_t to_ms, struct run *run)
{
    struct waiting *self = context->self;
    struct weir_store *store = &context->stores[0];
    struct weir_error error = {0};
    struct store_row row;
    weir_bytes key = {0};
    bool is_due = true;
    run->count = 0;
    buffer_clear(&self->key);
    write_time(&self->key, self->first_ms);
    struct store_cursor *cursor = store_scan(store->store, buffer_bytes(&self->key), (weir_bytes){0}, false, &error);
    self->first_ms = INT64_MAX;
    while (is_due && cursor && store_next(cursor, &row, &error) && read_key(store, row.key, &key, &self->first_ms)) {
        is_due = self->first_ms <= to_ms && run->count < RUN_ROWS;
        if (is_due) {
            run->rows[run->count++] = (struct store_row){.key = arena_bytes(context->execution->arena, row.key),
                                                         .value = arena_bytes(context->execution->arena, row.value)};
            self->first_ms = INT64_MAX;
        }
    }
    store_cursor_close(cursor);
    if (error.code != WEIR_OK)
        typed_latch(store, error.code, error.message);
}

/* As if the fact had come now: it has its own headers and place. */
static void join_as_of_then(weir_context *context, const struct weir_record *record, const struct suppress_row *row)
{
    struct execution *execution = context->execution;
    const struct weir_metadata metadata = execution->metadata;
    const struct weir_headers headers = execution->headers;
    int64_t now_ms = execution->timestamp_ms;
    execution->metadata = row->metadata;
    execution->headers = row->headers;
    execution->timestamp_ms = row->timestamp_ms;
    join_table_record(context, record);
    execution->metadata = metadata;
    execution->headers = headers;
    execution->timestamp_ms = now_ms;
}

static void take_turn(weir_context *context, const struct store_row *stored)
{
    struct weir_store *store = &context->stores[0];
    const struct graph_node *before = context->node->parents.items[0];
    weir_arena *arena = context->execution->arena;
    struct suppress_row row;
    weir_bytes key = {0};
    int64_t time_ms;
    if (!read_key(store, stored->key, &key, &time_ms))
        return;
    if (!suppress_row_read(stored->value, arena, &row) || !row.value.data) {
        typed_latch(store, WEIR_CORRUPT, "a record that waits cannot be read");
        return;
    }
    struct weir_record record = {.key = typed_read(store, before->key_type, key, arena),
                                 .timestamp_ms = row.timestamp_ms,
                                 .key_type = before->key_type,
                                 .value_type = before->value_type,
                                 .headers = row.headers};
    record.value = record.key ? typed_read(store, before->value_type, row.value, arena) : NULL;
    if (record.value)
        join_as_of_then(context, &record, &row);
    store_put(store->store, stored->key, (weir_bytes){0}, context->execution->timestamp_ms);
}

static void take_turns(weir_context *context, int64_t to_ms)
{
    struct waiting *self = context->self;
    struct run run;
    while (self->first_ms <= to_ms && context->execution->error.code == WEIR_OK) {
        read_run(context, to_ms, &run);
        for (size_t i = 0; i < run.count && context->execution->error.code == WEIR_OK; i++)
            take_turn(context, &run.rows[i]);
    }
}

static void process(weir_context *context, const struct weir_record *record)
{
    const struct stream_join_args *args = context->node->args;
    struct waiting *self = context->self;
    if (!join_table_takes(context, record))
        return;
    if (!record->key || record->timestamp_ms < self->latest_ms - args->grace_ms) {
        join_table_record(context, record);
        return;
    }
    wait_for_turn(context, record);
    take_turns(context, self->latest_ms - args->grace_ms);
}

/* ---- life ---- */

/* The latest of all is still there: its time has not come. */
static void open(weir_context *context)
{
    struct waiting *self = context->self;
    struct weir_store *store = &context->stores[0];
    struct weir_error error = {0};
    struct store_row row;
    weir_bytes key = {0};
    self->latest_ms = -1;
    self->first_ms = 0;
    struct store_cursor *cursor = store_scan(store->store, (weir_bytes){0}, (weir_bytes){0}, true, &error);
    if (cursor && store_next(cursor, &row, &error))
        read_key(store, row.key, &key, &self->latest_ms);
    store_cursor_close(cursor);
    if (error.code != WEIR_OK)
        typed_latch(store, error.code, error.message);
}

static void close(weir_context *context)
{
    struct waiting *self = context->self;
    buffer_done(&self->key);
    buffer_done(&self->value);
}

const struct operator operator_join_table_waiting = {
    .kind = "JOIN", .self_size = sizeof(struct waiting), .open = open, .process = process, .close = close};
const struct operator operator_left_join_table_waiting = {
    .kind = "LEFTJOIN", .self_size = sizeof(struct waiting), .open = open, .process = process, .close = close};

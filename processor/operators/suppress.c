/* suppress.c: a table whose changes are held back: until their window has closed, for a time, or until there are too
 * many of them (KTableSuppressProcessorSupplier of Kafka Streams).
 *
 * What waits is in the node's store, one row per key (suppress_row.h): a later change takes the place of an earlier one
 * and its turn. The order of turns is in memory, made anew from the store when the task opens. Time is what the node
 * may know of it (window_clock.h): behind a repartition topic nothing is final before the slowest task upstream has
 * passed it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "operators/operators.h"
#include "operators/suppress_row.h"
#include "operators/timeline.h"
#include "operators/typed_store.h"
#include "operators/window_clock.h"
#include "operators/window_key.h"

struct suppress { /* context->self */
    struct window_clock clock;
    struct timeline *waiting;
    int64_t records, bytes;             /* that wait */
    struct buffer key, old, value, row; /* scratch */
};

/* ---- keys ---- */

static bool write_key(struct weir_store *store, const struct graph_node *node, const struct weir_record *record,
                      struct buffer *out)
{
    buffer_clear(out);
    if (!typed_write(store, node->key_type, record->key, out))
        return false;
    window_key_write(node, record, out);
    return true;
}

/* Key and window of a stored key. False: latched. */
static bool read_key(weir_context *context, weir_bytes stored, struct weir_record *out)
{
    const struct graph_node *node = context->node;
    weir_bytes key = stored;
    if (!window_key_read(node, &key, out))
        return typed_latch(&context->stores[0], WEIR_CORRUPT, "a row has no window in its key");
    out->key = typed_read(&context->stores[0], node->key_type, key, context->execution->arena);
    return out->key != NULL;
}

/* ---- rows ---- */

static bool read_row(struct weir_store *store, weir_bytes stored, struct suppress_row *row)
{
    return suppress_row_read(stored, store->execution->arena, row) ||
           typed_latch(store, WEIR_CORRUPT, "a row of a suppressed table cannot be read");
}

/* False: nothing waits under that key, or latched. */
static bool find_row(struct weir_store *store, weir_bytes key, struct suppress_row *row)
{
    weir_arena *arena = store->execution->arena;
    struct weir_error error;
    struct store_row stored;
    error_clear(&error);
    if (store_get(store->store, key, arena, &stored, &error))
        return read_row(store, arena_bytes(arena, stored.value), row);
    if (error.code != WEIR_OK)
        typed_latch(store, error.code, error.message);
    return false;
}

static bool write_value(weir_context *context, const void *value, struct buffer *scratch, weir_bytes *out)
{
    buffer_clear(scratch);
    *out = (weir_bytes){0};
    if (!value)
        return true;
    if (!typed_write(&context->stores[0], context->node->value_type, value, scratch))
        return false;
    *out = buffer_bytes(scratch);
    return true;
}

/* ---- holding back ---- */

static void wait_behind(weir_context *context, weir_bytes key, struct suppress_row *row)
{
    struct suppress *self = context->self;
    struct suppress_row before = {0};
    bool is_waiting = find_row(&context->stores[0], key, &before);
    if (context->execution->error.code != WEIR_OK)
        return;
    row->prior = is_waiting ? before.prior : row->old;
    if (is_waiting)
        row->due_ms = before.due_ms;
    buffer_clear(&self->row);
    suppress_row_write(row, &self->row);
    store_put(context->stores[0].store, key, buffer_bytes(&self->row), row->timestamp_ms);
    timeline_add(self->waiting, row->due_ms, key);
    self->records += is_waiting ? 0 : 1;
    self->bytes += suppress_row_bytes(key, row) - (is_waiting ? suppress_row_bytes(key, &before) : 0);
}

static void hold_back(weir_context *context, const struct weir_record *change)
{
    const struct suppress_args *args = context->node->args;
    struct suppress *self = context->self;
    struct suppress_row row = {.timestamp_ms = change->timestamp_ms,
                               .metadata = context->execution->metadata,
                               .headers = context->execution->headers,
                               .due_ms = args->is_final ? change->window.end_ms : change->timestamp_ms};
    if (write_key(&context->stores[0], context->node, change, &self->key) &&
        write_value(context, change->old_value, &self->old, &row.old) &&
        write_value(context, change->value, &self->value, &row.value))
        wait_behind(context, buffer_bytes(&self->key), &row);
}

/* ---- letting go ---- */

static bool read_value(weir_context *context, weir_bytes bytes, const void **value)
{
    *value = NULL;
    if (!bytes.data)
        return true;
    *value = typed_read(&context->stores[0], context->node->value_type, bytes, context->execution->arena);
    return *value != NULL;
}

/* As if the record that caused the change were in hand. */
static void forward(weir_context *context, weir_bytes key, const struct suppress_row *row)
{
    struct execution *execution = context->execution;
    const struct weir_metadata metadata = execution->metadata;
    const struct weir_headers headers = execution->headers;
    struct weir_record change = {.timestamp_ms = row->timestamp_ms};
    if (!read_key(context, key, &change) || !read_value(context, row->value, &change.value) ||
        (context->node->sends_old && !read_value(context, row->old, &change.old_value)))
        return;
    execution->metadata = row->metadata;
    execution->headers = row->headers;
    context_forward(context, &change);
    execution->metadata = metadata;
    execution->headers = headers;
}

/* Of a window that has never been told nobody needs to hear that it is gone. */
static bool is_in_vain(const weir_context *context, const struct suppress_row *row)
{
    const struct suppress_args *args = context->node->args;
    return args->is_final && !row->value.data;
}

/* What is told is still held back for those who look into the table meanwhile. */
static void let_go(weir_context *context, int64_t due_ms, weir_bytes key)
{
    struct suppress *self = context->self;
    struct execution *execution = context->execution;
    struct suppress_row row;
    if (!find_row(&context->stores[0], key, &row)) {
        typed_latch(&context->stores[0], WEIR_CORRUPT, "a row that waits is not there");
        return;
    }
    if (!is_in_vain(context, &row))
        forward(context, key, &row);
    if (execution->error.code != WEIR_OK)
        return;
    timeline_remove(self->waiting, due_ms, key);
    store_put(context->stores[0].store, key, (weir_bytes){0}, execution->timestamp_ms);
    self->records--;
    self->bytes -= suppress_row_bytes(key, &row);
}

static bool is_over_full(const weir_context *context)
{
    const struct suppress_args *args = context->node->args;
    const struct suppress *self = context->self;
    return self->records > args->max_records || self->bytes > args->max_bytes;
}

static void shut_down(weir_context *context)
{
    const struct suppress_args *args = context->node->args;
    const struct suppress *self = context->self;
    context_fail(context, WEIR_FATAL,
                 "%s holds back more than it may: %lld records (.max_records %lld), %lld bytes (.max_bytes %lld); "
                 "raise the bound",
                 context->node->name, (long long)self->records, (long long)args->max_records, (long long)self->bytes,
                 (long long)args->max_bytes);
}

static void let_go_what_is_due(weir_context *context)
{
    const struct suppress_args *args = context->node->args;
    struct suppress *self = context->self;
    int64_t over_ms = self->clock.told_ms - args->wait_ms, due_ms;
    bool emits_early = !args->shuts_down;
    weir_bytes key;
    while (context->execution->error.code == WEIR_OK && timeline_first(self->waiting, &due_ms, &key) &&
           (due_ms <= over_ms || (emits_early && is_over_full(context))))
        let_go(context, due_ms, arena_bytes(context->execution->arena, key));
    if (context->execution->error.code == WEIR_OK && is_over_full(context))
        shut_down(context);
}

static void process(weir_context *context, const struct weir_record *change)
{
    struct suppress *self = context->self;
    window_clock_observe(&self->clock, context->execution, change->timestamp_ms);
    hold_back(context, change);
    if (context->execution->error.code == WEIR_OK)
        let_go_what_is_due(context);
}

/* ---- time without records ---- */

static int64_t due(weir_context *context)
{
    const struct suppress_args *args = context->node->args;
    const struct suppress *self = context->self;
    int64_t first_ms, due_ms;
    weir_bytes key;
    if (!timeline_first(self->waiting, &first_ms, &key) || __builtin_add_overflow(first_ms, args->wait_ms, &due_ms))
        return INT64_MAX;
    return due_ms;
}

static void advance(weir_context *context)
{
    struct suppress *self = context->self;
    window_clock_observe(&self->clock, context->execution, context->execution->timestamp_ms);
    let_go_what_is_due(context);
}

/* ---- life ---- */

static bool find_waiting(weir_context *context, struct store_cursor *cursor, struct weir_error *error)
{
    struct suppress *self = context->self;
    weir_arena *arena = context->execution->arena;
    struct store_row stored;
    struct suppress_row row;
    while (store_next(cursor, &stored, error)) {
        if (!read_row(&context->stores[0], stored.value, &row))
            return false;
        timeline_add(self->waiting, row.due_ms, stored.key);
        self->records++;
        self->bytes += suppress_row_bytes(stored.key, &row);
        arena_clear(arena);
    }
    return error->code == WEIR_OK;
}

static void open(weir_context *context)
{
    struct suppress *self = context->self;
    struct weir_store *store = &context->stores[0];
    struct weir_error error;
    error_clear(&error);
    window_clock_open(&self->clock, -1);
    self->waiting = timeline_new();
    struct store_cursor *cursor = store_scan(store->store, (weir_bytes){0}, (weir_bytes){0}, false, &error);
    bool found = cursor && find_waiting(context, cursor, &error);
    store_cursor_close(cursor);
    if (!found && error.code != WEIR_OK)
        typed_latch(store, error.code, error.message);
}

static void close(weir_context *context)
{
    struct suppress *self = context->self;
    timeline_free(self->waiting);
    buffer_done(&self->key);
    buffer_done(&self->old);
    buffer_done(&self->value);
    buffer_done(&self->row);
}

const struct operator operator_suppress = {.kind = "SUPPRESS",
                                           .self_size = sizeof(struct suppress),
                                           .open = open,
                                           .process = process,
                                           .close = close,
                                           .due = due,
                                           .advance = advance};

/* ---- the view: what was said before a change was held back ---- */

bool table_find_suppressed(weir_context *context, const struct table_view *view, const struct weir_record *at,
                           int64_t as_of_ms, struct weir_record *row)
{
    (void)as_of_ms;
    struct weir_store *store = context_store(context, view->node->stores[0]);
    struct buffer *key = &typed_scratch()->key;
    struct suppress_row held;
    if (!write_key(store, view->node, at, key))
        return false;
    if (!find_row(store, buffer_bytes(key), &held))
        return context->execution->error.code == WEIR_OK && table_view_get(context, view->of[0], at, row);
    row->timestamp_ms = -1;
    row->value = held.prior.data ? typed_read(store, view->value_type, held.prior, context->execution->arena) : NULL;
    return row->value != NULL;
}

/* combine.c: records of one key (and slice of time) made one until the commit, in front of a repartition: the combiner of
 * MapReduce, the local aggregation of Flink.
 *
 * Exactly once, what is held leaves when a commit begins, and belongs to its transaction. At least once a crash behind that
 * would have it told again, together with what came since, so that nobody could tell a repetition (lineage.h). So there it
 * leaves in two steps. A commit writes what is held into the node's store, as a batch; when it is done the batch leaves under
 * a lineage of its own, its number, and the next commit deletes it. After a crash a batch that was committed is in the store
 * and leaves again as it was. One whose commit failed may be committed all the same, so it stays as it is and the next commit
 * writes another.
 *
 * Rows of the store: the number of the latest batch under "batch"; a batch under its 8-byte number and the 4-byte number of the
 * row: 8-byte stream time of the input, 4-byte size of the key, key, value, big-endian.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/times.h"
#include "operators/held.h"
#include "operators/operators.h"
#include "operators/typed_store.h"

enum { NUMBER_BYTES = 8, ROW_KEY_BYTES = NUMBER_BYTES + 4, SLICE_BYTES = 8, HEAD_BYTES = 12 };

struct batch {
    struct held *rows;
    int64_t number;
    int64_t leaves_at; /* when the execution has published so many commits, it is committed */
};

struct self {              /* context->self */
    struct held *held;     /* since the last commit */
    struct batch *batches; /* what the store has, in order; exactly once: nothing */
    size_t count, capacity;
    int64_t number; /* of the latest batch */
    uint32_t name_hash;
    struct buffer key, value; /* scratch */
};

/* ---- holding ---- */

/* Slices begin at 0; without a size there is one. */
static int64_t slice_of(const weir_context *context, int64_t timestamp_ms)
{
    const struct combine_args *args = context->node->args;
    if (args->slice_ms == 0)
        return 0;
    int64_t behind_ms = timestamp_ms % args->slice_ms;
    return timestamp_ms - behind_ms - (behind_ms < 0 ? args->slice_ms : 0);
}

static bool write_key(weir_context *context, const struct weir_record *record, weir_bytes *out)
{
    struct self *self = context->self;
    unsigned char slice[SLICE_BYTES];
    if (!held_write(context, context->node->key_type, record->key, &self->key, out))
        return false;
    bytes_put_u64(slice, (uint64_t)slice_of(context, record->timestamp_ms));
    buffer_append(&self->key, slice, sizeof slice);
    *out = buffer_bytes(&self->key);
    return true;
}

/* NULL: what was held is forgotten, or something is latched. */
static const void *combined(weir_context *context, const struct weir_record *record, weir_bytes held)
{
    const struct combine_args *args = context->node->args;
    struct execution *execution = context->execution;
    const void *before;
    if (!held_read(context, context->node->value_type, held, &before))
        return NULL;
    if (!before)
        return record->value;
    execution->forget = false;
    const void *value = args->step(context, record, before);
    return execution->forget || execution->error.code != WEIR_OK ? NULL : value;
}

/* A window behind judges it by the earliest of the times at which its records came. */
static struct held_change as_it_came(const struct execution *execution, const struct weir_record *record)
{
    return (struct held_change){.timestamp_ms = record->timestamp_ms,
                                .upstream_time_ms = earlier(execution->upstream_time_ms, execution->input_time_ms),
                                .slowest_time_ms = earlier(execution->slowest_time_ms, execution->input_time_ms)};
}

static void add(struct held_change *sum, const struct held_change *before)
{
    if (before->timestamp_ms > sum->timestamp_ms)
        sum->timestamp_ms = before->timestamp_ms;
    sum->upstream_time_ms = earlier(sum->upstream_time_ms, before->upstream_time_ms);
    sum->slowest_time_ms = earlier(sum->slowest_time_ms, before->slowest_time_ms);
}

static void process(weir_context *context, const struct weir_record *record)
{
    struct self *self = context->self;
    if (!record->key || !record->value) {
        context_drop(context, record->key ? "null_value" : "null_key");
        return;
    }
    struct held_change before = {0}, sum = as_it_came(context->execution, record);
    weir_bytes key;
    if (!write_key(context, record, &key))
        return;
    if (held_find(self->held, key, &before))
        add(&sum, &before);
    const void *value = combined(context, record, before.value);
    if (context->execution->error.code == WEIR_OK &&
        held_write(context, context->node->value_type, value, &self->value, &sum.value))
        held_put(self->held, key, &sum);
}

/* ---- telling ---- */

static void forward_one(weir_context *context, weir_bytes key, const struct held_change *sum)
{
    struct execution *execution = context->execution;
    struct weir_record record = {.timestamp_ms = sum->timestamp_ms};
    const weir_bytes own = {key.data, key.size - SLICE_BYTES};
    if (!sum->value.data || !held_read(context, context->node->key_type, own, &record.key) ||
        !held_read(context, context->node->value_type, sum->value, &record.value))
        return;
    execution->upstream_time_ms = sum->upstream_time_ms;
    execution->slowest_time_ms = sum->slowest_time_ms;
    context_forward(context, &record);
}

static void put(weir_context *context, const struct batch *batch, size_t row, weir_bytes value, int64_t timestamp_ms)
{
    unsigned char key[ROW_KEY_BYTES];
    bytes_put_u64(key, (uint64_t)batch->number);
    bytes_put_u32(key + NUMBER_BYTES, (uint32_t)row);
    store_put(context->stores[0].store, (weir_bytes){key, sizeof key}, value, timestamp_ms);
}

static void write_row(weir_context *context, const struct batch *batch, size_t row)
{
    struct self *self = context->self;
    unsigned char head[HEAD_BYTES];
    struct held_change sum;
    weir_bytes key = held_at(batch->rows, row, context->execution->arena, &sum);
    if (!sum.value.data)
        return;
    bytes_put_u64(head, (uint64_t)sum.upstream_time_ms);
    bytes_put_u32(head + 8, (uint32_t)key.size);
    buffer_clear(&self->value);
    buffer_append(&self->value, head, sizeof head);
    buffer_append(&self->value, key.data, key.size);
    buffer_append(&self->value, sum.value.data, sum.value.size);
    put(context, batch, row, buffer_bytes(&self->value), sum.timestamp_ms);
}

static struct batch *add_batch(weir_context *context, struct held *rows, int64_t number, int64_t leaves_at)
{
    struct self *self = context->self;
    struct execution *execution = context->execution;
    self->batches = memory_grow(self->batches, &self->capacity, self->count + 1, sizeof *self->batches);
    struct batch *batch = &self->batches[self->count++];
    *batch = (struct batch){rows, number, leaves_at};
    self->number = number;
    execution->dispatch_at = earlier(execution->dispatch_at, leaves_at);
    return batch;
}

/* What is held becomes a batch of the commit that begins. */
static void write_batch(weir_context *context)
{
    struct self *self = context->self;
    unsigned char number[NUMBER_BYTES];
    const struct batch *batch = add_batch(context, self->held, self->number + 1, context->execution->commits + 1);
    self->held = held_new(context->execution);
    for (size_t i = 0; i < held_count(batch->rows); i++)
        write_row(context, batch, i);
    bytes_put_u64(number, (uint64_t)batch->number);
    store_put(context->stores[0].store, bytes_of_text("batch"), (weir_bytes){number, sizeof number},
              context->execution->timestamp_ms);
}

static void tell(weir_context *context)
{
    struct self *self = context->self;
    if (!context->execution->at_least_once)
        held_forward(self->held, context, forward_one);
    else if (held_count(self->held) > 0)
        write_batch(context);
}

/* False: latched. */
static bool let_go(weir_context *context, struct batch *batch)
{
    const struct self *self = context->self;
    struct execution *execution = context->execution;
    struct origin origin = {.name_hash = self->name_hash, .number = batch->number};
    size_t count = held_count(batch->rows);
    execution->origin = &origin;
    held_forward(batch->rows, context, forward_one);
    execution->origin = NULL;
    if (execution->error.code != WEIR_OK)
        return false;
    for (size_t i = 0; i < count; i++)
        put(context, batch, i, (weir_bytes){0}, execution->timestamp_ms);
    held_free(batch->rows);
    return true;
}

static void dispatch(weir_context *context)
{
    struct self *self = context->self;
    size_t gone = 0;
    while (gone < self->count && self->batches[gone].leaves_at <= context->execution->commits &&
           let_go(context, &self->batches[gone]))
        gone++;
    self->count -= gone;
    for (size_t i = 0; i < self->count; i++)
        self->batches[i] = self->batches[i + gone];
}

/* ---- life ---- */

/* The batch of that number, which is the last one or comes behind it. */
static struct batch *batch_of(weir_context *context, int64_t number)
{
    const struct self *self = context->self;
    struct batch *last = self->count > 0 ? &self->batches[self->count - 1] : NULL;
    return last && last->number == number ? last : add_batch(context, held_new(context->execution), number, 0);
}

static bool read_row(weir_context *context, const struct store_row *row)
{
    const unsigned char *key = row->key.data, *data = row->value.data;
    size_t key_size = row->value.size < HEAD_BYTES ? SIZE_MAX : bytes_get_u32(data + 8);
    if (key_size < SLICE_BYTES || key_size > row->value.size - HEAD_BYTES)
        return false;
    const struct held_change sum = {
        .timestamp_ms = row->timestamp_ms,
        .upstream_time_ms = (int64_t)bytes_get_u64(data),
        .slowest_time_ms = INT64_MIN, /* it has to be heard anew */
        .value = {data + HEAD_BYTES + key_size, row->value.size - HEAD_BYTES - key_size},
    };
    const struct batch *batch = batch_of(context, (int64_t)bytes_get_u64(key));
    held_put(batch->rows, (weir_bytes){data + HEAD_BYTES, key_size}, &sum);
    return true;
}

static bool read_number(weir_context *context, weir_bytes value)
{
    struct self *self = context->self;
    if (value.size != NUMBER_BYTES)
        return false;
    self->number = (int64_t)bytes_get_u64(value.data);
    return true;
}

/* Batches that were committed, which may have left or not; behind them, in order of key, the latest number. */
static void read_batches(weir_context *context)
{
    struct weir_error error = {0};
    struct store_row row;
    bool is_sound = true;
    struct store_cursor *cursor = store_scan(context->stores[0].store, (weir_bytes){0}, (weir_bytes){0}, false, &error);
    while (is_sound && cursor && store_next(cursor, &row, &error))
        is_sound = row.key.size == ROW_KEY_BYTES ? read_row(context, &row) : read_number(context, row.value);
    store_cursor_close(cursor);
    if (error.code != WEIR_OK)
        typed_latch(&context->stores[0], error.code, error.message);
    else if (!is_sound)
        typed_latch(&context->stores[0], WEIR_CORRUPT, "a row of what waited for a commit cannot be read");
}

/* No topic has a colon in its name. */
static uint32_t hash_of(const char *name)
{
    static const char prefix[] = "combine:";
    return hash_crc32c(hash_crc32c(0, prefix, sizeof prefix - 1), name, strlen(name));
}

static void open(weir_context *context)
{
    struct self *self = context->self;
    self->held = held_new(context->execution);
    self->name_hash = hash_of(context->node->name);
    read_batches(context);
}

static void close(weir_context *context)
{
    struct self *self = context->self;
    held_free(self->held);
    for (size_t i = 0; i < self->count; i++)
        held_free(self->batches[i].rows);
    memory_free(self->batches);
    buffer_done(&self->key);
    buffer_done(&self->value);
}

const struct operator operator_combine = {.kind = "COMBINE",
                                          .self_size = sizeof(struct self),
                                          .open = open,
                                          .process = process,
                                          .close = close,
                                          .tell = tell,
                                          .dispatch = dispatch};

/* to_stream_per_commit.c: the changes of a table as facts, of each key (and window) the latest since the last commit, told when
 * a commit begins: what the record caches of Kafka Streams do with updates (CachingKeyValueStore).
 *
 * What is held is in memory alone (held.h): what is not committed is processed again, and held again. A commit has it
 * forwarded before anything of it is logged, so what comes of it belongs to that commit. Held bytes count as uncommitted
 * rows do (execution->held_bytes): a commit comes early when there are many.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "operators/held.h"
#include "operators/operators.h"
#include "operators/window_key.h"

struct self { /* context->self */
    struct held *held;
    struct buffer key, old, change; /* scratch */
};

/* ---- holding ---- */

static bool write_key(weir_context *context, const struct weir_record *record, struct buffer *scratch, weir_bytes *out)
{
    if (!held_write(context, context->node->key_type, record->key, scratch, out))
        return false;
    window_key_write(context->node, record, scratch);
    *out = buffer_bytes(scratch);
    return true;
}

static void process(weir_context *context, const struct weir_record *record)
{
    const struct execution *execution = context->execution;
    const bool *shows_old = context->node->args;
    const struct weir_type *type = context->node->value_type;
    struct self *self = context->self;
    struct held_change change = {.timestamp_ms = record->timestamp_ms,
                                 .upstream_time_ms = execution->upstream_time_ms,
                                 .slowest_time_ms = execution->slowest_time_ms,
                                 .headers = execution->headers};
    weir_bytes key;
    if (!write_key(context, record, &self->key, &key) ||
        !held_write(context, type, *shows_old ? record->old_value : NULL, &self->old, &change.old) ||
        !held_write(context, type, record->value, &self->change, &change.value))
        return;
    held_put(self->held, key, &change);
}

/* ---- telling ---- */

static void tell_one(weir_context *context, weir_bytes key, const struct held_change *change)
{
    const struct graph_node *node = context->node;
    struct execution *execution = context->execution;
    struct weir_record record = {.timestamp_ms = change->timestamp_ms};
    bool is_whole = window_key_read(node, &key, &record);
    assert(is_whole);
    if (!held_read(context, node->key_type, key, &record.key) ||
        !held_read(context, node->value_type, change->old, &record.old_value) ||
        !held_read(context, node->value_type, change->value, &record.value))
        return;
    execution->headers = change->headers;
    execution->upstream_time_ms = change->upstream_time_ms;
    execution->slowest_time_ms = change->slowest_time_ms;
    context_forward(context, &record);
}

static void tell(weir_context *context)
{
    struct self *self = context->self;
    held_forward(self->held, context, tell_one);
}

/* ---- life ---- */

static void open(weir_context *context)
{
    struct self *self = context->self;
    self->held = held_new(context->execution);
}

static void close(weir_context *context)
{
    struct self *self = context->self;
    held_free(self->held);
    buffer_done(&self->key);
    buffer_done(&self->old);
    buffer_done(&self->change);
}

const struct operator operator_to_stream_per_commit = {.kind = "TOSTREAM",
                                                       .self_size = sizeof(struct self),
                                                       .open = open,
                                                       .process = process,
                                                       .close = close,
                                                       .tell = tell};

/* join_self.c: a stream with itself (KStreamKStreamSelfJoin of Kafka Streams, topology.optimization=single.store.self.join).
 *
 * One store serves both sides. A record is joined as the left with those before it, then as the right, and with itself at
 * its place in time among the latter: the order in which two nodes with a store each would do it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/join_store.h"
#include "operators/operators.h"
#include "operators/window_clock.h"

static void open(weir_context *context)
{
    window_clock_open(context->self, -1);
}

static int64_t add_clamped(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return INT64_MAX;
    return sum < 0 ? 0 : sum;
}

static void send(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    const struct join_streams_args *args = context->node->args;
    struct weir_record out = {.key = left->key};
    out.timestamp_ms = left->timestamp_ms > right->timestamp_ms ? left->timestamp_ms : right->timestamp_ms;
    out.value = args->fn(context, left, right);
    context_forward(context, &out);
}

static bool fetch(weir_context *context, const struct weir_record *record, int64_t before_ms, int64_t after_ms,
                  struct join_rows *rows)
{
    return join_store_fetch(&context->stores[0], record->key, add_clamped(record->timestamp_ms, -before_ms),
                            add_clamped(record->timestamp_ms, after_ms), rows);
}

static bool goes_on(const weir_context *context)
{
    return context->execution->error.code == WEIR_OK;
}

static void join_as_left(weir_context *context, const struct weir_record *record)
{
    const struct join_streams_args *args = context->node->args;
    struct join_rows rows;
    if (!fetch(context, record, args->before_ms, args->after_ms, &rows))
        return;
    for (size_t i = 0; i < rows.count && goes_on(context); i++)
        send(context, record, &rows.items[i]);
}

static void join_as_right(weir_context *context, const struct weir_record *record, bool with_itself)
{
    const struct join_streams_args *args = context->node->args;
    struct join_rows rows;
    if (!fetch(context, record, args->after_ms, args->before_ms, &rows))
        return;
    for (size_t i = 0; i < rows.count && goes_on(context); i++) {
        if (with_itself && rows.items[i].timestamp_ms > record->timestamp_ms) {
            send(context, record, record);
            with_itself = false;
        }
        send(context, &rows.items[i], record);
    }
    if (with_itself && goes_on(context))
        send(context, record, record);
}

static void process(weir_context *context, const struct weir_record *record)
{
    struct window_clock *clock = context->self;
    if (!record->key || !record->value) {
        context_drop(context, record->key ? "null_value" : "null_key");
        return;
    }
    window_clock_observe(clock, context->execution, record->timestamp_ms);
    join_as_left(context, record);
    if (goes_on(context)) /* one millisecond stricter than the store, as Kafka Streams is */
        join_as_right(context, record,
                      record->timestamp_ms > clock->told_ms - context->stores[0].spec->retention_ms + 1);
}

const struct operator operator_join_self = {
    .kind = "MERGE", .self_size = sizeof(struct window_clock), .open = open, .process = process};

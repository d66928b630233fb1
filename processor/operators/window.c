/* window.c: one aggregate per key and tumbling window (KStreamWindowAggregate of Kafka Streams).
 *
 * A window takes records until its end lies at or before "now" less the grace period. Now is the greatest timestamp this
 * node has seen, but never more than the stream time of the task the record came from: behind a repartition topic
 * partitions may be read at different speeds, and none of them makes the records of another late.
 * For the same reason the store hears, behind a repartition topic, the smallest "now" of the last records only: its
 * windows must still be there when the slowest partition comes to them. A window that the store has let go is late.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

enum { SLOWEST_OF_RECORDS = 8192 }; /* at least so many are looked back upon, at most twice as many */

struct window_clock {
    int64_t observed_ms;                   /* greatest timestamp seen; -1: none */
    int64_t told_ms;                       /* what the store may know of time; -1: nothing */
    int64_t slowest_ms, slowest_before_ms; /* smallest now of this run of records, and of the one before */
    uint32_t run;                          /* records in this run */
};

static void open(weir_context *context)
{
    struct window_clock *clock = context->self;
    clock->observed_ms = -1;
    clock->told_ms = context->execution->stream_time_ms;
    clock->slowest_ms = clock->slowest_before_ms = INT64_MAX;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t observe(struct window_clock *clock, const struct execution *execution, int64_t timestamp_ms)
{
    if (timestamp_ms > clock->observed_ms)
        clock->observed_ms = timestamp_ms;
    return smaller(clock->observed_ms, execution->upstream_time_ms);
}

static int64_t slowest_of_late(struct window_clock *clock, int64_t now_ms)
{
    clock->slowest_ms = smaller(clock->slowest_ms, now_ms);
    int64_t slowest_ms = smaller(clock->slowest_ms, clock->slowest_before_ms);
    if (++clock->run == SLOWEST_OF_RECORDS) {
        clock->slowest_before_ms = clock->slowest_ms;
        clock->slowest_ms = INT64_MAX;
        clock->run = 0;
    }
    return slowest_ms;
}

static void tell_store(weir_context *context, int64_t now_ms)
{
    struct window_clock *clock = context->self;
    int64_t told_ms = context->execution->upstream_time_ms == INT64_MAX ? now_ms : slowest_of_late(clock, now_ms);
    if (told_ms <= clock->told_ms)
        return;
    clock->told_ms = told_ms;
    store_observe_time(context->stores[0].store, told_ms);
}

static int64_t add_clamped(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static bool is_late(const weir_context *context, int64_t start_ms, int64_t end_ms, int64_t now_ms)
{
    const struct fold_args *args = context->node->args;
    const struct window_clock *clock = context->self;
    const struct store_spec *spec = context->stores[0].spec;
    return end_ms <= now_ms - args->window.grace.ms || add_clamped(start_ms, spec->retention_ms) <= clock->told_ms;
}

static void fold_window(weir_context *context, struct weir_record *change)
{
    const struct fold_args *args = context->node->args;
    struct weir_store *store = &context->stores[0];
    const struct weir_record record = *change;
    int64_t start_ms = change->window.start_ms;
    int64_t stored_ms = -1;
    const void *old = typed_window_get(store, record.key, start_ms, &stored_ms);
    if (context->execution->error.code != WEIR_OK)
        return;
    change->value = args->step(context, &record, old);
    change->old_value = context->node->sends_old ? old : NULL;
    if (old && stored_ms > record.timestamp_ms)
        change->timestamp_ms = stored_ms;
    typed_window_put(store, record.key, start_ms, change->value, change->timestamp_ms);
    context_forward(context, change);
}

static void process(weir_context *context, const struct weir_record *record)
{
    const struct fold_args *args = context->node->args;
    if (!record->key) {
        context_drop(context, "null_key");
        return;
    }
    int64_t now_ms = observe(context->self, context->execution, record->timestamp_ms);
    struct weir_record change = *record;
    change.window.start_ms = record->timestamp_ms - record->timestamp_ms % args->window.size.ms;
    change.window.end_ms = add_clamped(change.window.start_ms, args->window.size.ms);
    tell_store(context, now_ms);
    if (is_late(context, change.window.start_ms, change.window.end_ms, now_ms))
        context_drop(context, "late");
    else if (!record->value && !args->takes_tombstones)
        context_drop(context, "null_value");
    else
        fold_window(context, &change);
}

const struct operator operator_window_aggregate = {
    .kind = "AGGREGATE", .self_size = sizeof(struct window_clock), .open = open, .process = process};
const struct operator operator_window_reduce = {
    .kind = "REDUCE", .self_size = sizeof(struct window_clock), .open = open, .process = process};

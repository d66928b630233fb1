/* window.c: one aggregate per key and tumbling window (KStreamWindowAggregate of Kafka Streams).
 *
 * A window takes records until its end lies at or before "now" less the grace period (window_clock.h). A window that the
 * store has let go is late.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"
#include "operators/window_clock.h"

static void open(weir_context *context)
{
    window_clock_open(context->self, context->execution->stream_time_ms);
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
    struct window_clock *clock = context->self;
    int64_t told_before_ms = clock->told_ms;
    int64_t now_ms = window_clock_observe(clock, context->execution, record->timestamp_ms);
    struct weir_record change = *record;
    change.window.start_ms = record->timestamp_ms - record->timestamp_ms % args->window.size.ms;
    change.window.end_ms = add_clamped(change.window.start_ms, args->window.size.ms);
    if (clock->told_ms > told_before_ms)
        store_observe_time(context->stores[0].store, clock->told_ms);
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

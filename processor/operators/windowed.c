/* windowed.c: see windowed.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/windowed.h"

void windowed_open(weir_context *context)
{
    struct windowed *self = context->self;
    window_clock_open(&self->clock, -1);
    self->told_ms = store_observed_time(context->stores[0].store);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t windowed_now(weir_context *context, const struct weir_record *record)
{
    struct windowed *self = context->self;
    return window_clock_observe(&self->clock, context->execution, record->timestamp_ms);
}

void windowed_tell_store(weir_context *context)
{
    struct windowed *self = context->self;
    struct store *store = context->stores[0].store;
    int64_t time_ms = smaller(store_written_time(store), self->clock.told_ms);
    if (time_ms <= self->told_ms)
        return;
    self->told_ms = time_ms;
    store_observe_time(store, time_ms);
}

bool windowed_is_gone(const weir_context *context, int64_t start_ms)
{
    const struct windowed *self = context->self;
    return clamped_add(start_ms, context->stores[0].spec->retention_ms) <= self->told_ms;
}

int64_t windowed_visible_from(const weir_context *context, int64_t now_ms)
{
    const struct weir_store *store = &context->stores[0];
    int64_t seen_ms = smaller(store_written_time(store->store), now_ms), from_ms;
    return __builtin_sub_overflow(seen_ms, store->spec->retention_ms, &from_ms) ? INT64_MIN : from_ms + 1;
}

/* A deletion is logged with the time of the record that caused it, whatever time the change has. */
static void write(weir_context *context, const struct weir_record *record, const struct weir_record *change)
{
    typed_window_put(&context->stores[0], change->key, change->window.start_ms, change->value,
                     change->value ? change->timestamp_ms : record->timestamp_ms);
    context_forward(context, change);
}

void windowed_fold(weir_context *context, const struct weir_record *record, struct window_row row)
{
    const struct fold_args *args = context->node->args;
    struct weir_record change = *record;
    const void *old = row.value;
    change.window.start_ms = row.start_ms;
    change.window.end_ms = row.end_ms;
    if (old && row.timestamp_ms > record->timestamp_ms)
        change.timestamp_ms = row.timestamp_ms;
    if (!old)
        old = args->first(context); /* Kafka Streams says that the first result replaces the initial value */
    change.value = args->step(context, record, old);
    change.old_value = context->node->sends_old ? old : NULL;
    write(context, record, &change);
}

void windowed_begin(weir_context *context, const struct weir_record *record, struct window_row row)
{
    struct weir_record change = *record;
    change.window.start_ms = row.start_ms;
    change.window.end_ms = row.end_ms;
    change.timestamp_ms = row.timestamp_ms;
    change.value = row.value;
    change.old_value = NULL;
    write(context, record, &change);
}

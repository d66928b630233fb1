/* windowed.c: see windowed.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/windowed.h"

#include "base/times.h"

void windowed_open(weir_context *context)
{
    struct windowed *self = context->self;
    window_clock_open(&self->clock, -1);
    self->told_ms = store_observed_time(context->stores[0].store);
    emitter_open(context, &self->emitter);
}

void windowed_close(weir_context *context)
{
    struct windowed *self = context->self;
    emitter_close(&self->emitter);
}

int64_t windowed_now(weir_context *context, const struct weir_record *record)
{
    struct windowed *self = context->self;
    return window_clock_observe(&self->clock, context->execution, record->timestamp_ms);
}

int64_t windowed_closed(const weir_context *context, int64_t now_ms, int64_t after_ms)
{
    int64_t closed_ms = now_ms - after_ms, emitted_ms = emitter_emitted(context);
    return closed_ms > emitted_ms ? closed_ms : emitted_ms;
}

void windowed_tell_store(weir_context *context)
{
    const struct fold_args *args = context->node->args;
    struct windowed *self = context->self;
    struct store *store = context->stores[0].store;
    int64_t time_ms = earlier(store_written_time(store), self->clock.told_ms);
    if (emitter_is_on(&self->emitter)) {
        int64_t emitted_ms = emitter_emitted(context);
        time_ms =
            emitted_ms == INT64_MIN ? INT64_MIN : earlier(time_ms, clamped_add(emitted_ms, args->window.grace.ms));
    }
    if (time_ms <= self->told_ms)
        return;
    self->told_ms = time_ms;
    store_observe_time(store, time_ms);
}

void windowed_end(weir_context *context, int64_t after_ms)
{
    struct windowed *self = context->self;
    if (emitter_is_on(&self->emitter) && self->clock.told_ms >= 0)
        emitter_emit(context, &self->emitter, self->clock.told_ms - after_ms);
    windowed_tell_store(context);
}

int64_t windowed_due(weir_context *context, int64_t after_ms)
{
    const struct windowed *self = context->self;
    int64_t due_ms = emitter_due(&self->emitter);
    return due_ms == INT64_MAX ? due_ms : clamped_add(due_ms, after_ms);
}

void windowed_advance(weir_context *context, int64_t after_ms)
{
    struct windowed *self = context->self;
    window_clock_observe(&self->clock, context->execution, context->execution->timestamp_ms);
    emitter_look_now(&self->emitter);
    windowed_end(context, after_ms);
}

static int64_t grace_ms(const weir_context *context)
{
    const struct fold_args *args = context->node->args;
    return args->window.grace.ms;
}

int64_t windowed_due_after_grace(weir_context *context)
{
    return windowed_due(context, grace_ms(context));
}

void windowed_advance_after_grace(weir_context *context)
{
    windowed_advance(context, grace_ms(context));
}

bool windowed_is_gone(const weir_context *context, int64_t start_ms)
{
    const struct windowed *self = context->self;
    return clamped_add(start_ms, context->stores[0].spec->retention_ms) <= self->told_ms;
}

/* Where windows are emitted on close, Kafka Streams' store shows a millisecond more of them
 * (AbstractDualSchemaRocksDBSegmentedBytesStore.getActualFrom). */
int64_t windowed_visible_from(const weir_context *context, int64_t now_ms)
{
    const struct windowed *self = context->self;
    const struct weir_store *store = &context->stores[0];
    int64_t seen_ms = earlier(store_written_time(store->store), now_ms), from_ms;
    if (__builtin_sub_overflow(seen_ms, store->spec->retention_ms, &from_ms))
        return INT64_MIN;
    return emitter_is_on(&self->emitter) && store->spec->kind == STORE_WINDOW ? from_ms : from_ms + 1;
}

/* A deletion is logged with the time of the record that caused it, whatever time the change has. */
static void write(weir_context *context, const struct weir_record *record, const struct weir_record *change,
                  bool is_new)
{
    struct windowed *self = context->self;
    typed_window_put(&context->stores[0], change->key, change->window.start_ms, change->value,
                     change->value ? change->timestamp_ms : record->timestamp_ms);
    if (!emitter_is_on(&self->emitter)) {
        windowed_tell_store(context);
        context_forward(context, change);
    } else if (is_new) {
        emitter_add(context, &self->emitter, change->key, change->window.start_ms, change->window.end_ms);
    }
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
    write(context, record, &change, row.is_new);
}

void windowed_begin(weir_context *context, const struct weir_record *record, struct window_row row)
{
    struct weir_record change = *record;
    change.window.start_ms = row.start_ms;
    change.window.end_ms = row.end_ms;
    change.timestamp_ms = row.timestamp_ms;
    change.value = row.value;
    change.old_value = NULL;
    write(context, record, &change, true);
}

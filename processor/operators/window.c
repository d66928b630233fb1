/* window.c: one aggregate per key and window: tumbling, hopping, unlimited (KStreamWindowAggregate of Kafka Streams).
 *
 * A record changes every window it falls into, in the order of their starts; windows whose end lies at or before "now"
 * less the grace period take no more records, each of them is a late one.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/windowed.h"

static int64_t advance_ms(const struct weir_window *window)
{
    return window->advance.ms > 0 ? window->advance.ms : window->size.ms;
}

/* The first window with the time in it; none begins before the epoch (TimeWindows.windowsFor). */
static int64_t first_start(const struct weir_window *window, int64_t time_ms)
{
    int64_t advance = advance_ms(window), least_ms = time_ms - window->size.ms + advance;
    return least_ms > 0 ? least_ms / advance * advance : 0;
}

static void fold_window(weir_context *context, const struct weir_record *record, int64_t start_ms, int64_t end_ms)
{
    struct window_row row = {.start_ms = start_ms, .end_ms = end_ms};
    row.value = typed_window_get(&context->stores[0], record->key, start_ms, &row.timestamp_ms);
    row.is_new = row.value == NULL;
    if (context->execution->error.code == WEIR_OK)
        windowed_fold(context, record, row);
}

static void take_unlimited(weir_context *context, const struct weir_record *record, int64_t start_ms)
{
    if (record->timestamp_ms < start_ms)
        context_drop(context, "early");
    else
        fold_window(context, record, start_ms, INT64_MAX);
}

static void take(weir_context *context, const struct weir_record *record, const struct weir_window *window)
{
    int64_t closed_ms = windowed_closed(context, windowed_now(context, record), window->grace.ms);
    int64_t start_ms = first_start(window, record->timestamp_ms);
    do {
        int64_t end_ms = clamped_add(start_ms, window->size.ms);
        if (end_ms <= closed_ms || windowed_is_gone(context, start_ms))
            context_drop(context, "late");
        else
            fold_window(context, record, start_ms, end_ms);
    } while (!__builtin_add_overflow(start_ms, advance_ms(window), &start_ms) && start_ms <= record->timestamp_ms);
}

static void process(weir_context *context, const struct weir_record *record)
{
    const struct fold_args *args = context->node->args;
    if (!record->key) {
        context_drop(context, "null_key");
        return;
    }
    if (args->window.unlimited)
        take_unlimited(context, record, args->window.start_ms);
    else
        take(context, record, &args->window);
    windowed_end(context, args->window.grace.ms);
}

const struct operator operator_window_aggregate = {.kind = "AGGREGATE",
                                                   .self_size = sizeof(struct windowed),
                                                   .open = windowed_open,
                                                   .process = process,
                                                   .close = windowed_close,
                                                   .due = windowed_due_after_grace,
                                                   .advance = windowed_advance_after_grace};
const struct operator operator_window_reduce = {.kind = "REDUCE",
                                                .self_size = sizeof(struct windowed),
                                                .open = windowed_open,
                                                .process = process,
                                                .close = windowed_close,
                                                .due = windowed_due_after_grace,
                                                .advance = windowed_advance_after_grace};

/* sliding.c: one aggregate per key and sliding window (KStreamSlidingWindowAggregate of Kafka Streams, KIP-450).
 *
 * Of all windows of one length those are kept that differ in their records: each record has a left window, which ends
 * with it, and a right one, which begins a millisecond behind it, as far as there is something in it. A record changes
 * the windows around it and begins those that it is the first to need. A window's timestamp is that of its last record,
 * so the window before tells where the record before was.
 * Records before the first full length share the window [0, length].
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/windowed.h"

enum { NOWHERE = -1 };

struct sliding {
    weir_context *context;
    const struct weir_record *record;
    int64_t length_ms, close_ms;
    struct window_row *rows; /* of the key around the record, as they are in the store before it */
    size_t count, capacity;
    const struct window_row *left, *right; /* what the record's left and right window would begin with */
    bool has_left, has_right;              /* they are there already */
    int64_t previous_ms;                   /* time of the record before; NOWHERE: none that matters */
};

static void append(struct sliding *sliding, struct window_row row)
{
    if (sliding->count == sliding->capacity) {
        size_t capacity = sliding->capacity ? sliding->capacity * 2 : 16;
        struct window_row *rows = arena_alloc_raw(sliding->context->execution->arena, capacity * sizeof *rows);
        for (size_t i = 0; i < sliding->count; i++)
            rows[i] = sliding->rows[i];
        sliding->rows = rows;
        sliding->capacity = capacity;
    }
    sliding->rows[sliding->count++] = row;
}

/* Behind it there is nothing that the record needs. */
static bool is_last(const struct sliding *sliding, const struct window_row *row)
{
    int64_t time_ms = sliding->record->timestamp_ms;
    return row->end_ms < time_ms || (row->end_ms == time_ms && row->timestamp_ms >= time_ms);
}

static void gather(struct sliding *sliding, int64_t from_ms, bool descending)
{
    struct typed_windows windows;
    struct window_row row;
    weir_context *context = sliding->context;
    typed_windows_open(&windows, &context->stores[0], sliding->record->key, from_ms,
                       clamped_add(sliding->record->timestamp_ms, 1), descending);
    while (typed_windows_next(&windows, &row)) {
        append(sliding, row);
        if (descending && is_last(sliding, &row))
            break;
    }
    typed_windows_close(&windows);
}

static bool is_there(const struct sliding *sliding, int64_t start_ms)
{
    for (size_t i = 0; i < sliding->count; i++)
        if (sliding->rows[i].start_ms == start_ms)
            return true;
    return false;
}

static void fold(const struct sliding *sliding, struct window_row row)
{
    if (row.end_ms < sliding->close_ms)
        context_drop(sliding->context, "late");
    else
        windowed_fold(sliding->context, sliding->record, row);
}

static void begin_empty(const struct sliding *sliding, int64_t start_ms)
{
    fold(sliding, (struct window_row){
                      .start_ms = start_ms, .end_ms = clamped_add(start_ms, sliding->length_ms), .is_new = true});
}

static void begin_right(const struct sliding *sliding)
{
    if (sliding->has_right || !sliding->right || sliding->right->timestamp_ms <= sliding->record->timestamp_ms)
        return;
    struct window_row row = *sliding->right;
    row.start_ms = clamped_add(sliding->record->timestamp_ms, 1);
    row.end_ms = clamped_add(row.start_ms, sliding->length_ms);
    windowed_begin(sliding->context, sliding->record, row);
}

/* ---- records with a full length before them ---- */

static void begin_left(const struct sliding *sliding)
{
    int64_t time_ms = sliding->record->timestamp_ms;
    struct window_row row = {.start_ms = time_ms - sliding->length_ms, .end_ms = time_ms, .is_new = true};
    if (sliding->previous_ms != NOWHERE && row.start_ms <= sliding->previous_ms) {
        row.value = sliding->left->value;
        row.timestamp_ms = time_ms;
    }
    fold(sliding, row);
}

/* The right window of the record before, if this record is the first in it. */
static void begin_right_of_previous(const struct sliding *sliding)
{
    int64_t start_ms = sliding->previous_ms + 1;
    if (sliding->previous_ms != NOWHERE && !is_there(sliding, start_ms) &&
        clamped_add(start_ms, sliding->length_ms) >= sliding->record->timestamp_ms)
        begin_empty(sliding, start_ms);
}

/* False: the left window holds a record of that very time, so every window that this one needs is there. */
static bool change_around(struct sliding *sliding)
{
    int64_t time_ms = sliding->record->timestamp_ms;
    for (size_t i = 0; i < sliding->count; i++) {
        const struct window_row *row = &sliding->rows[i];
        if (row->start_ms > time_ms) {
            sliding->has_right = true;
        } else if (row->end_ms < time_ms) {
            sliding->left = row;
            sliding->previous_ms = row->timestamp_ms;
        } else {
            if (row->end_ms > time_ms && !sliding->right)
                sliding->right = row;
            fold(sliding, *row);
            if (row->end_ms > time_ms)
                continue;
            if (row->timestamp_ms >= time_ms)
                return false;
            sliding->has_left = true;
            sliding->previous_ms = row->timestamp_ms;
        }
    }
    return true;
}

static void take(struct sliding *sliding, int64_t visible_from_ms)
{
    int64_t least_ms = sliding->record->timestamp_ms - 2 * sliding->length_ms;
    int64_t from_ms = least_ms > 0 ? least_ms : 0;
    gather(sliding, from_ms > visible_from_ms ? from_ms : visible_from_ms, true);
    if (!change_around(sliding))
        return;
    begin_right_of_previous(sliding);
    if (!sliding->has_left)
        begin_left(sliding);
    begin_right(sliding);
}

/* ---- earlier ones ---- */

static const struct window_row *change_early(struct sliding *sliding)
{
    int64_t time_ms = sliding->record->timestamp_ms;
    const struct window_row *combined = NULL;
    for (size_t i = 0; i < sliding->count; i++) {
        const struct window_row *row = &sliding->rows[i];
        if (row->start_ms == 0) {
            combined = row;
        } else if (row->start_ms <= time_ms) {
            sliding->right = row;
            fold(sliding, *row);
        } else {
            sliding->has_right = true;
        }
    }
    return combined;
}

static void take_early(struct sliding *sliding, int64_t visible_from_ms)
{
    int64_t time_ms = sliding->record->timestamp_ms;
    gather(sliding, visible_from_ms > 0 ? visible_from_ms : 0, false);
    const struct window_row *combined = change_early(sliding);
    if (combined && combined->timestamp_ms < time_ms)
        sliding->previous_ms = combined->timestamp_ms;
    if (!sliding->right && combined && combined->timestamp_ms > time_ms)
        sliding->right = combined;
    begin_right(sliding);
    if (sliding->previous_ms != NOWHERE && !is_there(sliding, sliding->previous_ms + 1))
        begin_empty(sliding, sliding->previous_ms + 1);
    if (combined)
        fold(sliding, *combined);
    else
        begin_empty(sliding, 0);
}

/* ---- the operator ---- */

static void slide(weir_context *context, const struct weir_record *record)
{
    const struct fold_args *args = context->node->args;
    int64_t now_ms = windowed_now(context, record);
    struct sliding sliding = {.context = context,
                              .record = record,
                              .length_ms = args->window.difference.ms,
                              .close_ms = windowed_closed(context, now_ms, args->window.grace.ms),
                              .previous_ms = NOWHERE};
    int64_t visible_ms = windowed_visible_from(context, now_ms);
    if (clamped_add(record->timestamp_ms, sliding.length_ms) < sliding.close_ms) {
        context_drop(context, "late"); /* and closes no window, as there */
        return;
    }
    if (record->timestamp_ms < sliding.length_ms) {
        take_early(&sliding, visible_ms);
        windowed_tell_store(context); /* it closes none, either: not those that a failure in front of it has left */
        return;
    }
    take(&sliding, visible_ms);
    windowed_end(context, args->window.grace.ms);
}

static void process(weir_context *context, const struct weir_record *record)
{
    if (record->key && record->value)
        slide(context, record);
    else
        context_drop(context, record->key ? "null_value" : "null_key");
}

const struct operator operator_sliding_aggregate = {.kind = "AGGREGATE",
                                                    .self_size = sizeof(struct windowed),
                                                    .open = windowed_open,
                                                    .process = process,
                                                    .close = windowed_close,
                                                    .due = windowed_due_after_grace,
                                                    .advance = windowed_advance_after_grace};
const struct operator operator_sliding_reduce = {.kind = "REDUCE",
                                                 .self_size = sizeof(struct windowed),
                                                 .open = windowed_open,
                                                 .process = process,
                                                 .close = windowed_close,
                                                 .due = windowed_due_after_grace,
                                                 .advance = windowed_advance_after_grace};

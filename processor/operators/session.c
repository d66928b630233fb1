/* session.c: one aggregate per key and session (KStreamSessionWindowAggregate of Kafka Streams).
 *
 * A record joins every session that it lies in or no further from than the gap; they become one, and those that were
 * there leave as deletions. A result's timestamp is the end of its session, and it carries no headers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/windowed.h"

struct sessions { /* those a record joins, and what becomes of them */
    struct window_row *rows;
    size_t count, capacity;
    struct window_row merged;
};

static void append(weir_arena *arena, struct sessions *sessions, struct window_row row)
{
    if (sessions->count == sessions->capacity) {
        size_t capacity = sessions->capacity ? sessions->capacity * 2 : 4;
        struct window_row *rows = arena_alloc_raw(arena, capacity * sizeof *rows);
        for (size_t i = 0; i < sessions->count; i++)
            rows[i] = sessions->rows[i];
        sessions->rows = rows;
        sessions->capacity = capacity;
    }
    sessions->rows[sessions->count++] = row;
}

static void merge(weir_context *context, const struct weir_record *record, struct sessions *sessions,
                  struct window_row row)
{
    const struct fold_args *args = context->node->args;
    struct window_row *merged = &sessions->merged;
    append(context->execution->arena, sessions, row);
    merged->value = args->merge(context, record, merged->value, row.value);
    if (row.start_ms < merged->start_ms)
        merged->start_ms = row.start_ms;
    if (row.end_ms > merged->end_ms)
        merged->end_ms = row.end_ms;
}

static void find(weir_context *context, const struct weir_record *record, int64_t now_ms, struct sessions *sessions)
{
    const struct fold_args *args = context->node->args;
    int64_t gap_ms = args->window.gap.ms, visible_ms = windowed_visible_from(context, now_ms);
    int64_t from_ms = record->timestamp_ms - gap_ms;
    struct typed_windows windows;
    struct window_row row;
    sessions->merged = (struct window_row){
        .start_ms = record->timestamp_ms, .end_ms = record->timestamp_ms, .value = args->first(context)};
    typed_windows_open(&windows, &context->stores[0], record->key, from_ms > visible_ms ? from_ms : visible_ms,
                       clamped_add(record->timestamp_ms, gap_ms), false);
    while (typed_windows_next(&windows, &row))
        merge(context, record, sessions, row);
    typed_windows_close(&windows);
}

/* What Kafka Streams forwards here is a new record, so the headers of the input go no further. */
static void forward(weir_context *context, const struct weir_record *record, const struct window_row *session,
                    const void *value, const void *old_value)
{
    struct execution *execution = context->execution;
    const struct windowed *self = context->self;
    if (emitter_is_on(&self->emitter))
        return;
    const struct weir_headers inherited = execution->headers;
    struct weir_record change = *record;
    change.window.start_ms = session->start_ms;
    change.window.end_ms = session->end_ms;
    change.timestamp_ms = session->end_ms;
    change.value = value;
    change.old_value = context->node->sends_old ? old_value : NULL;
    execution->headers = (struct weir_headers){0};
    context_forward(context, &change);
    execution->headers = inherited;
}

static void remove_merged(weir_context *context, const struct weir_record *record, const struct sessions *sessions)
{
    struct windowed *self = context->self;
    for (size_t i = 0; i < sessions->count; i++) {
        const struct window_row *row = &sessions->rows[i];
        typed_session_put(&context->stores[0], record->key, row->start_ms, row->end_ms, NULL, record->timestamp_ms);
        if (emitter_is_on(&self->emitter))
            emitter_remove(context, &self->emitter, record->key, row->start_ms, row->end_ms);
        forward(context, record, row, NULL, row->value);
    }
}

static void join(weir_context *context, const struct weir_record *record, struct sessions *sessions)
{
    const struct fold_args *args = context->node->args;
    const struct window_row *merged = &sessions->merged;
    if (merged->start_ms != merged->end_ms)
        remove_merged(context, record, sessions);
    struct windowed *self = context->self;
    const void *value = args->step(context, record, merged->value);
    typed_session_put(&context->stores[0], record->key, merged->start_ms, merged->end_ms, value, record->timestamp_ms);
    if (emitter_is_on(&self->emitter))
        emitter_add(context, &self->emitter, record->key, merged->start_ms, merged->end_ms);
    windowed_tell_store(context);
    forward(context, record, merged, value, NULL);
}

static int64_t closes_after_ms(const weir_context *context)
{
    const struct fold_args *args = context->node->args;
    return args->window.grace.ms + args->window.gap.ms;
}

static void process(weir_context *context, const struct weir_record *record)
{
    struct sessions sessions = {0};
    if (!record->key) {
        context_drop(context, "null_key");
        return;
    }
    int64_t now_ms = windowed_now(context, record);
    find(context, record, now_ms, &sessions);
    if (context->execution->error.code != WEIR_OK)
        return;
    int64_t after_ms = closes_after_ms(context);
    if (sessions.merged.end_ms < windowed_closed(context, now_ms, after_ms))
        context_drop(context, "late");
    else
        join(context, record, &sessions);
    windowed_end(context, after_ms);
}

static int64_t due(weir_context *context)
{
    return windowed_due(context, closes_after_ms(context));
}

static void advance(weir_context *context)
{
    windowed_advance(context, closes_after_ms(context));
}

const struct operator operator_session_aggregate = {.kind = "AGGREGATE",
                                                    .self_size = sizeof(struct windowed),
                                                    .open = windowed_open,
                                                    .process = process,
                                                    .close = windowed_close,
                                                    .due = due,
                                                    .advance = advance};
const struct operator operator_session_reduce = {.kind = "REDUCE",
                                                 .self_size = sizeof(struct windowed),
                                                 .open = windowed_open,
                                                 .process = process,
                                                 .close = windowed_close,
                                                 .due = due,
                                                 .advance = advance};

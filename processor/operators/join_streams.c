/* join_streams.c: facts of two streams that lie close in time (KStreamKStreamJoin of Kafka Streams).
 *
 * Either side keeps its records for as long as the window and the grace period last (join_window, a node in front). A
 * record meets those of the other side that came before it; so every pair is joined once. What a left or outer join has
 * found nobody for waits in a store of its own until its window is over (KIP-633, KAFKA-10847), or leaves at once when it
 * is over already. Both sides share one clock: what one sees closes windows of the other.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/join_store.h"
#include "operators/operators.h"
#include "operators/typed_store.h"
#include "operators/unmatched.h"
#include "operators/window_clock.h"

/* ---- join_window: keeps a side's records ---- */

struct join_window {
    struct window_clock clock;
    uint32_t sequence;
};

static void open_window(weir_context *context)
{
    struct join_window *window = context->self;
    window_clock_open(&window->clock, -1);
    window->sequence = join_store_sequence(store_position(context->stores[0].store));
}

static bool is_too_late(const weir_context *context, int64_t timestamp_ms)
{
    const struct join_window *window = context->self;
    return timestamp_ms <= window->clock.told_ms - context->stores[0].spec->retention_ms;
}

/* The other side is met first, so that a record of a self-join does not meet itself. */
static void process_window(weir_context *context, const struct weir_record *record)
{
    struct join_window *window = context->self;
    context_forward(context, record);
    if (!record->key || !record->value || context->execution->error.code != WEIR_OK)
        return;
    window_clock_observe(&window->clock, context->execution, record->timestamp_ms);
    store_observe_time(context->stores[0].store, window->clock.told_ms);
    if (is_too_late(context, record->timestamp_ms)) {
        context_drop(context, "late");
        return;
    }
    window->sequence = (window->sequence + 1) & JOIN_STORE_SEQUENCE_MAX;
    join_store_put(&context->stores[0], record, window->sequence);
}

/* What is over cannot be met any more. */
static void advance_window(weir_context *context)
{
    struct join_window *window = context->self;
    window_clock_observe(&window->clock, context->execution, context->execution->timestamp_ms);
    store_observe_time(context->stores[0].store, window->clock.told_ms);
}

/* ---- one side of the join ---- */

enum { OTHER_SIDE, UNMATCHED }; /* the node's stores; the second of left and outer joins only */

struct join_time {
    struct window_clock clock;
    int64_t waiting_since_ms; /* no unmatched record is older, as far as is known (TimeTracker.minTime) */
    int64_t next_look_ms;     /* by the wall clock */
};

static void open_side(weir_context *context)
{
    struct join_time *time = context->self;
    window_clock_open(&time->clock, -1);
    time->waiting_since_ms = INT64_MAX;
}

static int64_t add_clamped(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return INT64_MAX;
    return sum < 0 ? 0 : sum;
}

/* How long after a record of a side one of the other may come: the window reaches from `before` the left to `after` it. */
static int64_t reach_ms(const struct join_streams_args *args, bool of_left)
{
    return of_left ? args->after_ms : args->before_ms;
}

static void send(weir_context *context, const struct weir_record *mine, const struct weir_record *other,
                 int64_t timestamp_ms)
{
    const struct join_streams_args *args = context->node->args;
    const struct weir_record *any = mine ? mine : other;
    struct weir_record out = {.key = any->key, .timestamp_ms = timestamp_ms};
    out.value = args->is_left ? args->fn(context, mine, other) : args->fn(context, other, mine);
    context_forward(context, &out);
}

static void send_unmatched(weir_context *context, const struct unmatched_row *row)
{
    const struct join_streams_args *args = context->node->args;
    struct weir_store *store = &context->stores[UNMATCHED];
    weir_arena *arena = context->execution->arena;
    const struct weir_type *key_type = context->node->key_type;
    const struct weir_type *value_type = row->is_left ? args->left_type : args->right_type;
    const void *key = typed_read(store, key_type, row->key, arena);
    weir_bytes bytes;
    for (size_t at = 0; key && unmatched_value(row, &at, &bytes) && context->execution->error.code == WEIR_OK;) {
        const struct weir_record alone = {.key = key,
                                          .value = typed_read(store, value_type, bytes, arena),
                                          .timestamp_ms = row->timestamp_ms,
                                          .key_type = key_type,
                                          .value_type = value_type};
        if (!alone.value)
            return;
        if (row->is_left == args->is_left)
            send(context, &alone, NULL, row->timestamp_ms);
        else
            send(context, NULL, &alone, row->timestamp_ms);
    }
}

/* Only now and then: looking costs a walk (EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, by the wall clock).
 * The sum may overflow when nothing is known to wait; then it is looked, as in Kafka Streams. */
static bool is_time_to_look(weir_context *context)
{
    const struct join_streams_args *args = context->node->args;
    struct execution *execution = context->execution;
    struct join_time *time = context->self;
    uint64_t over =
        (uint64_t)time->waiting_since_ms + (uint64_t)reach_ms(args, args->is_left) + (uint64_t)args->grace_ms;
    if ((int64_t)over >= time->clock.told_ms)
        return false;
    int64_t now_ms = execution->calls->system_time(execution->engine);
    if (now_ms < time->next_look_ms)
        return false;
    time->next_look_ms = now_ms + execution->emit_interval_ms;
    return true;
}

static struct unmatched_walk walk_at(const struct join_streams_args *args, int64_t stream_time_ms)
{
    return (struct unmatched_walk){.stream_time_ms = stream_time_ms,
                                   .left_lasts_ms = args->after_ms + args->grace_ms,
                                   .right_lasts_ms = args->before_ms + args->grace_ms,
                                   .is_left_only = args->kind == WEIR_LEFT,
                                   .reached_ms = INT64_MAX};
}

/* A row is deleted before it is sent: one whose callback fails must not make the next records fail too. */
static void send_what_is_over(weir_context *context, int64_t now_ms)
{
    struct join_time *time = context->self;
    struct weir_store *store = &context->stores[UNMATCHED];
    struct unmatched_walk walk = walk_at(context->node->args, time->clock.told_ms);
    struct unmatched_row rows[UNMATCHED_ROWS_MAX];
    for (size_t count; (count = unmatched_next(store, &walk, rows)) > 0;)
        for (size_t i = 0; i < count && context->execution->error.code == WEIR_OK; i++) {
            unmatched_delete(store, &rows[i], now_ms);
            send_unmatched(context, &rows[i]);
        }
    time->waiting_since_ms = walk.reached_ms;
}

static void wait_for_the_other(weir_context *context, const struct weir_record *record, int64_t until_ms)
{
    const struct join_streams_args *args = context->node->args;
    struct join_time *time = context->self;
    if (until_ms < time->clock.told_ms) {
        send(context, record, NULL, record->timestamp_ms);
        return;
    }
    if (record->timestamp_ms < time->waiting_since_ms)
        time->waiting_since_ms = record->timestamp_ms;
    unmatched_add(&context->stores[UNMATCHED], record, args->is_left);
}

static void meet(weir_context *context, const struct weir_record *record, bool is_outer)
{
    const struct join_streams_args *args = context->node->args;
    bool is_awaited = context->node->store_count > UNMATCHED;
    int64_t from_ms = add_clamped(record->timestamp_ms, -reach_ms(args, !args->is_left));
    int64_t to_ms = add_clamped(record->timestamp_ms, reach_ms(args, args->is_left));
    struct join_rows rows;
    if (!join_store_fetch(&context->stores[OTHER_SIDE], record->key, from_ms, to_ms, &rows))
        return;
    for (size_t i = 0; i < rows.count && context->execution->error.code == WEIR_OK; i++) {
        struct weir_record *other = &rows.items[i];
        if (is_awaited)
            unmatched_forget(&context->stores[UNMATCHED], other, !args->is_left, record->timestamp_ms);
        send(context, record, other,
             other->timestamp_ms > record->timestamp_ms ? other->timestamp_ms : record->timestamp_ms);
    }
    if (rows.count == 0 && is_outer)
        wait_for_the_other(context, record, to_ms);
}

static void process_side(weir_context *context, const struct weir_record *record)
{
    const struct join_streams_args *args = context->node->args;
    struct join_time *time = context->self;
    bool is_outer = args->kind == WEIR_OUTER || (args->kind == WEIR_LEFT && args->is_left);
    window_clock_observe(&time->clock, context->execution, record->timestamp_ms);
    if (!record->value || (!record->key && !is_outer)) {
        context_drop(context, record->key ? "null_value" : "null_key");
        return;
    }
    if (!record->key) { /* KIP-962 */
        send(context, record, NULL, record->timestamp_ms);
        return;
    }
    bool is_newest = record->timestamp_ms >= time->clock.told_ms;
    if (is_newest && context->node->store_count > UNMATCHED && is_time_to_look(context))
        send_what_is_over(context, record->timestamp_ms);
    if (context->execution->error.code == WEIR_OK)
        meet(context, record, is_outer);
}

/* The side of the left stream does it for both: what waits is in one store. */
static bool lets_go(const weir_context *context)
{
    const struct join_streams_args *args = context->node->args;
    return args->is_left && context->node->store_count > UNMATCHED;
}

static int64_t side_due(weir_context *context)
{
    const struct unmatched_walk walk = walk_at(context->node->args, 0);
    return lets_go(context) ? unmatched_due(&context->stores[UNMATCHED], &walk) : INT64_MAX;
}

static void advance_side(weir_context *context)
{
    struct join_time *time = context->self;
    window_clock_observe(&time->clock, context->execution, context->execution->timestamp_ms);
    if (lets_go(context))
        send_what_is_over(context, context->execution->timestamp_ms);
}

const struct operator operator_join_window = {.kind = "WINDOWED",
                                              .self_size = sizeof(struct join_window),
                                              .open = open_window,
                                              .process = process_window,
                                              .advance = advance_window};
const struct operator operator_join_streams = {.kind = "JOIN",
                                               .self_size = sizeof(struct join_time),
                                               .open = open_side,
                                               .process = process_side,
                                               .due = side_due,
                                               .advance = advance_side};

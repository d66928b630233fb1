/* join_tables.c: one table of two, one node per side (KTableKTable…Join of Kafka Streams).
 *
 * A change of one side is joined with the other side's row, and so is what it replaced; a result that is no more leaves
 * as a tombstone. The result is as young as the younger of its sides.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

struct sides {
    const struct weir_record *mine, *other; /* NULL: missing */
    bool is_left;                           /* mine is the left side */
};

static bool has_result(enum weir_join_kind kind, const struct sides *sides)
{
    const struct weir_record *left = sides->is_left ? sides->mine : sides->other;
    switch (kind) {
    case WEIR_INNER:
        return sides->mine && sides->other;
    case WEIR_LEFT:
        return left != NULL;
    case WEIR_OUTER:
        break;
    }
    return sides->mine || sides->other;
}

static const void *join(weir_context *context, const struct table_join_args *args, const struct weir_record *change,
                        const void *value, struct sides sides)
{
    struct weir_record mine = *change;
    mine.value = value;
    mine.old_value = NULL;
    sides.mine = value ? &mine : NULL;
    if (!has_result(args->kind, &sides))
        return NULL;
    return sides.is_left ? args->fn(context, sides.mine, sides.other) : args->fn(context, sides.other, sides.mine);
}

/* Without the other side: nothing there, or nothing that was, is no change of the result. */
static bool is_in_vain(enum weir_join_kind kind, const struct weir_record *change, const struct sides *sides)
{
    if (sides->other)
        return false;
    bool needs_other = kind == WEIR_INNER || (kind == WEIR_LEFT && !sides->is_left);
    return needs_other || (!change->value && !change->old_value);
}

static void process(weir_context *context, const struct weir_record *change, bool is_left)
{
    const struct table_join_args *args = context->node->args;
    struct weir_record row, out = *change;
    if (table_drops_out_of_order(context, args->is_versioned, change))
        return;
    bool has_row = table_view_get(context, args->other, change, &row);
    const struct sides sides = {.other = has_row ? &row : NULL, .is_left = is_left};
    if (context->execution->error.code != WEIR_OK || is_in_vain(args->kind, change, &sides))
        return;
    out.value = join(context, args, change, change->value, sides);
    out.old_value = context->node->sends_old ? join(context, args, change, change->old_value, sides) : NULL;
    if (has_row && row.timestamp_ms > out.timestamp_ms)
        out.timestamp_ms = row.timestamp_ms;
    context_forward(context, &out);
}

static void process_this(weir_context *context, const struct weir_record *change)
{
    process(context, change, true);
}

static void process_other(weir_context *context, const struct weir_record *change)
{
    process(context, change, false);
}

const struct operator operator_join_this = {.kind = "JOINTHIS", .process = process_this};
const struct operator operator_join_other = {.kind = "JOINOTHER", .process = process_other};

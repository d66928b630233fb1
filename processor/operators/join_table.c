/* join_table.c: a fact with the table's row at this moment (KStreamKTableJoin of Kafka Streams).
 *
 * Only the stream drives it; the result keeps the fact's timestamp. A fact without a value says nothing and is dropped;
 * one without a key has no row, which a left join may pass on (KIP-962).
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void join(weir_context *context, const struct weir_record *record, bool is_left)
{
    const struct stream_join_args *args = context->node->args;
    struct weir_record row, out = *record;
    if (!record->value || (!record->key && !is_left)) {
        context_drop(context, record->key ? "null_value" : "null_key");
        return;
    }
    bool has_row = record->key && table_view_get(context, args->table, record, &row);
    if (context->execution->error.code != WEIR_OK || (!has_row && !is_left))
        return;
    out.value = args->fn(context, record, has_row ? &row : NULL);
    out.old_value = NULL;
    context_forward(context, &out);
}

static void process_inner(weir_context *context, const struct weir_record *record)
{
    join(context, record, false);
}

static void process_left(weir_context *context, const struct weir_record *record)
{
    join(context, record, true);
}

const struct operator operator_join_table = {.kind = "JOIN", .process = process_inner};
const struct operator operator_left_join_table = {.kind = "LEFTJOIN", .process = process_left};

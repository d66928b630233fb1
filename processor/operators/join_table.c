/* join_table.c: a fact with the table's row (KStreamKTableJoinProcessor of Kafka Streams): of this moment, or of the
 * fact's own time where the table is versioned.
 *
 * Only the stream drives it; the result keeps the fact's timestamp. A fact without a value says nothing and is dropped;
 * one without a key has no row, which a left join may pass on (KIP-962).
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

bool join_table_takes(weir_context *context, const struct weir_record *record)
{
    const struct stream_join_args *args = context->node->args;
    if (record->value && (record->key || args->is_left))
        return true;
    context_drop(context, record->key ? "null_value" : "null_key");
    return false;
}

void join_table_record(weir_context *context, const struct weir_record *record)
{
    const struct stream_join_args *args = context->node->args;
    int64_t as_of_ms = args->is_versioned ? record->timestamp_ms : WEIR_VERSION_OPEN;
    struct weir_record row, out = *record;
    bool has_row = record->key && table_view_get_as_of(context, args->table, record, as_of_ms, &row);
    if (context->execution->error.code != WEIR_OK || (!has_row && !args->is_left))
        return;
    out.value = args->fn(context, record, has_row ? &row : NULL);
    out.old_value = NULL;
    context_forward(context, &out);
}

static void process(weir_context *context, const struct weir_record *record)
{
    if (join_table_takes(context, record))
        join_table_record(context, record);
}

const struct operator operator_join_table = {.kind = "JOIN", .process = process};
const struct operator operator_left_join_table = {.kind = "LEFTJOIN", .process = process};

/* join_global.c: a fact with a row of a global table at this moment (KStreamGlobalKTableJoin of Kafka Streams).
 *
 * The author says which row; a fact that names none is dropped, or passed on by a left join. A fact without a value says
 * nothing and is dropped.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *record)
{
    const struct global_join_args *args = context->node->args;
    struct weir_record row, at = *record, out = *record;
    if (!record->value) {
        context_drop(context, "null_value");
        return;
    }
    at.key = args->key(context, record);
    if (!at.key && !args->is_left) {
        context_drop(context, "null_key");
        return;
    }
    bool has_row =
        at.key && context->execution->error.code == WEIR_OK && table_view_get(context, args->table, &at, &row);
    if (context->execution->error.code != WEIR_OK || (!has_row && !args->is_left))
        return;
    out.value = args->fn(context, record, has_row ? &row : NULL);
    out.old_value = NULL;
    context_forward(context, &out);
}

/* Kafka Streams names inner joins so, too. */
const struct operator operator_join_global = {.kind = "LEFTJOIN", .process = process};

/* map_table.c: a new value for each row of a table (KTableMapValues of Kafka Streams); deletions stay deletions.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static const void *mapped(weir_context *context, const struct weir_record *change, const void *value)
{
    const struct table_step_args *args = context->node->args;
    struct weir_record row = *change;
    row.value = value;
    row.old_value = NULL;
    return value ? args->step.map(context, &row) : NULL;
}

static const void *replaced(weir_context *context, const struct weir_record *change)
{
    if (!context->node->sends_old)
        return NULL;
    return context->node->store_count > 0 ? table_kept(context, change) : mapped(context, change, change->old_value);
}

static void process(weir_context *context, const struct weir_record *change)
{
    struct weir_record out = *change;
    out.value = mapped(context, change, change->value);
    out.old_value = replaced(context, change);
    if (context->execution->error.code != WEIR_OK)
        return;
    if (context->node->store_count == 0 || table_keep(context, &out))
        context_forward(context, &out);
}

const struct operator operator_map_table = {.kind = "MAPVALUES", .process = process};

/* transform_table.c: a new value for each row of a table by a mapper that may keep stores of its own, and that sees
 * deletions, too (KTableTransformValues of Kafka Streams).
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static const void *transformed(weir_context *context, const struct weir_record *change, const void *value)
{
    const struct weir_transform_args *args = context->node->args;
    struct weir_record row = *change;
    row.value = value;
    row.old_value = NULL;
    return args->map(context, &row);
}

static const void *replaced(weir_context *context, const struct weir_record *change)
{
    const struct weir_transform_args *args = context->node->args;
    if (!context->node->sends_old)
        return NULL;
    return args->store ? table_kept(context, change) : transformed(context, change, change->old_value);
}

static void process(weir_context *context, const struct weir_record *change)
{
    const struct weir_transform_args *args = context->node->args;
    struct weir_record out = *change;
    out.value = transformed(context, change, change->value);
    out.old_value = replaced(context, change);
    if (context->execution->error.code != WEIR_OK)
        return;
    if (!args->store || table_keep(context, &out))
        context_forward(context, &out);
}

const struct operator operator_transform_table = {.kind = "TRANSFORMVALUES", .process = process};

/* filter_table.c: the rows of a table for which the test is true (KTableFilter of Kafka Streams).
 *
 * A row that does not pass is a deletion. Where the table before says what a change replaces, a deletion of what never
 * passed is not sent on; where it does not, every row that does not pass leaves as a tombstone, because nobody knows, and
 * so it does where the table before is versioned, because then its time matters.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static const void *passing(weir_context *context, const struct weir_record *change, const void *value)
{
    const struct table_step_args *args = context->node->args;
    struct weir_record row = *change;
    row.value = value;
    row.old_value = NULL;
    return value && args->step.test(context, &row) != args->negated ? value : NULL;
}

static const void *replaced(weir_context *context, const struct weir_record *change)
{
    if (!context->node->sends_old)
        return NULL;
    return context->node->store_count > 0 ? table_kept(context, change) : passing(context, change, change->old_value);
}

static void process(weir_context *context, const struct weir_record *change)
{
    const struct table_step_args *args = context->node->args;
    struct weir_record out = *change;
    out.value = passing(context, change, change->value);
    out.old_value = replaced(context, change);
    bool is_in_vain = context->node->sends_old && !args->is_versioned && !out.value && !out.old_value;
    if (context->execution->error.code != WEIR_OK || is_in_vain)
        return;
    if (context->node->store_count == 0 || table_keep(context, &out))
        context_forward(context, &out);
}

const struct operator operator_filter_table = {.kind = "FILTER", .process = process};

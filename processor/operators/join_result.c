/* join_result.c: where both sides of a join of tables meet; keeps the result if it has a store.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *change)
{
    if (context->node->store_count > 0)
        table_keep(context, change);
    context_forward(context, change);
}

const struct operator operator_join_result = {.kind = "MERGE", .process = process};

/* join_result.c: where both sides of a join of tables meet; keeps the result if it has a store.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *change)
{
    struct weir_record out = *change;
    if (context->node->store_count == 0 || table_keep(context, &out))
        context_forward(context, &out);
}

const struct operator operator_join_result = {.kind = "MERGE", .process = process};

/* filter.c: lets records pass for which the test is true; tombstones are tested too.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *record)
{
    const struct weir_step_args *args = context->node->args;
    if (args->test(context, record))
        context_forward(context, record);
}

const struct operator operator_filter = {.kind = "FILTER", .process = process};

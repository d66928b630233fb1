/* filter.c: lets records pass for which the test is true, or for which it is not; tombstones are tested too.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static bool is_true(weir_context *context, const struct weir_record *record)
{
    const struct weir_step_args *args = context->node->args;
    return args->test(context, record);
}

static void process(weir_context *context, const struct weir_record *record)
{
    if (is_true(context, record))
        context_forward(context, record);
}

static void process_not(weir_context *context, const struct weir_record *record)
{
    if (!is_true(context, record))
        context_forward(context, record);
}

const struct operator operator_filter = {.kind = "FILTER", .process = process};
const struct operator operator_filter_not = {.kind = "FILTER", .process = process_not};

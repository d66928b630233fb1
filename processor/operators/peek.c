/* peek.c: shows a record to the visitor and passes it on.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *record)
{
    const struct weir_step_args *args = context->node->args;
    args->visit(context, record);
    context_forward(context, record);
}

const struct operator operator_peek = {.kind = "PEEK", .process = process};

/* peek.c: shows a record to the visitor, and passes it on or ends it there.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void show(weir_context *context, const struct weir_record *record)
{
    const struct weir_step_args *args = context->node->args;
    args->visit(context, record);
}

static void process(weir_context *context, const struct weir_record *record)
{
    show(context, record);
    context_forward(context, record);
}

const struct operator operator_peek = {.kind = "PEEK", .process = process};
const struct operator operator_foreach = {.kind = "FOREACH", .process = show};

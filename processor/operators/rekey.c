/* rekey.c: a new key for the same value. A NULL key is for the node behind to drop (keyed.c).
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *record)
{
    const struct weir_step_args *args = context->node->args;
    struct weir_record out = *record;
    out.key = args->map(context, record);
    out.old_value = NULL;
    context_forward(context, &out);
}

const struct operator operator_rekey = {.kind = "KEY-SELECT", .process = process};

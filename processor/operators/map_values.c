/* map_values.c: a new value for the same key; the mapper sees tombstones too, and may answer with one.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *record)
{
    const struct weir_step_args *args = context->node->args;
    struct weir_record out = *record;
    out.value = args->map(context, record);
    out.old_value = NULL; /* it would be of another type */
    context_forward(context, &out);
}

const struct operator operator_map_values = {.kind = "MAPVALUES", .process = process};

/* map.c: another key and another value for each record.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *record)
{
    const struct weir_step_args *args = context->node->args;
    struct weir_record out = *record;
    args->map_pair(context, record, &out);
    struct weir_record changed = *record;
    changed.key = out.key;
    changed.value = out.value;
    changed.old_value = NULL;
    context_forward(context, &changed);
}

const struct operator operator_map = {.kind = "MAP", .process = process};

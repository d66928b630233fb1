/* flat_map.c: zero or more records for one; the visitor forwards them itself (weir_forward), which sees to it that
 * flat_map_values keeps the key.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *record)
{
    const struct weir_step_args *args = context->node->args;
    args->visit(context, record);
}

const struct operator operator_flat_map = {.kind = "FLATMAP", .process = process};
const struct operator operator_flat_map_values = {.kind = "FLATMAPVALUES", .process = process};

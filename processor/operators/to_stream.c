/* to_stream.c: the changes of a table as facts; deletions leave as tombstones.
 *
 * What a change replaces stays with the table, unless the author asked for it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *change)
{
    const bool *shows_old = context->node->args;
    struct weir_record out = *change;
    if (!*shows_old)
        out.old_value = NULL;
    context_forward(context, &out);
}

const struct operator operator_to_stream = {.kind = "TOSTREAM", .process = process};

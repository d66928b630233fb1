/* split.c: sends a record down the first branch whose test is true; none: it ends here, as in Kafka Streams.
 *
 * A test runs in the context of its branch, so that it finds its own .user.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static bool takes(weir_context *branch, const struct weir_record *record)
{
    const struct weir_step_args *args = branch->node->args;
    return !args->test || args->test(branch, record);
}

static void process(weir_context *context, const struct weir_record *record)
{
    for (size_t i = 0; i < context->child_count; i++) {
        if (takes(context->children[i], record)) {
            context_forward_to(context, i, record);
            return;
        }
    }
}

const struct operator operator_split = {.kind = "BRANCH", .process = process};
const struct operator operator_branch = {.kind = "BRANCH", .process = context_forward};

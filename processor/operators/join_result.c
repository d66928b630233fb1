/* join_result.c: where both sides of a join of tables meet; keeps the result if it has a store.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void keep(weir_context *context, const struct weir_record *change)
{
    struct weir_store *store = &context->stores[0];
    if (context->node->window_size_ms > 0) {
        if (context->execution->stream_time_ms >= 0)
            store_observe_time(store->store, context->execution->stream_time_ms);
        typed_window_put(store, change->key, change->window.start_ms, change->value, change->timestamp_ms);
    } else {
        typed_put(store, change->key, change->value, change->timestamp_ms);
    }
}

static void process(weir_context *context, const struct weir_record *change)
{
    if (context->node->store_count > 0)
        keep(context, change);
    context_forward(context, change);
}

const struct operator operator_join_result = {.kind = "MERGE", .process = process};

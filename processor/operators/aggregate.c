/* aggregate.c: one aggregate per key (KStreamAggregate and KStreamReduce of Kafka Streams).
 *
 * The result's timestamp is the greatest of those that went into it; a deletion is stored with the record's own.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *record)
{
    const struct fold_args *args = context->node->args;
    if (!record->key || !record->value) {
        context_drop(context, record->key ? "null_value" : "null_key");
        return;
    }
    struct weir_store *store = &context->stores[0];
    int64_t stored_ms = -1;
    const void *old = typed_get(store, record->key, &stored_ms);
    if (context->execution->error.code != WEIR_OK)
        return;
    struct weir_record change = *record;
    if (old && stored_ms > record->timestamp_ms)
        change.timestamp_ms = stored_ms;
    if (!old)
        old = args->first(context); /* Kafka Streams says that the first result replaces the initial value */
    change.value = args->step(context, record, old);
    change.old_value = context->node->sends_old ? old : NULL;
    bool has_own_time = change.value || store->spec->kind == STORE_VERSIONED;
    if (table_keep_at(context, &change, has_own_time ? change.timestamp_ms : record->timestamp_ms))
        context_forward(context, &change);
}

const struct operator operator_aggregate = {.kind = "AGGREGATE", .process = process};
const struct operator operator_reduce = {.kind = "REDUCE", .process = process};

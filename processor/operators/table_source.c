/* table_source.c: keeps the latest value per key of a topic.
 *
 * "Latest" is by offset, not by timestamp: a record that is older than the row still replaces it (Kafka Streams does so
 * for tables that are not versioned; KIP-914). Changes go on with what they replace; where nobody listens the old value
 * is not even read.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *record)
{
    if (!record->key) {
        context_drop(context, "null_key");
        return;
    }
    struct weir_store *store = &context->stores[0];
    struct weir_record change = *record;
    change.old_value = context->child_count > 0 ? typed_get(store, record->key, NULL) : NULL;
    typed_put(store, record->key, record->value, record->timestamp_ms);
    context_forward(context, &change);
}

const struct operator operator_table_source = {.kind = "SOURCE", .process = process};

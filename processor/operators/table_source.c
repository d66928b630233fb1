/* table_source.c: a topic or a stream as a table: the latest value per key, in a store if it has one (KTableSource of
 * Kafka Streams).
 *
 * "Latest" is by offset, not by timestamp: a record that is older than the row still replaces it, unless the table is
 * versioned (KIP-914). The row that is replaced is read only where somebody behind asks for it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *record)
{
    if (!record->key) {
        context_drop(context, "null_key");
        return;
    }
    struct weir_record change = *record;
    change.old_value = context->node->sends_old ? table_kept(context, record) : NULL;
    change.out_of_order = false;
    if (context->node->store_count == 0 || table_keep(context, &change))
        context_forward(context, &change);
}

const struct operator operator_table_source = {.kind = "SOURCE", .process = process};
const struct operator operator_to_table = {.kind = "TOTABLE", .process = process};

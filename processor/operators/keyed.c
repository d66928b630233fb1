/* keyed.c: drops records without a key: nothing could be grouped or joined by it behind the repartition topic, unless a
 * left or outer join there makes something of them (KIP-962). Tombstones pass, as in Kafka Streams.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"

static void process(weir_context *context, const struct weir_record *record)
{
    if (record->key || context->node->passes_null_keys)
        context_forward(context, record);
    else
        context_drop(context, "null_key");
}

const struct operator operator_keyed = {.kind = "FILTER", .process = process};

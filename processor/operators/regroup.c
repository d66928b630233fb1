/* regroup.c: the rows of a table under a new key (KTableRepartitionMap of Kafka Streams).
 *
 * A change of a row is one record where its group stays the same; else what leaves a group goes first, then what enters
 * one. Rows without a new key or a value are in no group.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"
#include "schemas/codec.h"

struct part { /* of a group */
    const void *key, *value;
    bool is_there;
};

static struct part part_of(weir_context *context, const struct weir_record *change, const void *value)
{
    const struct weir_group_args *args = context->node->args;
    struct weir_record row = *change;
    if (!value)
        return (struct part){0};
    row.value = value;
    row.old_value = NULL;
    struct part part = {.key = args->map(context, &row)};
    part.value = args->map_value ? args->map_value(context, &row) : value;
    part.is_there = part.key && part.value;
    return part;
}

static void send(weir_context *context, const struct weir_record *change, const void *key, const void *new,
                 const void *old)
{
    struct weir_record out = *change;
    out.key = key;
    out.value = new;
    out.old_value = old;
    context_forward(context, &out);
}

/* What a later change has overtaken counts for no group (KIP-914). */
static void process(weir_context *context, const struct weir_record *change)
{
    if (change->out_of_order)
        return;
    struct part new = part_of(context, change, change->value);
    struct part old = part_of(context, change, change->old_value);
    if (context->execution->error.code != WEIR_OK)
        return;
    if (old.is_there && new.is_there && codec_equal(context->node->key_type, old.key, new.key)) {
        send(context, change, new.key, new.value, old.value);
        return;
    }
    if (old.is_there)
        send(context, change, old.key, NULL, old.value);
    if (new.is_there)
        send(context, change, new.key, new.value, NULL);
}

const struct operator operator_regroup = {.kind = "SELECT", .process = process};

/* table_fold.c: one aggregate per group of a table (KTableAggregate and KTableReduce of Kafka Streams).
 *
 * What a change replaces is taken out first, then what it brings is added. A group that does not exist has nothing to
 * take out. The result is as young as the youngest that went into it; a deletion is stored with the change's own time.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/operators.h"
#include "schemas/codec.h"

/* ---- steps ---- */

const void *table_fold_count(weir_context *context, const struct weir_record *record, const void *aggregate,
                             bool is_added)
{
    (void)record;
    int64_t *count = arena_alloc_raw(context->execution->arena, sizeof *count);
    *count = (aggregate ? *(const int64_t *)aggregate : 0) + (is_added ? 1 : -1);
    return count;
}

/* The first value is the first aggregate; the reducer is not asked. */
const void *table_fold_reduce(weir_context *context, const struct weir_record *record, const void *aggregate,
                              bool is_added)
{
    const struct table_fold_args *args = context->node->args;
    if (!aggregate)
        return record->value;
    context->execution->forget = false;
    weir_reducer *reduce = is_added ? args->reduce.add : args->reduce.subtract;
    const void *reduced = reduce(context, record, aggregate);
    return context->execution->forget ? NULL : reduced;
}

static void *writable(const void *value)
{
    union {
        const void *read;
        void *write;
    } same = {value};
    return same.write;
}

const void *table_fold_aggregate(weir_context *context, const struct weir_record *record, const void *aggregate,
                                 bool is_added)
{
    const struct table_fold_args *args = context->node->args;
    void *next = aggregate ? writable(aggregate) : fold_initial(context, args->initial);
    context->execution->forget = false;
    (is_added ? args->aggregate.add : args->aggregate.subtract)(context, record, next);
    return context->execution->forget ? NULL : next;
}

/* ---- the operator ---- */

static const void *apply(weir_context *context, const struct weir_record *change, const void *value,
                         const void *aggregate, bool is_added)
{
    const struct table_fold_args *args = context->node->args;
    struct weir_record part = *change;
    part.value = value;
    part.old_value = NULL;
    return args->step(context, &part, aggregate, is_added);
}

/* The steps may write to what was stored; what goes on as the old value is then another copy of it. */
static const void *own_copy(weir_context *context, const void *stored)
{
    if (!stored || !context->node->sends_old)
        return stored;
    return codec_copy(context->node->value_type, stored, context->execution->arena);
}

static void process(weir_context *context, const struct weir_record *change)
{
    struct weir_store *store = &context->stores[0];
    int64_t stored_ms = -1;
    if (!change->key) {
        context_drop(context, "null_key");
        return;
    }
    const void *stored = typed_get(store, change->key, &stored_ms);
    if (context->execution->error.code != WEIR_OK)
        return;
    struct weir_record out = *change;
    out.value = own_copy(context, stored);
    out.old_value = context->node->sends_old ? stored : NULL;
    if (change->old_value && out.value)
        out.value = apply(context, change, change->old_value, out.value, false);
    if (change->value)
        out.value = apply(context, change, change->value, out.value, true);
    if (stored && stored_ms > out.timestamp_ms)
        out.timestamp_ms = stored_ms;
    bool has_own_time = out.value || store->spec->kind == STORE_VERSIONED;
    if (table_keep_at(context, &out, has_own_time ? out.timestamp_ms : change->timestamp_ms))
        context_forward(context, &out);
}

const struct operator operator_table_aggregate = {.kind = "AGGREGATE", .process = process};
const struct operator operator_table_reduce = {.kind = "REDUCE", .process = process};

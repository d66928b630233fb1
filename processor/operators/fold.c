/* fold.c: the steps by which a record changes an aggregate: counting, reducing, aggregating.
 *
 * A step never changes `old` where somebody behind wants to see what was replaced.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "operators/operators.h"
#include "schemas/codec.h"

static const void *count_of(weir_context *context, int64_t n)
{
    int64_t *count = arena_alloc_raw(context->execution->arena, sizeof *count);
    *count = n;
    return count;
}

const void *fold_count_first(weir_context *context)
{
    return count_of(context, 0);
}

const void *fold_count(weir_context *context, const struct weir_record *record, const void *old)
{
    (void)record;
    return count_of(context, *(const int64_t *)old + 1);
}

const void *fold_count_merge(weir_context *context, const struct weir_record *record, const void *one, const void *two)
{
    (void)record;
    return count_of(context, *(const int64_t *)one + *(const int64_t *)two);
}

const void *fold_reduce_first(weir_context *context)
{
    (void)context;
    return NULL;
}

/* The first value is the first aggregate; the reducer is not asked. */
const void *fold_reduce(weir_context *context, const struct weir_record *record, const void *old)
{
    const struct fold_args *args = context->node->args;
    if (!old)
        return record->value;
    context->execution->forget = false;
    const void *reduced = args->reduce(context, record, old);
    return context->execution->forget ? NULL : reduced;
}

const void *fold_reduce_merge(weir_context *context, const struct weir_record *record, const void *one, const void *two)
{
    struct weir_record other = *record;
    other.value = two;
    return fold_reduce(context, &other, one);
}

/* All zero, but what is bytes in itself must be some: no byte at all, or the JSON null. */
static void *zero_of(weir_context *context, const struct weir_type *type)
{
    void *zero = arena_alloc(context->execution->arena, type->size);
    if (type->kind == WEIR_KIND_STRING || type->kind == WEIR_KIND_BYTES)
        *(weir_bytes *)zero = (weir_bytes){"", 0};
    if (type->kind == WEIR_KIND_JSON)
        *(weir_bytes *)zero = (weir_bytes){"null", 4};
    return zero;
}

/* What was decoded or copied for this record is ours alone, so it may be written to. */
static void *writable(const void *value)
{
    union {
        const void *read;
        void *write;
    } same = {value};
    return same.write;
}

void *fold_initial(weir_context *context, const void *initial)
{
    const struct weir_type *type = context->node->value_type;
    return initial ? writable(codec_copy(type, initial, context->execution->arena)) : zero_of(context, type);
}

const void *fold_aggregate_first(weir_context *context)
{
    const struct fold_args *args = context->node->args;
    return fold_initial(context, args->initial);
}

/* Where nobody asks what was replaced, the decoded row is changed in place. */
static void *next_aggregate(weir_context *context, const void *old)
{
    const struct fold_args *args = context->node->args;
    if (!context->node->sends_old && !args->keeps_old)
        return writable(old);
    return writable(codec_copy(context->node->value_type, old, context->execution->arena));
}

const void *fold_aggregate(weir_context *context, const struct weir_record *record, const void *old)
{
    const struct fold_args *args = context->node->args;
    void *aggregate = next_aggregate(context, old);
    context->execution->forget = false;
    args->aggregate(context, record, aggregate);
    return context->execution->forget ? NULL : aggregate;
}

const void *fold_aggregate_merge(weir_context *context, const struct weir_record *record, const void *one,
                                 const void *two)
{
    const struct fold_args *args = context->node->args;
    args->merger(context, record, writable(one), two);
    return one;
}

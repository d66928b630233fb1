/* functions.c: see functions.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/functions.h"

#include <inttypes.h>
#include <string.h>

#include "oracle/texts.h"

enum { LOG_LONGEST = 24 };

/* ---- tables of names ---- */

#define FIND(table, wanted)                                                                                            \
    for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)                                                       \
        if (strcmp((table)[i].name, (wanted)) == 0)                                                                    \
            return (table)[i].call;                                                                                    \
    return NULL

/* ---- a record that cannot be processed ---- */

static bool breaks(int64_t weight)
{
    return floor_mod(weight, 6) == 1;
}

bool function_breaks(const struct weir_record *record)
{
    return record->value && breaks(record_weight(record));
}

/* True: it has failed. */
static bool is_fragile(weir_context *context, const struct weir_record *record)
{
    bool is_broken = function_breaks(record);
    if (is_broken)
        weir_fail(context, "fragile");
    return is_broken;
}

/* ---- tests ---- */

static bool test_fragile(weir_context *context, const struct weir_record *record)
{
    return !is_fragile(context, record);
}

static bool test_all(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
    return true;
}

static bool test_none(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
    return false;
}

static bool test_live(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value != NULL;
}

static bool test_dead(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value == NULL;
}

static bool test_even(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value && floor_mod(record_weight(record), 2) == 0;
}

static bool test_most(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return !record->value || floor_mod(record_weight(record), 5) != 0;
}

static bool test_key_even(weir_context *context, const struct weir_record *record)
{
    return record->key && floor_mod(text_sum(text_of_key(context, record)), 2) == 0;
}

weir_predicate *function_test(const char *name)
{
    static const struct {
        const char *name;
        weir_predicate *call;
    } table[] = {{"all", test_all},   {"none", test_none}, {"live", test_live},         {"dead", test_dead},
                 {"even", test_even}, {"most", test_most}, {"key-even", test_key_even}, {"fragile", test_fragile}};
    FIND(table, name);
}

/* ---- values ---- */

static const void *value_same(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

static const void *value_fragile(weir_context *context, const struct weir_record *record)
{
    return is_fragile(context, record) ? NULL : record->value;
}

static const void *value_bang(weir_context *context, const struct weir_record *record)
{
    return record->value ? text_keep_folded(context, JOIN(context, text_of_value(context, record), TEXT("!"))) : NULL;
}

static const void *value_keyed(weir_context *context, const struct weir_record *record)
{
    return text_keep_folded(context,
                            JOIN(context, text_of_key(context, record), TEXT("="), text_of_value(context, record)));
}

static const void *value_short(weir_context *context, const struct weir_record *record)
{
    if (!record->value)
        return NULL;
    weir_bytes text = text_of_value(context, record);
    size_t skipped = text.size > 3 ? text.size - 3 : 0;
    return text_keep(context, (weir_bytes){(const char *)text.data + skipped, text.size - skipped});
}

static const void *value_blank(weir_context *context, const struct weir_record *record)
{
    if (!record->value || floor_mod(record_weight(record), 3) == 0)
        return NULL;
    return text_keep_folded(context, JOIN(context, text_of_value(context, record), TEXT("?")));
}

static const void *value_empty(weir_context *context, const struct weir_record *record)
{
    return record->value ? text_keep(context, TEXT("")) : NULL;
}

static const void *value_weigh(weir_context *context, const struct weir_record *record)
{
    return record->value ? number_keep(context, record_weight(record)) : NULL;
}

static const void *value_parity(weir_context *context, const struct weir_record *record)
{
    return record->value ? number_keep(context, floor_mod(record_weight(record), 2)) : NULL;
}

weir_mapper *function_value(const char *name)
{
    static const struct {
        const char *name;
        weir_mapper *call;
    } table[] = {{"same", value_same},   {"bang", value_bang},     {"keyed", value_keyed},
                 {"short", value_short}, {"blank", value_blank},   {"empty", value_empty},
                 {"weigh", value_weigh}, {"parity", value_parity}, {"fragile", value_fragile}};
    FIND(table, name);
}

/* ---- keys ---- */

static const void *numbered_key(weir_context *context, int64_t number)
{
    return text_keep(context, text_print(context, "k%" PRId64, number));
}

static const void *key_same(weir_context *context, const struct weir_record *record)
{
    return record->key ? text_keep(context, text_of_key(context, record)) : NULL;
}

static const void *key_fragile(weir_context *context, const struct weir_record *record)
{
    return is_fragile(context, record) ? NULL : key_same(context, record);
}

static const void *key_spread(weir_context *context, const struct weir_record *record)
{
    return numbered_key(context, floor_mod(record_weight(record), 5));
}

static const void *key_foreign(weir_context *context, const struct weir_record *record)
{
    if (!record->value || floor_mod(record_weight(record), 7) == 0)
        return NULL;
    return key_spread(context, record);
}

static const void *key_mixed(weir_context *context, const struct weir_record *record)
{
    weir_bytes rest = text_print(context, ".%" PRId64, floor_mod(record_weight(record), 3));
    return text_keep_folded(context, JOIN(context, text_of_key(context, record), rest));
}

weir_mapper *function_key(const char *name)
{
    static const struct {
        const char *name;
        weir_mapper *call;
    } table[] = {{"same", key_same},
                 {"spread", key_spread},
                 {"foreign", key_foreign},
                 {"mixed", key_mixed},
                 {"fragile", key_fragile}};
    FIND(table, name);
}

/* ---- flat maps ---- */

static void forward_as(weir_context *context, const struct weir_record *record, const void *key)
{
    struct weir_record out = *record;
    out.key = key;
    weir_forward(context, &out);
}

static void flat_same(weir_context *context, const struct weir_record *record)
{
    forward_as(context, record, key_same(context, record));
}

static void flat_both(weir_context *context, const struct weir_record *record)
{
    if (!record->value)
        return;
    forward_as(context, record, key_same(context, record));
    if (floor_mod(record_weight(record), 7) != 0)
        forward_as(context, record, key_spread(context, record));
}

static void flat_twice(weir_context *context, const struct weir_record *record)
{
    forward_as(context, record, numbered_key(context, floor_mod(record_weight(record), 4)));
    forward_as(context, record, numbered_key(context, floor_mod(text_sum(text_of_key(context, record)), 4)));
}

weir_visitor *function_flat(const char *name)
{
    static const struct {
        const char *name;
        weir_visitor *call;
    } table[] = {{"same", flat_same}, {"both", flat_both}, {"twice", flat_twice}};
    FIND(table, name);
}

/* Values that each come out a number of times. */
static void repeat(weir_context *context, const struct weir_record *record, int64_t times)
{
    for (int64_t i = 0; i < times; i++)
        weir_forward(context, record);
}

static void values_once(weir_context *context, const struct weir_record *record)
{
    repeat(context, record, 1);
}

static void values_some(weir_context *context, const struct weir_record *record)
{
    repeat(context, record, floor_mod(record_weight(record), 3));
}

static void values_twice(weir_context *context, const struct weir_record *record)
{
    repeat(context, record, record->value ? 2 : 0);
}

weir_visitor *function_flat_values(const char *name)
{
    static const struct {
        const char *name;
        weir_visitor *call;
    } table[] = {{"once", values_once}, {"some", values_some}, {"twice", values_twice}};
    FIND(table, name);
}

/* ---- folds: reducers and aggregators ---- */

static const void *reduce_join(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    weir_bytes old = text_of(context, record->value_type, aggregate);
    return text_keep_folded(context, JOIN(context, old, TEXT("|"), text_of_value(context, record)));
}

static const void *reduce_fragile(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    return is_fragile(context, record) ? NULL : reduce_join(context, record, aggregate);
}

static const void *reduce_cut(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    weir_bytes old = text_of(context, record->value_type, aggregate);
    return text_keep_folded(context, JOIN(context, old, TEXT("-"), text_of_value(context, record)));
}

static const void *reduce_last(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    (void)context, (void)aggregate;
    return record->value;
}

static const void *reduce_sum(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    return number_keep(context, *(const int64_t *)aggregate + record_weight(record));
}

static const void *reduce_less(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    return number_keep(context, *(const int64_t *)aggregate - record_weight(record));
}

static const void *reduce_most(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    int64_t old = *(const int64_t *)aggregate, new = record_weight(record);
    return number_keep(context, old > new ? old : new);
}

weir_reducer *function_reduce(const char *name)
{
    static const struct {
        const char *name;
        weir_reducer *call;
    } table[] = {{"join", reduce_join}, {"cut", reduce_cut},   {"last", reduce_last},      {"sum", reduce_sum},
                 {"less", reduce_less}, {"most", reduce_most}, {"fragile", reduce_fragile}};
    FIND(table, name);
}

static void aggregate_join(weir_context *context, const struct weir_record *record, void *aggregate)
{
    weir_bytes *text = aggregate;
    *text = text_fold(context, JOIN(context, *text, TEXT("|"), text_of_value(context, record)));
}

static void aggregate_fragile(weir_context *context, const struct weir_record *record, void *aggregate)
{
    if (!is_fragile(context, record))
        aggregate_join(context, record, aggregate);
}

static void aggregate_cut(weir_context *context, const struct weir_record *record, void *aggregate)
{
    weir_bytes *text = aggregate;
    *text = text_fold(context, JOIN(context, *text, TEXT("-"), text_of_value(context, record)));
}

/* Starts again when the text grew long. */
static void aggregate_log(weir_context *context, const struct weir_record *record, void *aggregate)
{
    weir_bytes *text = aggregate;
    if (text->size > LOG_LONGEST) {
        weir_forget(context);
        return;
    }
    weir_bytes key = text_of(context, record->key_type, record->key);
    *text = text_fold(context, JOIN(context, *text, key, TEXT(":"), text_of_value(context, record), TEXT(",")));
}

static void aggregate_sum(weir_context *context, const struct weir_record *record, void *aggregate)
{
    (void)context;
    *(int64_t *)aggregate += record_weight(record);
}

static void aggregate_less(weir_context *context, const struct weir_record *record, void *aggregate)
{
    (void)context;
    *(int64_t *)aggregate -= record_weight(record);
}

static void aggregate_most(weir_context *context, const struct weir_record *record, void *aggregate)
{
    int64_t *most = aggregate;
    (void)context;
    if (record_weight(record) > *most)
        *most = record_weight(record);
}

static void aggregate_total(weir_context *context, const struct weir_record *record, void *aggregate)
{
    aggregate_sum(context, record, aggregate);
    if (floor_mod(*(int64_t *)aggregate, 11) == 0)
        weir_forget(context);
}

weir_aggregator *function_aggregate(const char *name)
{
    static const struct {
        const char *name;
        weir_aggregator *call;
    } table[] = {{"join", aggregate_join},   {"cut", aggregate_cut},        {"log", aggregate_log},
                 {"sum", aggregate_sum},     {"less", aggregate_less},      {"most", aggregate_most},
                 {"total", aggregate_total}, {"fragile", aggregate_fragile}};
    FIND(table, name);
}

void function_merge_texts(weir_context *context, const struct weir_record *record, void *aggregate, const void *other)
{
    weir_bytes *text = aggregate;
    (void)record;
    *text = text_fold(context, JOIN(context, *text, TEXT("&"), *(const weir_bytes *)other));
}

void function_merge_numbers(weir_context *context, const struct weir_record *record, void *aggregate, const void *other)
{
    (void)context, (void)record;
    *(int64_t *)aggregate += *(const int64_t *)other;
}

/* ---- joiners ---- */

static weir_bytes side_text(weir_context *context, const struct weir_record *side)
{
    return side ? text_of_value(context, side) : TEXT("null");
}

static int64_t side_weight(const struct weir_record *side)
{
    return side ? record_weight(side) : text_sum(TEXT("null"));
}

/* As of the text that stands for it in a pair. */
static int64_t side_weight_of_text(weir_context *context, const struct weir_record *side)
{
    return text_sum(side_text(context, side));
}

static const void *join_pair(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    return text_keep_folded(context, JOIN(context, side_text(context, left), TEXT("+"), side_text(context, right)));
}

static const void *join_gap(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    return floor_mod(side_weight(left) + side_weight(right), 4) == 0 ? NULL : join_pair(context, left, right);
}

static const void *join_fragile(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    if (!breaks(side_weight_of_text(context, left) + side_weight_of_text(context, right)))
        return join_pair(context, left, right);
    weir_fail(context, "fragile");
    return NULL;
}

weir_joiner *function_join(const char *name)
{
    static const struct {
        const char *name;
        weir_joiner *call;
    } table[] = {{"pair", join_pair}, {"gap", join_gap}, {"fragile", join_fragile}};
    FIND(table, name);
}

/* ---- timestamps ---- */

static int64_t time_shifted(const struct weir_record *record, int64_t partition_time_ms)
{
    int64_t shifted_ms = record->timestamp_ms + 5 * (floor_mod(record_weight(record), 5) - 2);
    (void)partition_time_ms;
    return shifted_ms > 1 ? shifted_ms : 1;
}

static int64_t time_stalled(const struct weir_record *record, int64_t partition_time_ms)
{
    return floor_mod(record_weight(record), 3) != 0 || partition_time_ms < 0 ? record->timestamp_ms : partition_time_ms;
}

static int64_t time_negative(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return floor_mod(record_weight(record), 5) != 0 ? record->timestamp_ms : -1 - record->timestamp_ms;
}

weir_timestamp_of *function_timestamp(const char *name)
{
    static const struct {
        const char *name;
        weir_timestamp_of *call;
    } table[] = {{"shifted", time_shifted}, {"stalled", time_stalled}, {"negative", time_negative}};
    FIND(table, name);
}

/* ---- topics ---- */

const char *function_topic(weir_context *context, const struct weir_record *record)
{
    const struct choice *choice = weir_user(context);
    return choice->topics[floor_mod(record_weight(record), 2)];
}

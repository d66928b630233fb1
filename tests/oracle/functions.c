/* functions.c: see functions.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/functions.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum { LONGEST = 40, LOG_LONGEST = 24, FORGOTTEN_ABOVE = 2 };

/* ---- texts and weights ---- */

static weir_bytes copy(weir_context *context, const void *data, size_t size)
{
    char *bytes = weir_alloc(context, size + 1);
    if (size > 0)
        memcpy(bytes, data, size);
    return (weir_bytes){bytes, size};
}

static weir_bytes print(weir_context *context, const char *format, ...) WEIR_PRINTF(2, 3);

static weir_bytes print(weir_context *context, const char *format, ...)
{
    char text[96];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return copy(context, text, (size_t)size);
}

static weir_bytes join(weir_context *context, const weir_bytes *parts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += parts[i].size;
    char *bytes = weir_alloc(context, size + 1);
    size = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + size, parts[i].data, parts[i].size);
        size += parts[i].size;
    }
    return (weir_bytes){bytes, size};
}

#define JOIN(context, ...)                                                                                             \
    join(context, (const weir_bytes[]){__VA_ARGS__}, sizeof((const weir_bytes[]){__VA_ARGS__}) / sizeof(weir_bytes))
#define TEXT(literal) ((weir_bytes){"" literal, sizeof(literal) - 1})

/* A text as it is, a number in decimal. */
static weir_bytes text_of(weir_context *context, const struct weir_type *type, const void *value)
{
    if (!value)
        return TEXT("null");
    return type == &weir_i64_type ? print(context, "%" PRId64, *(const int64_t *)value) : *(const weir_bytes *)value;
}

static weir_bytes value_text(weir_context *context, const struct weir_record *record)
{
    return text_of(context, record->value_type, record->value);
}

/* The window stands behind the key. */
static weir_bytes key_text(weir_context *context, const struct weir_record *record)
{
    weir_bytes key = text_of(context, record->key_type, record->key);
    if (record->window.end_ms == 0 && record->window.start_ms == 0)
        return key;
    return JOIN(context, key, print(context, "@%" PRId64 "/%" PRId64, record->window.start_ms, record->window.end_ms));
}

static int64_t sum(weir_bytes text)
{
    int64_t sum = 0;
    for (size_t i = 0; i < text.size; i++)
        sum += ((const unsigned char *)text.data)[i];
    return sum;
}

static int64_t weight_of(const struct weir_type *type, const void *value)
{
    if (!value)
        return sum(TEXT("null"));
    return type == &weir_i64_type ? *(const int64_t *)value : sum(*(const weir_bytes *)value);
}

static int64_t weight(const struct weir_record *record)
{
    return weight_of(record->value_type, record->value);
}

static int64_t mod(int64_t n, int64_t by)
{
    int64_t rest = n % by;
    return rest < 0 ? rest + by : rest;
}

/* A text that grew too long becomes its FNV-1a hash, so that aggregates stay small and still differ. */
static weir_bytes fold(weir_context *context, weir_bytes text)
{
    if (text.size <= LONGEST)
        return text;
    uint32_t hash = 0x811c9dc5;
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ ((const unsigned char *)text.data)[i]) * 0x01000193;
    return print(context, "#%08" PRIx32, hash);
}

static const void *keep_text(weir_context *context, weir_bytes text)
{
    weir_bytes *kept = weir_alloc(context, sizeof *kept);
    *kept = text;
    return kept;
}

static const void *keep_number(weir_context *context, int64_t number)
{
    int64_t *kept = weir_alloc(context, sizeof *kept);
    *kept = number;
    return kept;
}

static const void *folded(weir_context *context, weir_bytes text)
{
    return keep_text(context, fold(context, text));
}

static const void *numbered_key(weir_context *context, int64_t number)
{
    return keep_text(context, print(context, "k%" PRId64, number));
}

/* ---- tables of names ---- */

#define FIND(table, wanted)                                                                                            \
    for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)                                                       \
        if (strcmp((table)[i].name, (wanted)) == 0)                                                                    \
            return (table)[i].call;                                                                                    \
    return NULL

/* ---- a record that cannot be processed ---- */

static bool breaks(int64_t weight)
{
    return mod(weight, 6) == 1;
}

bool function_breaks(const struct weir_record *record)
{
    return record->value && breaks(weight(record));
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
    return record->value && mod(weight(record), 2) == 0;
}

static bool test_most(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return !record->value || mod(weight(record), 5) != 0;
}

static bool test_key_even(weir_context *context, const struct weir_record *record)
{
    return record->key && mod(sum(key_text(context, record)), 2) == 0;
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
    return record->value ? folded(context, JOIN(context, value_text(context, record), TEXT("!"))) : NULL;
}

static const void *value_keyed(weir_context *context, const struct weir_record *record)
{
    return folded(context, JOIN(context, key_text(context, record), TEXT("="), value_text(context, record)));
}

static const void *value_short(weir_context *context, const struct weir_record *record)
{
    if (!record->value)
        return NULL;
    weir_bytes text = value_text(context, record);
    size_t skipped = text.size > 3 ? text.size - 3 : 0;
    return keep_text(context, (weir_bytes){(const char *)text.data + skipped, text.size - skipped});
}

static const void *value_blank(weir_context *context, const struct weir_record *record)
{
    if (!record->value || mod(weight(record), 3) == 0)
        return NULL;
    return folded(context, JOIN(context, value_text(context, record), TEXT("?")));
}

static const void *value_empty(weir_context *context, const struct weir_record *record)
{
    return record->value ? keep_text(context, TEXT("")) : NULL;
}

static const void *value_weigh(weir_context *context, const struct weir_record *record)
{
    return record->value ? keep_number(context, weight(record)) : NULL;
}

static const void *value_parity(weir_context *context, const struct weir_record *record)
{
    return record->value ? keep_number(context, mod(weight(record), 2)) : NULL;
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

static const void *key_same(weir_context *context, const struct weir_record *record)
{
    return record->key ? keep_text(context, key_text(context, record)) : NULL;
}

static const void *key_fragile(weir_context *context, const struct weir_record *record)
{
    return is_fragile(context, record) ? NULL : key_same(context, record);
}

static const void *key_spread(weir_context *context, const struct weir_record *record)
{
    return numbered_key(context, mod(weight(record), 5));
}

static const void *key_foreign(weir_context *context, const struct weir_record *record)
{
    if (!record->value || mod(weight(record), 7) == 0)
        return NULL;
    return key_spread(context, record);
}

static const void *key_mixed(weir_context *context, const struct weir_record *record)
{
    weir_bytes rest = print(context, ".%" PRId64, mod(weight(record), 3));
    return folded(context, JOIN(context, key_text(context, record), rest));
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
    if (mod(weight(record), 7) != 0)
        forward_as(context, record, key_spread(context, record));
}

static void flat_twice(weir_context *context, const struct weir_record *record)
{
    forward_as(context, record, numbered_key(context, mod(weight(record), 4)));
    forward_as(context, record, numbered_key(context, mod(sum(key_text(context, record)), 4)));
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
    repeat(context, record, mod(weight(record), 3));
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
    return folded(context, JOIN(context, old, TEXT("|"), value_text(context, record)));
}

static const void *reduce_fragile(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    return is_fragile(context, record) ? NULL : reduce_join(context, record, aggregate);
}

static const void *reduce_cut(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    weir_bytes old = text_of(context, record->value_type, aggregate);
    return folded(context, JOIN(context, old, TEXT("-"), value_text(context, record)));
}

static const void *reduce_last(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    (void)context, (void)aggregate;
    return record->value;
}

static const void *reduce_sum(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    return keep_number(context, *(const int64_t *)aggregate + weight(record));
}

static const void *reduce_less(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    return keep_number(context, *(const int64_t *)aggregate - weight(record));
}

static const void *reduce_most(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    int64_t old = *(const int64_t *)aggregate, new = weight(record);
    return keep_number(context, old > new ? old : new);
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
    *text = fold(context, JOIN(context, *text, TEXT("|"), value_text(context, record)));
}

static void aggregate_fragile(weir_context *context, const struct weir_record *record, void *aggregate)
{
    if (!is_fragile(context, record))
        aggregate_join(context, record, aggregate);
}

static void aggregate_cut(weir_context *context, const struct weir_record *record, void *aggregate)
{
    weir_bytes *text = aggregate;
    *text = fold(context, JOIN(context, *text, TEXT("-"), value_text(context, record)));
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
    *text = fold(context, JOIN(context, *text, key, TEXT(":"), value_text(context, record), TEXT(",")));
}

static void aggregate_sum(weir_context *context, const struct weir_record *record, void *aggregate)
{
    (void)context;
    *(int64_t *)aggregate += weight(record);
}

static void aggregate_less(weir_context *context, const struct weir_record *record, void *aggregate)
{
    (void)context;
    *(int64_t *)aggregate -= weight(record);
}

static void aggregate_most(weir_context *context, const struct weir_record *record, void *aggregate)
{
    int64_t *most = aggregate;
    (void)context;
    if (weight(record) > *most)
        *most = weight(record);
}

static void aggregate_total(weir_context *context, const struct weir_record *record, void *aggregate)
{
    aggregate_sum(context, record, aggregate);
    if (mod(*(int64_t *)aggregate, 11) == 0)
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
    *text = fold(context, JOIN(context, *text, TEXT("&"), *(const weir_bytes *)other));
}

void function_merge_numbers(weir_context *context, const struct weir_record *record, void *aggregate, const void *other)
{
    (void)context, (void)record;
    *(int64_t *)aggregate += *(const int64_t *)other;
}

/* ---- joiners ---- */

static weir_bytes side_text(weir_context *context, const struct weir_record *side)
{
    return side ? value_text(context, side) : TEXT("null");
}

static int64_t side_weight(const struct weir_record *side)
{
    return side ? weight(side) : sum(TEXT("null"));
}

/* As of the text that stands for it in a pair. */
static int64_t side_weight_of_text(weir_context *context, const struct weir_record *side)
{
    return sum(side_text(context, side));
}

static const void *join_pair(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    return folded(context, JOIN(context, side_text(context, left), TEXT("+"), side_text(context, right)));
}

static const void *join_gap(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    return mod(side_weight(left) + side_weight(right), 4) == 0 ? NULL : join_pair(context, left, right);
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
    int64_t shifted_ms = record->timestamp_ms + 5 * (mod(weight(record), 5) - 2);
    (void)partition_time_ms;
    return shifted_ms > 1 ? shifted_ms : 1;
}

static int64_t time_stalled(const struct weir_record *record, int64_t partition_time_ms)
{
    return mod(weight(record), 3) != 0 || partition_time_ms < 0 ? record->timestamp_ms : partition_time_ms;
}

static int64_t time_negative(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return mod(weight(record), 5) != 0 ? record->timestamp_ms : -1 - record->timestamp_ms;
}

weir_timestamp_of *function_timestamp(const char *name)
{
    static const struct {
        const char *name;
        weir_timestamp_of *call;
    } table[] = {{"shifted", time_shifted}, {"stalled", time_stalled}, {"negative", time_negative}};
    FIND(table, name);
}

/* ---- stores ---- */

const void *function_remember(weir_context *context, const struct weir_record *record)
{
    weir_store *last = weir_store_named(context, weir_user(context));
    const weir_bytes *before = weir_get(last, record->key);
    weir_put(last, record->key, record->value ? folded(context, value_text(context, record)) : NULL);
    if (!record->value)
        return NULL;
    return folded(context, JOIN(context, before ? *before : TEXT("null"), TEXT(">"), value_text(context, record)));
}

static weir_bytes text_in(weir_store *shelf, const void *key, int64_t start_ms)
{
    const weir_bytes *found = weir_window_get(shelf, key, start_ms);
    return found ? *found : TEXT("null");
}

static void shelve_process(weir_context *context, const struct weir_record *record)
{
    const struct shelf *args = weir_user(context);
    weir_store *shelf = weir_store_named(context, args->store);
    if (!record->key)
        return;
    int64_t start_ms = record->timestamp_ms / args->size_ms * args->size_ms;
    const weir_bytes here = text_in(shelf, record->key, start_ms);
    const weir_bytes before = text_in(shelf, record->key, start_ms - args->size_ms);
    weir_window_put(shelf, record->key, start_ms, record->value ? folded(context, value_text(context, record)) : NULL);
    struct weir_record out = *record;
    out.value = folded(context, JOIN(context, before, TEXT(">"), here, TEXT(">"), value_text(context, record)));
    weir_forward(context, &out);
}

const struct weir_processor function_shelve = {.process = shelve_process};

static void diary_process(weir_context *context, const struct weir_record *record)
{
    const struct shelf *args = weir_user(context);
    weir_store *diary = weir_store_named(context, args->store);
    if (!record->key)
        return;
    int64_t start_ms = record->timestamp_ms / args->size_ms * args->size_ms, end_ms = start_ms + args->size_ms;
    const weir_bytes *found = weir_session_get(diary, record->key, start_ms, end_ms);
    const weir_bytes before = found ? *found : TEXT("null");
    weir_session_put(diary, record->key, start_ms, end_ms,
                     record->value ? folded(context, value_text(context, record)) : NULL);
    struct weir_record out = *record;
    out.value = folded(context, JOIN(context, before, TEXT(">"), value_text(context, record)));
    weir_forward(context, &out);
}

const struct weir_processor function_diary = {.process = diary_process};

/* ---- a part of a store ---- */

struct survey {
    weir_context *context;
    weir_bytes all;
};

static bool survey_row(void *self, const struct weir_record *row)
{
    struct survey *survey = self;
    survey->all = JOIN(survey->context, survey->all, *(const weir_bytes *)row->key, TEXT("="),
                       *(const weir_bytes *)row->value, TEXT(";"));
    return true;
}

static struct weir_range survey_part(int64_t weight)
{
    static const weir_bytes keys[] = {{"k0", 2}, {"k1", 2}, {"k2", 2}, {"k3", 2}};
    switch (mod(weight, 3)) {
    case 0:
        return (struct weir_range){.from = &keys[1], .to = &keys[3]};
    case 1:
        return (struct weir_range){.from = &keys[0], .to = &keys[2], .descending = true};
    default:
        return (struct weir_range){.prefix = TEXT("k")};
    }
}

static void survey_process(weir_context *context, const struct weir_record *record)
{
    weir_store *rows = weir_store_named(context, weir_user(context));
    struct survey survey = {context, TEXT("")};
    if (!record->key)
        return;
    weir_put(rows, record->key, record->value ? folded(context, value_text(context, record)) : NULL);
    weir_range_each(rows, survey_part(weight(record)), survey_row, &survey);
    struct weir_record out = *record;
    out.value = folded(context, survey.all);
    weir_forward(context, &out);
}

const struct weir_processor function_survey = {.process = survey_process};

/* ---- ways ---- */

static void route_process(weir_context *context, const struct weir_record *record)
{
    const struct route *route = weir_user(context);
    int64_t by = weight(record);
    if (mod(by, 5) == 0)
        weir_forward(context, record);
    else
        weir_forward_to(context, route->children[mod(by, 2)], record);
}

const struct weir_processor function_route = {.process = route_process};

const char *function_topic(weir_context *context, const struct weir_record *record)
{
    const struct choice *choice = weir_user(context);
    return choice->topics[mod(weight(record), 2)];
}

/* ---- the processor ---- */

struct punctuation {
    weir_context *context;
    weir_store *counts;
    int64_t now_ms;
};

static void tell_count(void *self, const struct weir_record *row)
{
    const struct punctuation *punctuation = self;
    struct weir_record out = *row;
    out.timestamp_ms = punctuation->now_ms;
    weir_forward(punctuation->context, &out);
    if (*(const int64_t *)row->value > FORGOTTEN_ABOVE)
        weir_put(punctuation->counts, row->key, NULL);
}

static void tally_punctuate(weir_context *context, int64_t now_ms)
{
    const struct tally *tally = weir_user(context);
    struct punctuation punctuation = {context, weir_store_named(context, tally->store), now_ms};
    weir_each(punctuation.counts, tell_count, &punctuation);
}

static void tally_open(weir_context *context)
{
    const struct tally *tally = weir_user(context);
    if (tally->every_ms > 0)
        weir_schedule(context, tally->clock, weir_millis(tally->every_ms), tally_punctuate);
}

static void tally_process(weir_context *context, const struct weir_record *record)
{
    const struct tally *tally = weir_user(context);
    if (!record->key)
        return;
    weir_store *counts = weir_store_named(context, tally->store);
    struct weir_record out = *record;
    out.key = key_same(context, record);
    const int64_t *old = weir_get(counts, out.key);
    const int64_t count = old ? *old + 1 : 1;
    weir_put(counts, out.key, &count);
    out.value = &count;
    if (count % 2 == 0)
        weir_forward(context, &out);
}

const struct weir_processor function_tally = {.open = tally_open, .process = tally_process};

/* ---- the processor of values ---- */

static weir_bytes recall(weir_context *context, const struct weir_record *record)
{
    weir_store *last = weir_store_named(context, weir_user(context));
    if (!record->key)
        return TEXT("null");
    const void *key = key_same(context, record);
    const weir_bytes *before = weir_get(last, key);
    weir_put(last, key, record->value ? folded(context, value_text(context, record)) : NULL);
    return before ? *before : TEXT("null");
}

static void recall_process(weir_context *context, const struct weir_record *record)
{
    struct weir_record out = *record;
    weir_bytes before = recall(context, record);
    const weir_bytes both = fold(context, JOIN(context, before, TEXT(">"), value_text(context, record)));
    out.value = &both;
    out.headers = weir_headers_with(context, record->headers, "size", print(context, "%zu", both.size));
    weir_forward(context, &out);
}

const struct weir_processor function_recall = {.process = recall_process};

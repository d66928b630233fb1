/* named.c: the named topologies as a plugin: weir test named.so:tumbling-count < in.jsonl. java/NamedTopologies.java has the same.
 *
 * Values are "FK:N": FK a key, or "-" for none, and N an integer; a value without ':' is N alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "weir.h"

static const weir_duration ten_seconds = {10 * 1000}, five_seconds = {5 * 1000};

/* ---- values ---- */

static weir_bytes text(const void *value)
{
    return *(const weir_bytes *)value;
}

static const char *colon_of(weir_bytes value)
{
    return value.size ? memchr(value.data, ':', value.size) : NULL;
}

/* The foreign key; NULL: there is none. */
static const void *foreign_key(weir_context *context, weir_bytes value)
{
    const char *colon = colon_of(value);
    size_t size = colon ? (size_t)(colon - (const char *)value.data) : 0;
    if (!colon || (size == 1 && *(const char *)value.data == '-'))
        return NULL;
    weir_bytes *key = weir_alloc(context, sizeof *key);
    *key = (weir_bytes){value.data, size};
    return key;
}

static const int64_t *number(weir_context *context, weir_bytes value)
{
    const char *colon = colon_of(value);
    size_t skipped = colon ? (size_t)(colon + 1 - (const char *)value.data) : 0;
    char digits[32];
    int64_t *number = weir_alloc(context, sizeof *number);
    snprintf(digits, sizeof digits, "%.*s", (int)(value.size - skipped), (const char *)value.data + skipped);
    if (sscanf(digits, "%" SCNd64, number) != 1)
        weir_fail(context, "'%s' is no number", digits);
    return number;
}

static const void *concatenation(weir_context *context, weir_bytes left, const char *between, weir_bytes right)
{
    size_t gap = strlen(between);
    char *bytes = weir_alloc(context, left.size + gap + right.size + 1);
    weir_bytes *joined = weir_alloc(context, sizeof *joined);
    memcpy(bytes, left.data, left.size);
    memcpy(bytes + left.size, between, gap);
    memcpy(bytes + left.size + gap, right.data, right.size);
    *joined = (weir_bytes){bytes, left.size + gap + right.size};
    return joined;
}

static weir_bytes side(const struct weir_record *record)
{
    return record && record->value ? text(record->value) : text(WEIR_STR("null"));
}

static const void *pair(weir_context *context, const struct weir_record *left, const struct weir_record *right)
{
    return concatenation(context, side(left), "+", side(right));
}

/* ---- streams and tables ---- */

static weir_stream *stream(weir_topology *topology, const char *topic)
{
    return weir_from(topology, topic, &weir_str_type, &weir_str_type);
}

static weir_table *table(weir_topology *topology, const char *topic)
{
    return weir_table_from(topology, topic, topic, &weir_str_type, &weir_str_type);
}

static weir_topology *written(weir_topology *topology, weir_stream *stream)
{
    weir_to(stream, "out");
    return topology;
}

static weir_topology *shown(weir_topology *topology, weir_table *table)
{
    return written(topology, weir_changes(table));
}

/* ---- record by record ---- */

static bool is_even(weir_context *context, const struct weir_record *record)
{
    return record->value && *number(context, text(record->value)) % 2 == 0;
}

static bool has_value(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value != NULL;
}

static const void *exclaim(weir_context *context, const struct weir_record *record)
{
    return record->value ? concatenation(context, text(record->value), "!", text(WEIR_STR(""))) : NULL;
}

static void flatten(weir_context *context, const struct weir_record *record)
{
    if (!record->value)
        return;
    weir_forward(context, record);
    struct weir_record second = *record;
    second.key = foreign_key(context, text(record->value));
    weir_bytes key = record->key ? text(record->key) : text(WEIR_STR("null"));
    second.value = concatenation(context, key, "<", text(record->value));
    if (second.key)
        weir_forward(context, &second);
}

static weir_topology *filter(void)
{
    weir_topology *t = weir_topology_new("filter");
    return written(t, weir_filter(stream(t, "in"), is_even));
}

static weir_topology *mapvalues(void)
{
    weir_topology *t = weir_topology_new("mapvalues");
    return written(t, weir_map_values(stream(t, "in"), &weir_str_type, exclaim));
}

static weir_topology *flatmap(void)
{
    weir_topology *t = weir_topology_new("flatmap");
    return written(t, weir_flat_map(stream(t, "in"), &weir_str_type, &weir_str_type, flatten));
}

static weir_topology *branch(void)
{
    weir_topology *t = weir_topology_new("branch");
    weir_branches *by = weir_split(stream(t, "in"));
    weir_to(weir_branch(by, is_even), "out-even");
    weir_to(weir_branch(by, has_value), "out-odd");
    weir_to(weir_branch_rest(by), "out-null");
    return t;
}

static weir_topology *merge(void)
{
    weir_topology *t = weir_topology_new("merge");
    return written(t, weir_merge(stream(t, "left"), stream(t, "right")));
}

/* ---- aggregates ---- */

static const void *record_foreign_key(weir_context *context, const struct weir_record *record)
{
    return record->value ? foreign_key(context, text(record->value)) : NULL;
}

static const void *record_number(weir_context *context, const struct weir_record *record)
{
    return record->value ? number(context, text(record->value)) : NULL;
}

static const void *add(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    int64_t *sum = weir_alloc(context, sizeof *sum);
    *sum = *(const int64_t *)aggregate + *(const int64_t *)record->value;
    return sum;
}

enum { CONCATENATION_LONGEST = 60 };

/* Starts again when it grew long. */
static void concatenate(weir_context *context, const struct weir_record *record, void *aggregate)
{
    weir_bytes *joined = aggregate;
    if (joined->size > CONCATENATION_LONGEST)
        weir_forget(context);
    else
        *joined = text(concatenation(context, *joined, "|", text(record->value)));
}

static weir_topology *selectkey_repartition_count(void)
{
    weir_topology *t = weir_topology_new("selectkey-repartition-count");
    weir_grouped *by_key = weir_group_by(stream(t, "in"), "by-foreign-key", &weir_str_type, record_foreign_key);
    return shown(t, weir_count(by_key, "counts"));
}

static weir_topology *count(void)
{
    weir_topology *t = weir_topology_new("count");
    return shown(t, weir_count(weir_group(stream(t, "in")), "counts"));
}

static weir_topology *reduce_sum(void)
{
    weir_topology *t = weir_topology_new("reduce-sum");
    weir_stream *numbers = weir_map_values(stream(t, "in"), &weir_i64_type, record_number);
    return shown(t, weir_reduce(weir_group(numbers), "sums", add));
}

static weir_topology *aggregate_concat(void)
{
    weir_topology *t = weir_topology_new("aggregate-concat");
    return shown(t, weir_aggregate(weir_group(stream(t, "in")), "texts", concatenate, .value = &weir_str_type));
}

/* ---- windows ---- */

static weir_topology *windowed_count(const char *name, struct weir_window window)
{
    weir_topology *t = weir_topology_new(name);
    return shown(t, weir_count(weir_group(stream(t, "in")), "counts", .window = window));
}

static weir_topology *tumbling_count(void)
{
    return windowed_count("tumbling-count", (struct weir_window){.size = ten_seconds, .grace = five_seconds});
}

static weir_topology *hopping_count(void)
{
    return windowed_count("hopping-count", (struct weir_window){.size = ten_seconds, .advance = five_seconds});
}

static weir_topology *sliding_count(void)
{
    return windowed_count("sliding-count", (struct weir_window){.difference = ten_seconds, .grace = five_seconds});
}

static weir_topology *session_count(void)
{
    return windowed_count("session-count", (struct weir_window){.gap = five_seconds});
}

static weir_topology *suppress_tumbling_count(void)
{
    weir_topology *t = weir_topology_new("suppress-tumbling-count");
    weir_table *counts =
        weir_count(weir_group(stream(t, "in")), "counts", .window.size = ten_seconds, .window.grace = five_seconds);
    return shown(t, weir_suppress(counts, "final", .until_window_closes = true));
}

/* ---- tables ---- */

static void add_to_group(weir_context *context, const struct weir_record *record, void *aggregate)
{
    (void)context;
    *(int64_t *)aggregate += *(const int64_t *)record->value;
}

static void take_from_group(weir_context *context, const struct weir_record *record, void *aggregate)
{
    (void)context;
    *(int64_t *)aggregate -= *(const int64_t *)record->value;
}

static weir_topology *ktable_filter(void)
{
    weir_topology *t = weir_topology_new("ktable-filter");
    return shown(t, weir_filter(weir_table_from(t, "in", NULL, &weir_str_type, &weir_str_type), is_even));
}

static weir_topology *ktable_groupby_sum(void)
{
    weir_topology *t = weir_topology_new("ktable-groupby-sum");
    weir_grouped_table *groups = weir_group_by(table(t, "in"), "by-foreign-key", &weir_str_type, record_foreign_key,
                                               .value = &weir_i64_type, .map_value = record_number);
    return shown(t, weir_aggregate(groups, "sums", add_to_group, .value = &weir_i64_type, .subtract = take_from_group));
}

/* ---- joins ---- */

static weir_topology *stream_stream(const char *name, enum weir_join_kind kind)
{
    weir_topology *t = weir_topology_new(name);
    weir_stream *left = stream(t, "left");
    return written(t, weir_join(left, stream(t, "right"), "pairs", pair, .value = &weir_str_type, .kind = kind,
                                .within = ten_seconds, .grace = five_seconds));
}

static weir_topology *ss_inner(void)
{
    return stream_stream("ss-inner", WEIR_INNER);
}

static weir_topology *ss_left(void)
{
    return stream_stream("ss-left", WEIR_LEFT);
}

static weir_topology *ss_outer(void)
{
    return stream_stream("ss-outer", WEIR_OUTER);
}

static weir_topology *stream_table(const char *name, enum weir_join_kind kind)
{
    weir_topology *t = weir_topology_new(name);
    weir_stream *left = stream(t, "left");
    return written(t, weir_join_table(left, table(t, "right"), pair, .value = &weir_str_type, .kind = kind));
}

static weir_topology *table_table(const char *name, enum weir_join_kind kind)
{
    weir_topology *t = weir_topology_new(name);
    weir_table *left = table(t, "left");
    return shown(t, weir_join_tables(left, table(t, "right"), pair, .value = &weir_str_type, .kind = kind));
}

static weir_topology *st_inner(void)
{
    return stream_table("st-inner", WEIR_INNER);
}

static weir_topology *st_left(void)
{
    return stream_table("st-left", WEIR_LEFT);
}

static weir_topology *tt_inner(void)
{
    return table_table("tt-inner", WEIR_INNER);
}

static weir_topology *tt_left(void)
{
    return table_table("tt-left", WEIR_LEFT);
}

static weir_topology *tt_outer(void)
{
    return table_table("tt-outer", WEIR_OUTER);
}

static weir_topology *foreign(const char *name, enum weir_join_kind kind)
{
    weir_topology *t = weir_topology_new(name);
    weir_table *left = table(t, "left");
    return shown(t, weir_join_foreign(left, table(t, "right"), "fk", record_foreign_key, pair, .value = &weir_str_type,
                                      .kind = kind));
}

static weir_topology *fk_inner(void)
{
    return foreign("fk-inner", WEIR_INNER);
}

static weir_topology *fk_left(void)
{
    return foreign("fk-left", WEIR_LEFT);
}

static weir_topology *stream_global(const char *name, enum weir_join_kind kind)
{
    weir_topology *t = weir_topology_new(name);
    weir_stream *left = stream(t, "left");
    weir_global_table *right = weir_global(t, "right", "right-store", &weir_str_type, &weir_str_type);
    return written(t, weir_join_global(left, right, record_foreign_key, pair, .value = &weir_str_type, .kind = kind));
}

static weir_topology *gt_inner(void)
{
    return stream_global("gt-inner", WEIR_INNER);
}

static weir_topology *gt_left(void)
{
    return stream_global("gt-left", WEIR_LEFT);
}

WEIR_EXPORT_TOPOLOGIES = {
    {"filter", "N is even", filter},
    {"mapvalues", "a '!' behind each value", mapvalues},
    {"flatmap", "each record, and again under its foreign key", flatmap},
    {"branch", "N even, N odd, no value", branch},
    {"merge", "two topics into one", merge},
    {"selectkey-repartition-count", "counts by foreign key", selectkey_repartition_count},
    {"count", "counts by key", count},
    {"reduce-sum", "sums N by key", reduce_sum},
    {"aggregate-concat", "concatenates values by key", aggregate_concat},
    {"tumbling-count", "10 s, grace 5 s", tumbling_count},
    {"hopping-count", "10 s every 5 s, no grace", hopping_count},
    {"sliding-count", "10 s, grace 5 s", sliding_count},
    {"session-count", "gap 5 s, no grace", session_count},
    {"suppress-tumbling-count", "10 s, grace 5 s, told when they have closed", suppress_tumbling_count},
    {"ss-inner", "two streams within 10 s, grace 5 s", ss_inner},
    {"ss-left", "the same, left", ss_left},
    {"ss-outer", "the same, outer", ss_outer},
    {"st-inner", "a stream with a table", st_inner},
    {"st-left", "the same, left", st_left},
    {"tt-inner", "a table with a table", tt_inner},
    {"tt-left", "the same, left", tt_left},
    {"tt-outer", "the same, outer", tt_outer},
    {"fk-inner", "a table with the row of another that its values name", fk_inner},
    {"fk-left", "the same, left", fk_left},
    {"gt-inner", "a stream with a global table, by foreign key", gt_inner},
    {"gt-left", "the same, left", gt_left},
    {"ktable-filter", "a table where N is even", ktable_filter},
    {"ktable-groupby-sum", "sums N of a table's rows by foreign key", ktable_groupby_sum},
    {NULL, NULL, NULL},
};

/* regroup.c: a table grouped by something else than its key: group_by, and count, reduce, aggregate of it.
 *
 * Each change of a row takes what it replaces out of one group and puts what it brings into one. Both travel through a
 * repartition topic, which Kafka Streams adds, with its names and numbers, when the groups are first aggregated.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"
#include "schemas/codec.h"

/* ---- group_by ---- */

static bool check_grouping(const struct verb *verb, const struct weir_type *key, const struct weir_group_args *args)
{
    return verb_is_open(verb) && verb_check_name(verb, "the name", verb->name) &&
           verb_check_type(verb, "the key's type", key) && verb_check_function(verb, args->map != NULL) &&
           (!args->map_value || verb_check_type(verb, "the type of what .map_value gives (.value)", args->value)) &&
           (!args->value || args->map_value || verb_fail(verb, "a .value needs a .map_value"));
}

static struct graph_node *add_select(const struct verb *verb, weir_table *table, const struct weir_type *key,
                                     const struct weir_group_args *args)
{
    const char *name = node_name(verb, "KTABLE", operator_regroup.kind, args->name ? args->name : verb->name);
    struct graph_node *node = name ? node_add_behind(verb, table->node, &operator_regroup, name) : NULL;
    if (!node)
        return NULL;
    node->args = node_args(verb->topology, args, sizeof *args);
    node->user = args->user;
    node->key_type = key;
    node->value_type = args->value ? args->value : table->node->value_type;
    node->window_size_ms = 0;
    return node;
}

weir_grouped_table *weir_group_by_table_with(weir_table *table, const char *name, const struct weir_type *key,
                                             struct weir_group_args args)
{
    if (!table)
        return NULL;
    weir_topology *topology = table->topology;
    const struct verb verb = {topology, args.at, "group_by", name};
    if (!check_grouping(&verb, key, &args))
        return NULL;
    struct graph_node *select = add_select(&verb, table, key, &args);
    if (!select || !table_send_old(&verb, table, true))
        return NULL;
    weir_grouped_table *grouped = arena_alloc(&topology->arena, sizeof *grouped);
    *grouped = (weir_grouped_table){.topology = topology, .select = select, .name = topology_text(topology, name)};
    return grouped;
}

/* ---- aggregates ---- */

struct aggregate { /* what the three verbs have in common */
    const struct operator* what;
    const char *store, *name;
    const struct weir_type *value;
    void *user;
    struct table_fold_args fold;
    struct keeping keeping;
};

struct names {
    const char *sink, *source, *fold;
};

static bool choose_names(const struct verb *verb, const struct aggregate *aggregate, struct names *names)
{
    weir_arena *arena = &verb->topology->arena;
    const char *given = aggregate->name;
    names->sink = node_name(verb, "KSTREAM", "SINK", given ? arena_format(arena, "%s-sink", given) : NULL);
    names->source = node_name(verb, "KSTREAM", "SOURCE", given ? arena_format(arena, "%s-source", given) : NULL);
    names->fold = node_name(verb, "KTABLE", aggregate->what->kind, given);
    return names->sink && names->source && names->fold;
}

/* All aggregates of a grouping share its topic. */
static bool add_passage(const struct verb *verb, weir_grouped_table *grouped, const struct names *names)
{
    if (grouped->source)
        return true;
    struct graph_topic *topic = repartition_topic(verb, grouped->name, grouped->select);
    if (!topic || !repartition_sink(verb, grouped->select, topic, names->sink))
        return false;
    topic->holds_changes = true;
    grouped->source = repartition_source(verb, topic, names->source);
    return grouped->source != NULL;
}

static weir_table *add_aggregate(const struct verb *verb, weir_grouped_table *grouped,
                                 const struct aggregate *aggregate)
{
    struct names names;
    if (!verb_check_name(verb, "the store's name", aggregate->store) || !choose_names(verb, aggregate, &names) ||
        !add_passage(verb, grouped, &names))
        return NULL;
    struct graph_node *node = node_add_behind(verb, grouped->source, aggregate->what, names.fold);
    if (!node)
        return NULL;
    node->args = node_args(verb->topology, &aggregate->fold, sizeof aggregate->fold);
    node->user = aggregate->user;
    node->value_type = aggregate->value;
    weir_table *table = table_of(verb->topology, node, table_find_kept);
    return table_keep_in(verb, table, aggregate->store, aggregate->keeping) ? table : NULL;
}

static bool check_window(const struct verb *verb, const struct weir_window *window)
{
    return window->size.ms == 0 || verb_fail(verb, "a grouped table has no windows");
}

static bool check_subtract(const struct verb *verb, bool is_given)
{
    return is_given || verb_fail(verb, "the function that takes out again what a row was (.subtract) is missing");
}

weir_table *weir_count_table_with(weir_grouped_table *grouped, struct weir_count_args args)
{
    if (!grouped)
        return NULL;
    const struct verb verb = {grouped->topology, args.at, "count", args.store};
    if (!verb_is_open(&verb) || !check_window(&verb, &args.window))
        return NULL;
    const struct aggregate aggregate = {.what = &operator_table_aggregate,
                                        .store = args.store,
                                        .name = args.name,
                                        .keeping = KEEPING(args),
                                        .value = &weir_i64_type,
                                        .fold = {.step = table_fold_count}};
    return add_aggregate(&verb, grouped, &aggregate);
}

weir_table *weir_reduce_table_with(weir_grouped_table *grouped, const char *store, struct weir_reduce_args args)
{
    if (!grouped)
        return NULL;
    const struct verb verb = {grouped->topology, args.at, "reduce", store};
    if (!verb_is_open(&verb) || !check_window(&verb, &args.window) || !verb_check_function(&verb, args.step != NULL) ||
        !check_subtract(&verb, args.subtract != NULL))
        return NULL;
    const struct aggregate aggregate = {
        .what = &operator_table_reduce,
        .store = store,
        .name = args.name,
        .keeping = KEEPING(args),
        .value = grouped->select->value_type,
        .user = args.user,
        .fold = {.step = table_fold_reduce, .reduce = {.add = args.step, .subtract = args.subtract}}};
    return add_aggregate(&verb, grouped, &aggregate);
}

weir_table *weir_aggregate_table_with(weir_grouped_table *grouped, const char *store, struct weir_agg_args args)
{
    if (!grouped)
        return NULL;
    weir_topology *topology = grouped->topology;
    const struct verb verb = {topology, args.at, "aggregate", store};
    if (!verb_is_open(&verb) || !check_window(&verb, &args.window) || !verb_check_function(&verb, args.step != NULL) ||
        !check_subtract(&verb, args.subtract != NULL) ||
        !verb_check_type(&verb, "the aggregate's type (.value)", args.value))
        return NULL;
    const struct aggregate aggregate = {
        .what = &operator_table_aggregate,
        .store = store,
        .name = args.name,
        .keeping = KEEPING(args),
        .value = args.value,
        .user = args.user,
        .fold = {.step = table_fold_aggregate,
                 .aggregate = {.add = args.step, .subtract = args.subtract},
                 .initial = args.initial ? codec_copy(args.value, args.initial, &topology->arena) : NULL}};
    return add_aggregate(&verb, grouped, &aggregate);
}

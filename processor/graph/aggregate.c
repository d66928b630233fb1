/* aggregate.c: tables made of grouped streams: count, reduce, aggregate, each with or without windows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"
#include "schemas/codec.h"

struct aggregate { /* what the three verbs have in common */
    const struct operator* plain;
    const struct operator* windowed;
    const char *store, *name;
    const struct weir_type *value;
    void *user;
    struct fold_args fold;
};

static struct graph_store *add_store(const struct verb *verb, const weir_grouped *grouped,
                                     const struct aggregate *aggregate)
{
    const struct weir_window *window = &aggregate->fold.window;
    return topology_add_store(verb, (struct store_spec){.name = aggregate->store,
                                                        .kind = window->size.ms > 0 ? STORE_WINDOW : STORE_KEY_VALUE,
                                                        .window_size_ms = window->size.ms,
                                                        .retention_ms = window->retention.ms,
                                                        .key_type = grouped->node->key_type,
                                                        .value_type = aggregate->value});
}

static const struct operator* operator_of(const struct aggregate *aggregate)
{
    return aggregate->fold.window.size.ms > 0 ? aggregate->windowed : aggregate->plain;
}

static struct graph_node *add_node(const struct verb *verb, weir_grouped *grouped, const struct aggregate *aggregate)
{
    int64_t window_ms = aggregate->fold.window.size.ms;
    const struct operator* what = operator_of(aggregate);
    const char *name = node_name(verb, "KSTREAM", what->kind, aggregate->name);
    grouped_use_numbers(grouped);
    struct graph_node *node = name ? node_add_behind(verb, grouped->node, what, name) : NULL;
    if (!node)
        return NULL;
    node->args = node_args(verb->topology, &aggregate->fold, sizeof aggregate->fold);
    node->user = aggregate->user;
    node->value_type = aggregate->value;
    node->window_size_ms = window_ms;
    return node;
}

static weir_table *add_aggregate(const struct verb *verb, weir_grouped *grouped, struct aggregate aggregate)
{
    if (!verb_check_window(verb, &aggregate.fold.window))
        return NULL;
    struct graph_store *store = add_store(verb, grouped, &aggregate);
    struct graph_node *node = store ? add_node(verb, grouped, &aggregate) : NULL;
    if (!node)
        return NULL;
    weir_table *table = table_of(verb->topology, node, table_find_kept);
    return table_keep_in_store(verb, table, store) ? table : NULL;
}

static bool check_no_subtract(const struct verb *verb, bool is_given)
{
    return !is_given || verb_fail(verb, "nothing leaves a group of a stream; .subtract is for grouped tables");
}

/* Kafka Streams' windowed count counts records without a value, its plain count does not. */
weir_table *weir_count_with(weir_grouped *grouped, struct weir_count_args args)
{
    if (!grouped)
        return NULL;
    const struct verb verb = {grouped->topology, args.at, "count", args.store};
    if (!verb_is_open(&verb))
        return NULL;
    const struct fold_args fold = {.step = fold_count, .takes_tombstones = true, .window = args.window};
    return add_aggregate(&verb, grouped,
                         (struct aggregate){.plain = &operator_aggregate,
                                            .windowed = &operator_window_aggregate,
                                            .store = args.store,
                                            .name = args.name,
                                            .value = &weir_i64_type,
                                            .fold = fold});
}

weir_table *weir_reduce_with(weir_grouped *grouped, const char *store, struct weir_reduce_args args)
{
    if (!grouped)
        return NULL;
    const struct verb verb = {grouped->topology, args.at, "reduce", store};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.step != NULL) ||
        !check_no_subtract(&verb, args.subtract != NULL))
        return NULL;
    const struct fold_args fold = {.step = fold_reduce, .reduce = args.step, .window = args.window};
    return add_aggregate(&verb, grouped,
                         (struct aggregate){.plain = &operator_reduce,
                                            .windowed = &operator_window_reduce,
                                            .store = store,
                                            .name = args.name,
                                            .value = grouped->node->value_type,
                                            .user = args.user,
                                            .fold = fold});
}

weir_table *weir_aggregate_with(weir_grouped *grouped, const char *store, struct weir_agg_args args)
{
    if (!grouped)
        return NULL;
    weir_topology *topology = grouped->topology;
    const struct verb verb = {topology, args.at, "aggregate", store};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.step != NULL) ||
        !check_no_subtract(&verb, args.subtract != NULL) ||
        !verb_check_type(&verb, "the aggregate's type (.value)", args.value))
        return NULL;
    const void *initial = args.initial ? codec_copy(args.value, args.initial, &topology->arena) : NULL;
    const struct fold_args fold = {
        .step = fold_aggregate, .aggregate = args.step, .initial = initial, .window = args.window};
    return add_aggregate(&verb, grouped,
                         (struct aggregate){.plain = &operator_aggregate,
                                            .windowed = &operator_window_aggregate,
                                            .store = store,
                                            .name = args.name,
                                            .value = args.value,
                                            .user = args.user,
                                            .fold = fold});
}

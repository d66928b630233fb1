/* aggregate.c: tables made of grouped streams: count, reduce, aggregate, each with or without windows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"
#include "schemas/codec.h"

struct aggregate {                        /* what the three verbs have in common */
    const struct operator* const * kinds; /* by window_kind */
    const char *store, *name;
    const struct weir_type *value;
    struct keeping keeping;
    void *user;
    struct fold_args fold;
};

static const struct operator* const aggregates[] = {[WINDOW_NONE] = &operator_aggregate,
                                                    [WINDOW_TIME] = &operator_window_aggregate,
                                                    [WINDOW_UNLIMITED] = &operator_window_aggregate,
                                                    [WINDOW_SLIDING] = &operator_sliding_aggregate,
                                                    [WINDOW_SESSION] = &operator_session_aggregate};
static const struct operator* const reduces[] = {[WINDOW_NONE] = &operator_reduce,
                                                 [WINDOW_TIME] = &operator_window_reduce,
                                                 [WINDOW_UNLIMITED] = &operator_window_reduce,
                                                 [WINDOW_SLIDING] = &operator_sliding_reduce,
                                                 [WINDOW_SESSION] = &operator_session_reduce};

const struct operator* aggregate_operator(const struct weir_window *window)
{
    return aggregates[window_kind(window)];
}

static struct graph_store *add_store(const struct verb *verb, const weir_grouped *grouped,
                                     const struct aggregate *aggregate)
{
    struct store_spec spec = window_store_spec(&aggregate->fold.window, aggregate->keeping);
    spec.name = aggregate->store;
    spec.key_type = grouped->node->key_type;
    spec.value_type = aggregate->value;
    return topology_add_store(verb, spec);
}

static struct graph_node *add_node(const struct verb *verb, weir_grouped *grouped, const struct aggregate *aggregate)
{
    const struct weir_window *window = &aggregate->fold.window;
    const struct operator* what = aggregate->kinds[window_kind(window)];
    const char *name = node_name(verb, "KSTREAM", what->kind, aggregate->name);
    grouped_use_numbers(grouped);
    struct graph_node *node = name ? node_add_behind(verb, grouped->node, what, name) : NULL;
    if (!node)
        return NULL;
    node->args = node_args(verb->topology, &aggregate->fold, sizeof aggregate->fold);
    node->user = aggregate->user;
    node->value_type = aggregate->value;
    node->window_size_ms = window_size_ms(window);
    return node;
}

/* A sliding window's aggregate is what another window begins with. */
static bool keeps_old(const struct weir_window *window)
{
    return window_kind(window) == WINDOW_SLIDING;
}

static weir_table *add_aggregate(const struct verb *verb, weir_grouped *grouped, struct aggregate aggregate)
{
    if (!verb_check_window(verb, &aggregate.fold.window) ||
        !verb_check_keeping(verb, aggregate.keeping, window_kind(&aggregate.fold.window) != WINDOW_NONE))
        return NULL;
    aggregate.fold.keeps_old = keeps_old(&aggregate.fold.window);
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

weir_table *weir_count_with(weir_grouped *grouped, struct weir_count_args args)
{
    if (!grouped)
        return NULL;
    const struct verb verb = {grouped->topology, args.at, "count", args.store};
    if (!verb_is_open(&verb))
        return NULL;
    const struct fold_args fold = {
        .first = fold_count_first, .step = fold_count, .merge = fold_count_merge, .window = args.window};
    return add_aggregate(&verb, grouped,
                         (struct aggregate){.kinds = aggregates,
                                            .store = args.store,
                                            .name = args.name,
                                            .value = &weir_i64_type,
                                            .keeping = KEEPING(args),
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
    const struct fold_args fold = {.first = fold_reduce_first,
                                   .step = fold_reduce,
                                   .merge = fold_reduce_merge,
                                   .reduce = args.step,
                                   .window = args.window};
    return add_aggregate(&verb, grouped,
                         (struct aggregate){.kinds = reduces,
                                            .store = store,
                                            .name = args.name,
                                            .value = grouped->node->value_type,
                                            .keeping = KEEPING(args),
                                            .user = args.user,
                                            .fold = fold});
}

bool aggregate_check_merge(const struct verb *verb, const struct weir_window *window, bool has_merge)
{
    if (has_merge && window->gap.ms == 0)
        return verb_fail(verb, "only sessions (.window.gap) are merged with .merge");
    return has_merge || window->gap.ms == 0 ||
           verb_fail(verb, "sessions can grow together; say in .merge how their aggregates become one");
}

struct fold_args aggregate_fold(const struct weir_window *window, weir_merger *merge)
{
    return (struct fold_args){.first = fold_aggregate_first,
                              .step = fold_aggregate,
                              .merge = fold_aggregate_merge,
                              .merger = merge,
                              .keeps_old = keeps_old(window),
                              .window = *window};
}

weir_table *weir_aggregate_with(weir_grouped *grouped, const char *store, struct weir_agg_args args)
{
    if (!grouped)
        return NULL;
    weir_topology *topology = grouped->topology;
    const struct verb verb = {topology, args.at, "aggregate", store};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.step != NULL) ||
        !check_no_subtract(&verb, args.subtract != NULL) ||
        !verb_check_type(&verb, "the aggregate's type (.value)", args.value) ||
        !aggregate_check_merge(&verb, &args.window, args.merge != NULL))
        return NULL;
    struct fold_args fold = aggregate_fold(&args.window, args.merge);
    fold.aggregate = args.step;
    fold.initial = args.initial ? codec_copy(args.value, args.initial, &topology->arena) : NULL;
    return add_aggregate(&verb, grouped,
                         (struct aggregate){.kinds = aggregates,
                                            .store = store,
                                            .name = args.name,
                                            .value = args.value,
                                            .keeping = KEEPING(args),
                                            .user = args.user,
                                            .fold = fold});
}

/* cogroup.c: several grouped streams that share one aggregate (CogroupedKStream of Kafka Streams).
 *
 * Each stream has a node of its own with its own step; all of them write the one store, and a node behind them joins
 * what they forward into the changes of one table.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"
#include "schemas/codec.h"

struct cogroup_member {
    weir_grouped *grouped;
    weir_aggregator *step;
    void *user;
    struct cogroup_member *next;
};

struct weir_cogrouped {
    weir_topology *topology;
    struct cogroup_member *first, **end;
};

/* ---- members ---- */

static bool check_member(const struct verb *verb, const weir_cogrouped *cogrouped, const weir_grouped *grouped)
{
    const struct weir_grouped *first = cogrouped->first->grouped;
    const struct weir_type *key = grouped->node->key_type, *expected = first->node->key_type;
    for (const struct cogroup_member *member = cogrouped->first; member; member = member->next)
        if (member->grouped == grouped)
            return verb_fail(verb, "the stream is in the group already (%s)", grouped->node->at);
    return key == expected ||
           verb_fail(verb, "keys are of type %s and %s (%s)", expected->name, key->name, first->node->at);
}

static void add_member(weir_cogrouped *cogrouped, weir_grouped *grouped, const struct weir_cogroup_args *args)
{
    struct cogroup_member *member = arena_alloc(&cogrouped->topology->arena, sizeof *member);
    *member = (struct cogroup_member){.grouped = grouped, .step = args->step, .user = args->user};
    *cogrouped->end = member;
    cogrouped->end = &member->next;
}

weir_cogrouped *weir_cogroup_with(weir_grouped *grouped, struct weir_cogroup_args args)
{
    if (!grouped)
        return NULL;
    const struct verb verb = {grouped->topology, args.at, "cogroup", NULL};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.step != NULL))
        return NULL;
    weir_cogrouped *cogrouped = arena_alloc(&grouped->topology->arena, sizeof *cogrouped);
    cogrouped->topology = grouped->topology;
    cogrouped->end = &cogrouped->first;
    add_member(cogrouped, grouped, &args);
    return cogrouped;
}

weir_cogrouped *weir_cogroup_add_with(weir_cogrouped *cogrouped, weir_grouped *grouped, struct weir_cogroup_args args)
{
    if (!cogrouped || !grouped)
        return NULL;
    const struct verb verb = {cogrouped->topology, args.at, "cogroup_add", NULL};
    if (!verb_is_open(&verb) || !verb_check_same(&verb, grouped->topology) ||
        !verb_check_function(&verb, args.step != NULL) || !check_member(&verb, cogrouped, grouped))
        return NULL;
    add_member(cogrouped, grouped, &args);
    return cogrouped;
}

/* ---- the aggregate ---- */

struct cogroup {
    const weir_cogrouped *of;
    const struct weir_cogroup_agg_args *args;
    struct fold_args fold;
    struct graph_store *store;
};

static const char *aggregate_name(const struct verb *verb, const struct cogroup *cogroup, size_t number)
{
    const char *given = cogroup->args->name;
    if (given)
        given = arena_format(&verb->topology->arena, "%s-cogroup-agg-%zu", given, number);
    return node_name(verb, "COGROUPKSTREAM", aggregate_operator(&cogroup->fold.window)->kind, given);
}

static const char *merge_name(const struct verb *verb, const struct cogroup *cogroup)
{
    const char *given = cogroup->args->name;
    if (given)
        given = arena_format(&verb->topology->arena, "%s-cogroup-merge", given);
    return node_name(verb, "COGROUPKSTREAM", operator_merge.kind, given);
}

static struct graph_node *add_node(const struct verb *verb, const struct cogroup *cogroup,
                                   const struct cogroup_member *member, const char *name)
{
    struct fold_args fold = cogroup->fold;
    fold.aggregate = member->step;
    struct graph_node *node = node_add_behind(verb, member->grouped->node, aggregate_operator(&fold.window), name);
    if (!node)
        return NULL;
    node->args = node_args(verb->topology, &fold, sizeof fold);
    node->user = member->user;
    node->value_type = cogroup->args->value;
    node->window_size_ms = window_size_ms(&fold.window);
    return node_connect_store(verb, node, cogroup->store) ? node : NULL;
}

static bool add_nodes(const struct verb *verb, const struct cogroup *cogroup, struct graph_nodes *nodes)
{
    for (const struct cogroup_member *member = cogroup->of->first; member; member = member->next)
        grouped_use_numbers(member->grouped);
    for (const struct cogroup_member *member = cogroup->of->first; member; member = member->next) {
        const char *name = aggregate_name(verb, cogroup, nodes->count);
        struct graph_node *node = name ? add_node(verb, cogroup, member, name) : NULL;
        if (!node)
            return false;
        nodes_append(&verb->topology->arena, nodes, node);
    }
    return true;
}

static weir_table *add_merge(const struct verb *verb, const struct cogroup *cogroup, const struct graph_nodes *nodes)
{
    const char *name = merge_name(verb, cogroup);
    struct graph_node *merge = name ? node_add_behind(verb, nodes->items[0], &operator_merge, name) : NULL;
    if (!merge)
        return NULL;
    for (size_t i = 1; i < nodes->count; i++) {
        node_connect(verb->topology, nodes->items[i], merge);
        copartition_add(verb->topology, nodes->items[0], nodes->items[i]);
    }
    weir_table *table = table_of(verb->topology, merge, table_find_kept);
    table->view.store = cogroup->store;
    table->is_cogrouped = true;
    return table;
}

static weir_table *add_cogroup(const struct verb *verb, struct cogroup *cogroup)
{
    struct store_spec spec = window_store_spec(&cogroup->fold.window, KEEPING(*cogroup->args));
    struct graph_nodes nodes = {0};
    spec.name = verb->name;
    spec.key_type = cogroup->of->first->grouped->node->key_type;
    spec.value_type = cogroup->args->value;
    cogroup->store = topology_add_store(verb, spec);
    return cogroup->store && add_nodes(verb, cogroup, &nodes) ? add_merge(verb, cogroup, &nodes) : NULL;
}

weir_table *weir_cogroup_aggregate_with(weir_cogrouped *cogrouped, const char *store, struct weir_cogroup_agg_args args)
{
    if (!cogrouped)
        return NULL;
    weir_topology *topology = cogrouped->topology;
    const struct verb verb = {topology, args.at, "cogroup_aggregate", store};
    struct cogroup cogroup = {.of = cogrouped, .args = &args};
    if (!verb_is_open(&verb) || !verb_check_type(&verb, "the aggregate's type (.value)", args.value) ||
        !aggregate_check_merge(&verb, &args.window, args.merge != NULL) || !verb_check_window(&verb, &args.window) ||
        !verb_check_keeping(&verb, KEEPING(args), window_kind(&args.window) != WINDOW_NONE))
        return NULL;
    if (args.window.emit == WEIR_EMIT_ON_CLOSE) {
        verb_fail(&verb, "cogrouped streams emit on update only; what has closed leaves an aggregate of one stream");
        return NULL;
    }
    cogroup.fold = aggregate_fold(&args.window, args.merge);
    cogroup.fold.initial = args.initial ? codec_copy(args.value, args.initial, &topology->arena) : NULL;
    return add_cogroup(&verb, &cogroup);
}

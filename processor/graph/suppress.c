/* suppress.c: weir_suppress: a table whose changes are held back.
 *
 * The name is that of Suppressed.withName: the node's; its store is "<name>-store".
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

static bool is_windowed_aggregate(const struct graph_node *node)
{
    return operator_is(node, &operator_window_aggregate) || operator_is(node, &operator_window_reduce) ||
           operator_is(node, &operator_sliding_aggregate) || operator_is(node, &operator_sliding_reduce) ||
           operator_is(node, &operator_session_aggregate) || operator_is(node, &operator_session_reduce);
}

/* The longest time for which records still change a window that has ended, over all windows the table is made of
 * (GraphGraceSearchUtil). A session may also grow by its gap. */
static bool find_grace(const struct verb *verb, const struct graph_node *node, int64_t *grace_ms)
{
    if (is_windowed_aggregate(node)) {
        const struct fold_args *args = node->args;
        int64_t own_ms = args->window.grace.ms + args->window.gap.ms;
        *grace_ms = own_ms > *grace_ms ? own_ms : *grace_ms;
        return !args->window.unlimited ||
               verb_fail(verb, "an unlimited window (%s) never closes, so nothing would be told", node->at);
    }
    for (size_t i = 0; i < node->parents.count; i++)
        if (!find_grace(verb, node->parents.items[i], grace_ms))
            return false;
    return node->parents.count > 0 ||
           verb_fail(verb, "the table is made of %s (%s), which has no windows that could close", node->name, node->at);
}

static bool check_when_full(const struct verb *verb, const struct weir_suppress_args *args)
{
    if (args->max_records < 0 || args->max_bytes < 0)
        return verb_fail(verb, "%s is negative", args->max_records < 0 ? ".max_records" : ".max_bytes");
    if (args->when_full != WEIR_WHEN_FULL_DEFAULT && args->max_records == 0 && args->max_bytes == 0)
        return verb_fail(verb, "there is no bound that could make .when_full happen; give .max_records or .max_bytes");
    return !args->until_window_closes || args->when_full != WEIR_EMIT_EARLY ||
           verb_fail(verb, "a result that leaves before its window has closed is not the final one; it cannot "
                           "WEIR_EMIT_EARLY");
}

static bool check_until(const struct verb *verb, const struct weir_suppress_args *args)
{
    if (args->until.ms < 0)
        return verb_fail(verb, ".until is negative");
    return args->until_window_closes != (args->until.ms > 0) ||
           verb_fail(verb, "it needs one of .until_window_closes and .until");
}

static int64_t bound(int64_t max)
{
    return max > 0 ? max : INT64_MAX;
}

static bool fill(const struct verb *verb, const weir_table *parent, const struct weir_suppress_args *args,
                 struct suppress_args *out)
{
    *out = (struct suppress_args){
        .wait_ms = args->until.ms,
        .is_final = args->until_window_closes,
        .shuts_down = args->until_window_closes || args->when_full == WEIR_SHUT_DOWN,
        .max_records = bound(args->max_records),
        .max_bytes = bound(args->max_bytes),
    };
    return check_until(verb, args) && check_when_full(verb, args) &&
           (!out->is_final || find_grace(verb, parent->node, &out->wait_ms));
}

static bool check_not_versioned(const struct verb *verb, const weir_table *parent)
{
    return !table_view_is_versioned(&parent->view) ||
           verb_fail(verb, "the table is versioned (.history); changes that may come out of order cannot be held back");
}

static weir_table *add_table(const struct verb *verb, weir_table *parent, const struct suppress_args *args, bool no_log)
{
    weir_topology *topology = verb->topology;
    struct graph_store *store = topology_add_hidden_store(verb, no_log);
    struct graph_node *node =
        store ? node_add_behind(verb, parent->node, &operator_suppress, topology_text(topology, verb->name)) : NULL;
    if (!node || !node_connect_store(verb, node, store))
        return NULL;
    node->args = node_args(topology, args, sizeof *args);
    weir_table *table = table_of(topology, node, table_find_suppressed);
    table->from[0] = parent;
    table->view.of[0] = &parent->view;
    table->view.lookups = parent->view.lookups + 1;
    return table;
}

weir_table *weir_suppress_with(weir_table *parent, const char *name, struct weir_suppress_args args)
{
    if (!parent)
        return NULL;
    const struct verb verb = {parent->topology, args.at, "suppress", name};
    struct suppress_args filled;
    if (!verb_is_open(&verb) || !verb_check_name(&verb, "the name", name) || !check_not_versioned(&verb, parent) ||
        !fill(&verb, parent, &args, &filled) || !table_send_old(&verb, parent, true))
        return NULL;
    return add_table(&verb, parent, &filled, args.no_log);
}

/* table.c: tables: where their rows are found, what their changes say; to_table, filter, map_values, transform_values,
 * changes.
 *
 * A table says what its changes replace only where somebody behind asks for it (Kafka Streams: enableSendingOldValues).
 * That decides what is computed, and which deletions a filter sends on; so it is settled verb by verb, in the order in
 * which the author writes them, as Kafka Streams does.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

/* ---- tables ---- */

weir_table *table_of(weir_topology *topology, struct graph_node *node, table_find *find)
{
    weir_table *table = arena_alloc(&topology->arena, sizeof *table);
    table->topology = topology;
    table->node = node;
    table->view = (struct table_view){.find = find,
                                      .node = node,
                                      .key_type = node->key_type,
                                      .value_type = node->value_type,
                                      .window_size_ms = node->window_size_ms,
                                      .lookups = 1};
    return table;
}

bool table_keep_in_store(const struct verb *verb, weir_table *table, struct graph_store *store)
{
    table->view.store = store;
    table->view.find = table_find_kept;
    table->view.lookups = 1;
    return node_connect_store(verb, table->node, store);
}

static int64_t retention_ms(const struct table_view *view)
{
    if (view->store)
        return view->store->spec.retention_ms;
    int64_t longest_ms = 0;
    for (size_t i = 0; i < 2 && view->of[i]; i++) {
        int64_t one_ms = retention_ms(view->of[i]);
        longest_ms = one_ms > longest_ms ? one_ms : longest_ms;
    }
    return longest_ms;
}

bool table_keep_in(const struct verb *verb, weir_table *table, const char *name, struct keeping keeping)
{
    const struct table_view *view = &table->view;
    if (!verb_check_keeping(verb, keeping, view->window_size_ms != 0))
        return false;
    if (!name)
        return verb_check_no_keeping(verb, keeping);
    struct store_spec spec = window_store_spec(&(struct weir_window){0}, keeping);
    if (view->window_size_ms != 0) {
        spec.kind = view->window_size_ms > 0 ? STORE_WINDOW : STORE_SESSION;
        spec.window_size_ms = view->window_size_ms > 0 ? view->window_size_ms : 0;
        spec.retention_ms = retention_ms(view);
    }
    spec.name = name;
    spec.key_type = view->key_type;
    spec.value_type = view->value_type;
    struct graph_store *store = topology_add_store(verb, spec);
    return store && table_keep_in_store(verb, table, store);
}

int64_t table_history_ms(const weir_table *table)
{
    return retention_ms(&table->view);
}

/* A join needs the old values of both sides, whether or not it keeps its result; what else keeps a store finds the old
 * value there. */
static bool can_send_old(const struct verb *verb, weir_table *table, bool force)
{
    if (table->from[1])
        return table_send_old(verb, table->from[0], true) && table_send_old(verb, table->from[1], true);
    if (table->view.store)
        return true;
    if (table->from[0])
        return table_send_old(verb, table->from[0], force);
    return force && verb_fail(verb, "what changes of %s (%s) replace is needed, but it keeps no rows; give it a store",
                              table->node->name, table->node->at);
}

bool table_send_old(const struct verb *verb, weir_table *table, bool force)
{
    struct graph_node *node = table->node;
    if (node->sends_old)
        return true;
    if (!can_send_old(verb, table, force))
        return false;
    node->sends_old = true;
    bool is_passed_on = table->from[1] || table->is_cogrouped;
    for (size_t i = 0; is_passed_on && i < node->parents.count; i++)
        node->parents.items[i]->sends_old = true; /* the two sides of the join, the streams of the cogroup */
    return true;
}

/* ---- to_table ---- */

weir_table *weir_to_table_with(weir_stream *stream, struct weir_to_table_args args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args.at, "to_table", args.store};
    if (!verb_is_open(&verb) || !verb_check_name(&verb, "the store's name", args.store) ||
        !verb_check_plain(&verb, stream->node))
        return NULL;
    if (stream->node->window_size_ms > 0) {
        verb_fail(&verb, "%s has windowed keys; choose a plain key with weir_rekey", stream->node->name);
        return NULL;
    }
    const char *name = node_name(&verb, "KSTREAM", operator_to_table.kind, args.name);
    struct graph_node *node = name ? node_add_behind(&verb, stream->node, &operator_to_table, name) : NULL;
    weir_table *table = node ? table_of(stream->topology, node, table_find_kept) : NULL;
    return table && table_keep_in(&verb, table, args.store, KEEPING(args)) ? table : NULL;
}

/* ---- filter, map_values, transform_values ---- */

/* A table made of another one; it keeps no store yet. */
static weir_table *table_behind(const struct verb *verb, weir_table *parent, const struct operator* what,
                                const char *given)
{
    const char *name = node_name(verb, "KTABLE", what->kind, given);
    struct graph_node *node = name ? node_add_behind(verb, parent->node, what, name) : NULL;
    if (!node)
        return NULL;
    weir_table *table = table_of(verb->topology, node, NULL);
    table->from[0] = parent;
    table->view.of[0] = &parent->view;
    table->view.lookups = parent->view.lookups;
    return table;
}

static weir_table *add_step(const struct verb *verb, weir_table *parent, const struct operator* what,
                            const struct table_step_args *args)
{
    weir_table *table = table_behind(verb, parent, what, args->step.name);
    if (!table)
        return NULL;
    table->node->args = node_args(verb->topology, args, sizeof *args);
    table->node->user = args->step.user;
    return table;
}

/* A filter that keeps nothing learns from the table before, if that can tell at no cost, which deletions are in vain. */
static weir_table *filter(weir_table *parent, const char *word, bool negated, struct weir_step_args step)
{
    if (!parent)
        return NULL;
    const struct verb verb = {parent->topology, step.at, word, step.name ? step.name : step.store};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, step.test != NULL))
        return NULL;
    const struct table_step_args args = {step, negated, table_view_is_versioned(&parent->view)};
    weir_table *table = add_step(&verb, parent, &operator_filter_table, &args);
    if (!table)
        return NULL;
    table->view.find = table_find_filtered;
    table->node->sends_old = table_send_old(&verb, parent, false);
    return table_keep_in(&verb, table, step.store, KEEPING(step)) ? table : NULL;
}

weir_table *weir_filter_table_with(weir_table *table, struct weir_step_args args)
{
    return filter(table, "filter", false, args);
}

weir_table *weir_filter_not_table_with(weir_table *table, struct weir_step_args args)
{
    return filter(table, "filter_not", true, args);
}

weir_table *weir_map_values_table_with(weir_table *parent, const struct weir_type *value, struct weir_step_args step)
{
    if (!parent)
        return NULL;
    const struct verb verb = {parent->topology, step.at, "map_values", step.name ? step.name : step.store};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, step.map != NULL) ||
        !verb_check_type(&verb, "the value's type", value))
        return NULL;
    const struct table_step_args args = {.step = step};
    weir_table *table = add_step(&verb, parent, &operator_map_table, &args);
    if (!table)
        return NULL;
    table->view.find = table_find_mapped;
    table->view.value_type = table->node->value_type = value;
    return table_keep_in(&verb, table, step.store, KEEPING(step)) ? table : NULL;
}

weir_table *weir_transform_values_with(weir_table *parent, const struct weir_type *value,
                                       struct weir_transform_args args)
{
    if (!parent)
        return NULL;
    const struct verb verb = {parent->topology, args.at, "transform_values", args.name ? args.name : args.store};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.map != NULL) ||
        !verb_check_type(&verb, "the value's type", value) || !step_check_stores(&verb, args.stores))
        return NULL;
    weir_table *table = table_behind(&verb, parent, &operator_transform_table, args.name);
    if (!table)
        return NULL;
    table->node->args = node_args(parent->topology, &args, sizeof args);
    table->node->user = args.user;
    table->view.find = table_find_transformed;
    table->view.value_type = table->node->value_type = value;
    return table_keep_in(&verb, table, args.store, KEEPING(args)) &&
                   step_connect_stores(&verb, table->node, args.stores)
               ? table
               : NULL;
}

/* ---- changes ---- */

/* A change that is out of order is not the latest of its key, and says nothing of what the last commit had. */
static bool check_per_commit(const struct verb *verb, const weir_table *table)
{
    if (!table_view_is_versioned(&table->view))
        return true;
    return verb_fail(verb, "changes of the versioned table %s may come out of order; take out .per_commit",
                     table->node->name);
}

static struct graph_node *add_to_stream(const struct verb *verb, struct graph_node *parent, const char *name,
                                        bool per_commit)
{
    return per_commit ? node_add_behind(verb, parent, &operator_to_stream_per_commit, name)
                      : node_add_behind(verb, parent, &operator_to_stream, name);
}

weir_stream *weir_changes_with(struct weir_changes_args args)
{
    weir_table *table = args.table;
    if (!table)
        return NULL;
    const struct verb verb = {table->topology, args.at, "changes", args.name};
    if (!verb_is_open(&verb) || (args.per_commit && !check_per_commit(&verb, table)) ||
        (args.old_values && !table_send_old(&verb, table, true)))
        return NULL;
    const char *name = node_name(&verb, "KTABLE", operator_to_stream.kind, args.name);
    struct graph_node *node = name ? add_to_stream(&verb, table->node, name, args.per_commit) : NULL;
    if (!node)
        return NULL;
    node->args = node_args(table->topology, &args.old_values, sizeof args.old_values);
    return stream_of(table->topology, node);
}

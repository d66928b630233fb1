/* global.c: a topic as a table that every instance holds whole, or through a processor as a store, and joins with the table:
 * weir_global, weir_global_store, weir_join_global.
 *
 * A global table is a sub-topology of its own without tasks; one thread of the app follows its topic. A stream finds its
 * row by any key, so nothing needs to lie in the same partition.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

static bool check_topic(const struct verb *verb)
{
    const struct graph_topic *known = graph_find_topic(verb->topology, verb->name);
    if (known && known->is_source)
        return verb_fail(verb, "the topic is read already; a global table is the only reader of its topic");
    return true;
}

static bool check_global(const struct verb *verb, const char *name)
{
    return verb_is_open(verb) && verb_check_name(verb, "the topic", verb->name) && check_topic(verb) &&
           (!name || verb_check_name(verb, "the node's .name", name));
}

static struct graph_node *add_source(const struct verb *verb, const struct weir_type *key,
                                     const struct weir_source_args *args)
{
    const char *given = args->name ? arena_format(&verb->topology->arena, "%s-source", args->name) : NULL;
    struct graph_node *source = source_node(verb, key, args, given);
    if (source)
        source->is_global = true;
    return source;
}

static struct graph_store *add_store(const struct verb *verb, struct store_spec spec)
{
    spec.kind = STORE_KEY_VALUE;
    spec.no_log = true;
    struct graph_store *store = topology_add_store(verb, spec);
    if (store)
        store->of_global = true;
    return store;
}

static weir_table *add_table(const struct verb *verb, struct graph_node *source, const char *store, bool in_memory,
                             const char *name)
{
    struct graph_node *node = name ? node_add_behind(verb, source, &operator_table_source, name) : NULL;
    weir_table *table = node ? table_of(verb->topology, node, table_find_kept) : NULL;
    if (!table)
        return NULL;
    struct graph_store *kept = add_store(
        verb, (struct store_spec){
                  .name = store, .in_memory = in_memory, .key_type = node->key_type, .value_type = node->value_type});
    if (!kept || !table_keep_in_store(verb, table, kept))
        return NULL;
    table->view.find = table_find_global;
    return table;
}

weir_global_table *weir_global_with(weir_topology *topology, const char *topic, const char *store,
                                    const struct weir_type *key, struct weir_source_args args)
{
    if (!topology)
        return NULL;
    const struct verb verb = {topology, args.at, "global", topic};
    if (!check_global(&verb, args.name))
        return NULL;
    if (args.reset != WEIR_RESET_DEFAULT || args.reset_by.ms != 0) {
        verb_fail(&verb, "a global table is read from the beginning of its topic; it has no .reset");
        return NULL;
    }
    if (args.park) {
        verb_fail(&verb, "a global table has no records that could .park: every instance follows its topic");
        return NULL;
    }
    if (args.history.ms != 0 || args.no_log) {
        verb_fail(&verb, args.no_log ? "a global table has no changelog that .no_log could take away"
                                     : "a global table keeps no .history");
        return NULL;
    }
    struct graph_node *source = add_source(&verb, key, &args);
    if (!source)
        return NULL;
    weir_table *table =
        add_table(&verb, source, store, args.in_memory, node_name(&verb, "KTABLE", "SOURCE", args.name));
    if (!table)
        return NULL;
    weir_global_table *global = arena_alloc(&topology->arena, sizeof *global);
    global->table = *table;
    return global;
}

/* ---- a store of a processor ---- */

static bool check_processor(const struct verb *verb, const struct weir_processor *processor)
{
    if (!processor)
        return verb_fail(verb, "the processor is missing");
    return verb_check_function(verb, processor->process != NULL);
}

static struct weir_source_args source_args(const struct weir_global_store_args *args)
{
    return (struct weir_source_args){
        .at = args->at,
        .value = args->value,
        .reading = args->reading,
        .dead_letters = args->dead_letters,
        .timestamp = args->timestamp,
        .untimed = args->untimed,
        .require_key = args->require_key,
        .confidential = args->confidential,
        .name = args->name,
    };
}

void weir_global_store_with(weir_topology *topology, const char *topic, const char *store, const struct weir_type *key,
                            struct weir_global_store_args args)
{
    if (!topology)
        return;
    const struct verb verb = {topology, args.at, "global_store", topic};
    const struct weir_source_args read = source_args(&args);
    if (!check_global(&verb, args.name) || !check_processor(&verb, args.processor))
        return;
    struct graph_node *source = add_source(&verb, key, &read);
    const char *name = source ? node_name(&verb, "KTABLE", "SOURCE", args.name) : NULL;
    struct graph_node *node = name ? node_add_behind(&verb, source, &operator_process, name) : NULL;
    if (!node)
        return;
    node->args = node_args(topology, args.processor, sizeof *args.processor);
    node->user = args.user;
    struct graph_store *written =
        add_store(&verb, (struct store_spec){.name = store,
                                             .in_memory = args.in_memory,
                                             .key_type = args.store_key ? args.store_key : key,
                                             .value_type = args.store_value ? args.store_value : args.value});
    if (written && node_connect_store(&verb, node, written))
        written->of_processors = true;
}

/* ---- joins ---- */

static bool check_join(const struct verb *verb, const weir_global_table *global, weir_mapper *key,
                       const struct weir_join_args *args)
{
    if (!verb_is_open(verb) || !verb_check_same(verb, global->table.topology) ||
        !verb_check_function(verb, args->fn != NULL) ||
        !verb_check_type(verb, "the result's type (.value)", args->value))
        return false;
    if (!key)
        return verb_fail(verb, "the function that gives the table's key is missing");
    if (args->kind != WEIR_INNER && args->kind != WEIR_LEFT)
        return verb_fail(verb, "a stream and a table have an inner and a left join; the table alone causes nothing");
    if (args->store)
        return verb_fail(verb, "the result is a stream and has no .store");
    if (args->partition_of || args->other_partition_of)
        return verb_fail(verb, "it moves nothing; only a foreign-key join has a .partition_of");
    return verb_check_no_keeping(verb, KEEPING(*args));
}

weir_stream *weir_join_global_with(weir_stream *stream, weir_global_table *global, weir_mapper *key,
                                   struct weir_join_args args)
{
    if (!stream || !global)
        return NULL;
    weir_topology *topology = stream->topology;
    const struct verb verb = {topology, args.at, "join", args.name};
    if (!check_join(&verb, global, key, &args))
        return NULL;
    const char *name = node_name(&verb, "KSTREAM", operator_join_global.kind, args.name);
    struct graph_node *node = name ? node_add_behind(&verb, stream->node, &operator_join_global, name) : NULL;
    if (!node)
        return NULL;
    const struct global_join_args join = {key, args.fn, &global->table.view, args.kind == WEIR_LEFT};
    node->args = node_args(topology, &join, sizeof join);
    node->user = args.user;
    node->value_type = args.value;
    node->passes_null_keys = args.kind == WEIR_LEFT;
    return stream_of(topology, node);
}

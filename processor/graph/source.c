/* source.c: where data comes in, and stores of processors: from, table_from, add_store.
 *
 * All readers of a topic share one source node, because a record is consumed once.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "graph/handles.h"

static struct graph_node *find_source(const weir_topology *topology, const struct graph_topic *topic)
{
    for (size_t i = 0; i < topology->nodes.count; i++)
        if (topology->nodes.items[i]->kind == GRAPH_SOURCE && topology->nodes.items[i]->topic == topic)
            return topology->nodes.items[i];
    return NULL;
}

/* The second reader may ask for nothing else than the first. */
static bool agrees(const struct verb *verb, struct graph_node *source, const struct weir_source_args *args)
{
    if (args->dead_letters && (!source->dead_letters || strcmp(args->dead_letters, source->dead_letters) != 0))
        return verb_fail(verb, "its dead letters go to '%s' (%s), not to '%s'",
                         graph_dead_letters(verb->topology, source, NULL, source->topic->name), source->at,
                         args->dead_letters);
    if (args->untimed != WEIR_UNTIMED_DEFAULT && args->untimed != source->untimed)
        return verb_fail(verb, "it has another .untimed already (%s)", source->at);
    if (args->reading != WEIR_POLICY_DEFAULT && args->reading != source->reading)
        return verb_fail(verb, "it has another .reading already (%s)", source->at);
    if (args->timestamp && args->timestamp != source->timestamp)
        return verb_fail(verb, "it has another .timestamp already (%s)", source->at);
    if (args->name && strcmp(args->name, source->name) != 0)
        return verb_fail(verb, "its node is named '%s' already (%s)", source->name, source->at);
    source->require_key = source->require_key || args->require_key;
    source->topic->requires_key = source->require_key;
    return true;
}

static bool check_policy(const struct verb *verb, const char *field, enum weir_policy policy)
{
    return policy <= WEIR_FAIL || verb_fail(verb, "%s: there is no policy %d", field, (int)policy);
}

static struct graph_node *add_source(const struct verb *verb, struct graph_topic *topic,
                                     const struct weir_source_args *args, const char *name)
{
    if ((args->dead_letters && !verb_check_name(verb, "the dead letter topic", args->dead_letters)) ||
        !check_policy(verb, ".reading", args->reading))
        return NULL;
    if (args->untimed > WEIR_UNTIMED_PARTITION_TIME) {
        verb_fail(verb, ".untimed: there is no policy %d", (int)args->untimed);
        return NULL;
    }
    struct graph_node *node = node_add(verb, GRAPH_SOURCE, name);
    if (!node)
        return NULL;
    node->topic = topic;
    node->key_type = topic->key;
    node->value_type = topic->value;
    node->reading = args->reading;
    node->untimed = args->untimed;
    node->dead_letters = topology_text(verb->topology, args->dead_letters);
    node->timestamp = args->timestamp;
    node->require_key = args->require_key;
    topic->is_source = true;
    topic->requires_key = args->require_key;
    return node;
}

/* A sink of windowed records writes the window into the key; a reader would take it for a part of the key. */
static bool is_written_plain(const struct verb *verb, const struct graph_topic *topic)
{
    for (size_t i = 0; i < verb->topology->nodes.count; i++) {
        const struct graph_node *node = verb->topology->nodes.items[i];
        if (node->topic == topic && node->window_size_ms != 0)
            return verb_fail(verb, "%s (%s) writes windowed keys to it", node->name, node->at);
    }
    return true;
}

static struct graph_node *source_node(const struct verb *verb, const struct weir_type *key,
                                      const struct weir_source_args *args, const char *given)
{
    if (!verb_is_open(verb) || !verb_check_name(verb, "the topic", verb->name) ||
        !verb_check_type(verb, "the key's type", key) || !verb_check_type(verb, "the value's type", args->value))
        return NULL;
    const char *name = node_name(verb, "KSTREAM", "SOURCE", given);
    struct graph_topic *topic = name ? topology_topic(verb, verb->name, key, args->value) : NULL;
    if (!topic || !is_written_plain(verb, topic))
        return NULL;
    if (topic->internal) {
        verb_fail(verb, "it is the topic of a repartition; read the stream that weir_rekey returned");
        return NULL;
    }
    struct graph_node *known = find_source(verb->topology, topic);
    if (!known)
        return add_source(verb, topic, args, name);
    struct weir_source_args same = *args;
    same.name = given;
    return agrees(verb, known, &same) ? known : NULL;
}

weir_stream *weir_from_with(weir_topology *topology, const char *topic, const struct weir_type *key,
                            struct weir_source_args args)
{
    if (!topology)
        return NULL;
    const struct verb verb = {topology, args.at, "from", topic};
    struct graph_node *node = source_node(&verb, key, &args, args.name);
    return node ? stream_of(topology, node) : NULL;
}

/* Kafka Streams: Consumed.as("x") names the operator "x" and its source "x-source"; the name of a store that the author
 * does not give uses up a number, whether or not there will be a store. */
weir_table *weir_table_with(weir_topology *topology, const char *topic, const char *store, const struct weir_type *key,
                            struct weir_source_args args)
{
    if (!topology)
        return NULL;
    const struct verb verb = {topology, args.at, "table_from", topic};
    if (!verb_is_open(&verb) || (args.name && !verb_check_name(&verb, "the node's .name", args.name)))
        return NULL;
    const char *given = args.name ? arena_format(&topology->arena, "%s-source", args.name) : NULL;
    if (!store)
        node_use_number(topology);
    struct graph_node *source = source_node(&verb, key, &args, given);
    const char *name = source ? node_name(&verb, "KTABLE", "SOURCE", args.name) : NULL;
    if (!name)
        return NULL;
    struct graph_node *node = node_add_behind(&verb, source, &operator_table_source, name);
    weir_table *table = node ? table_of(topology, node, table_find_kept) : NULL;
    return table && table_keep_in(&verb, table, store) ? table : NULL;
}

void weir_on_error_with(weir_topology *topology, struct weir_on_error_args args)
{
    if (!topology)
        return;
    const struct verb verb = {topology, args.at, "on_error", NULL};
    if (!verb_is_open(&verb) || !check_policy(&verb, ".reading", args.reading) ||
        !check_policy(&verb, ".processing", args.processing) || !check_policy(&verb, ".producing", args.producing) ||
        (args.dead_letters && !verb_check_name(&verb, "the dead letter topic", args.dead_letters)))
        return;
    if (topology->on_error.at) {
        verb_fail(&verb, "it was said before (%s)", topology->on_error.at);
        return;
    }
    topology->on_error = args;
    topology->on_error.at = topology_text(topology, verb_place(&verb));
    topology->on_error.dead_letters = topology_text(topology, args.dead_letters);
}

void weir_store_with(weir_topology *topology, const char *name, const struct weir_type *key,
                     struct weir_store_args args)
{
    if (!topology)
        return;
    const struct verb verb = {topology, args.at, "add_store", name};
    if (!verb_is_open(&verb) || !verb_check_type(&verb, "the key's type", key) ||
        !verb_check_type(&verb, "the value's type", args.value) || !verb_check_store_window(&verb, &args.window))
        return;
    struct store_spec spec = window_store_spec(&args.window);
    if (args.ttl.ms < 0 || (spec.kind != STORE_KEY_VALUE && args.ttl.ms > 0)) {
        verb_fail(&verb, args.ttl.ms < 0 ? "its .ttl is negative" : "a window store has a .retention and no .ttl");
        return;
    }
    spec.name = name;
    spec.key_type = key;
    spec.value_type = args.value;
    spec.ttl_ms = args.ttl.ms;
    spec.in_memory = args.in_memory;
    spec.no_log = args.no_log;
    struct graph_store *store = topology_add_store(&verb, spec);
    if (store)
        store->of_processors = true;
}

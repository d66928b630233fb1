/* repartition.c: moving data so that equal keys meet: repartition, rekey, group_by; and group, which moves nothing.
 *
 * A repartition is a filter, a sink and, on the other side of the internal topic "<name>-repartition", a source. What is
 * behind it is another sub-topology.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

enum { NODES_WITH_A_NUMBER = 3 }; /* filter, sink and source */

struct graph_topic *repartition_topic(const struct verb *verb, const char *name, const struct graph_node *forwards)
{
    const char *full = arena_format(&verb->topology->arena, "%s-repartition", name);
    const struct graph_topic *known = graph_find_topic(verb->topology, full);
    if (!verb_check_name(verb, "the topic", full))
        return NULL;
    if (known) {
        verb_fail(verb, known->internal ? "the name is taken by another repartition" : "its topic is used already");
        return NULL;
    }
    struct graph_topic *topic = topology_topic(verb, full, forwards->key_type, forwards->value_type);
    topic->internal = topic->is_source = topic->is_sink = true;
    topic->format = WEIR_FORMAT_OBJECT;
    return topic;
}

struct graph_node *repartition_sink(const struct verb *verb, struct graph_node *parent, struct graph_topic *topic,
                                    const char *name)
{
    struct graph_node *sink = name ? node_add_behind(verb, parent, NULL, name) : NULL;
    if (!sink)
        return NULL;
    sink->kind = GRAPH_SINK;
    sink->topic = topic;
    return sink;
}

struct graph_node *repartition_source(const struct verb *verb, struct graph_topic *topic, const char *name)
{
    struct graph_node *source = name ? node_add(verb, GRAPH_SOURCE, name) : NULL;
    if (!source)
        return NULL;
    source->topic = topic;
    source->key_type = topic->key;
    source->value_type = topic->value;
    return source;
}

struct spread { /* over the partitions of the topic */
    int32_t partitions;
    weir_partition_of *partition_of;
};

static bool check_spread(const struct verb *verb, const struct spread *spread)
{
    if (spread->partitions < 0)
        return verb_fail(verb, "there cannot be %d partitions", (int)spread->partitions);
    return true;
}

/* From a node to the source behind the topic; NULL: latched. */
static struct graph_node *add_passage(const struct verb *verb, struct graph_node *from, struct spread spread)
{
    weir_arena *arena = &verb->topology->arena;
    struct graph_topic *topic = repartition_topic(verb, verb->name, from);
    if (!topic)
        return NULL;
    topic->partitions = spread.partitions;
    struct graph_node *filter =
        node_add_behind(verb, from, &operator_keyed, arena_format(arena, "%s-filter", topic->name));
    struct graph_node *sink =
        filter ? repartition_sink(verb, filter, topic, arena_format(arena, "%s-sink", topic->name)) : NULL;
    if (!sink)
        return NULL;
    sink->partition_of = spread.partition_of;
    topic->is_spread = spread.partition_of != NULL;
    return repartition_source(verb, topic, arena_format(arena, "%s-source", topic->name));
}

static struct graph_node *add_mapper(const struct verb *verb, weir_stream *stream, const struct weir_type *key,
                                     const struct weir_step_args *args)
{
    if (!verb_is_open(verb) || !verb_check_name(verb, "the name", verb->name) ||
        !verb_check_type(verb, "the key's type", key) || !verb_check_function(verb, args->map != NULL) ||
        !verb_check_no_store(verb, args->store))
        return NULL;
    const char *name = node_name(verb, "KSTREAM", operator_rekey.kind, args->name);
    struct graph_node *node = name ? node_add_behind(verb, stream->node, &operator_rekey, name) : NULL;
    if (!node)
        return NULL;
    node->args = node_args(verb->topology, args, sizeof *args);
    node->user = args->user;
    node->key_type = key;
    node->key_changed = true;
    node->window_size_ms = 0;
    return node;
}

static weir_stream *behind_passage(const struct verb *verb, struct graph_node *from, struct spread spread)
{
    struct graph_node *source = from ? add_passage(verb, from, spread) : NULL;
    if (!source)
        return NULL;
    for (int i = 0; i < NODES_WITH_A_NUMBER; i++)
        node_use_number(verb->topology);
    return stream_of(verb->topology, source);
}

weir_stream *weir_rekey_with(weir_stream *stream, const char *name, const struct weir_type *key,
                             struct weir_rekey_args args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args.at, "rekey", name};
    const struct spread spread = {args.partitions, args.partition_of};
    const struct weir_step_args step = {.map = args.map, .user = args.user, .name = args.name};
    if (!verb_is_open(&verb) || !check_spread(&verb, &spread))
        return NULL;
    return behind_passage(&verb, add_mapper(&verb, stream, key, &step), spread);
}

weir_stream *weir_repartition_with(weir_stream *stream, struct weir_repartition_args args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args.at, "repartition", args.topic};
    const struct spread spread = {args.partitions, args.partition_of};
    if (!verb_is_open(&verb) || !verb_check_name(&verb, "the name", args.topic) || !check_spread(&verb, &spread))
        return NULL;
    if (stream->node->window_size_ms > 0) {
        verb_fail(&verb, "%s has windowed keys; choose a plain key with weir_rekey", stream->node->name);
        return NULL;
    }
    return behind_passage(&verb, stream->node, spread);
}

static weir_grouped *grouped_of(weir_topology *topology, struct graph_node *node, struct graph_node *filter)
{
    weir_grouped *grouped = arena_alloc(&topology->arena, sizeof *grouped);
    *grouped = (weir_grouped){.topology = topology, .node = node, .at = node->at, .filter = filter};
    return grouped;
}

void grouped_use_numbers(weir_grouped *grouped)
{
    weir_topology *topology = grouped->topology;
    for (int i = 0; grouped->filter && i < NODES_WITH_A_NUMBER; i++)
        node_use_number(topology);
    if (grouped->filter && !grouped->is_aggregated) {
        node_move_last(topology, grouped->filter);
        node_move_last(topology, grouped->filter->children.items[0]);
        node_move_last(topology, grouped->node);
    }
    grouped->is_aggregated = true;
}

/* Kafka Streams names the mapper of a named grouping as the grouping. */
weir_grouped *weir_group_by_with(weir_stream *stream, const char *name, const struct weir_type *key,
                                 struct weir_group_args args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args.at, "group_by", name};
    if (verb_is_open(&verb) && (args.value || args.map_value)) {
        verb_fail(&verb, "records keep their values; change them with weir_map_values first");
        return NULL;
    }
    const struct weir_step_args step = {.map = args.map, .user = args.user, .name = args.name ? args.name : name};
    struct graph_node *mapped = add_mapper(&verb, stream, key, &step);
    struct graph_node *source = mapped ? add_passage(&verb, mapped, (struct spread){0}) : NULL;
    return source ? grouped_of(stream->topology, source, mapped->children.items[0]) : NULL;
}

weir_grouped *weir_group(weir_stream *stream)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, stream->node->at, "group", NULL};
    if (!verb_is_open(&verb) || !verb_check_plain(&verb, stream->node))
        return NULL;
    if (stream->node->window_size_ms != 0) {
        verb_fail(&verb, "%s has windowed keys; choose a plain key with weir_group_by", stream->node->name);
        return NULL;
    }
    return grouped_of(stream->topology, stream->node, NULL);
}

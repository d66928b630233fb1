/* drops.c: what was left out, as streams: drops, late.
 *
 * Drops happen in every sub-topology, so they come together through an internal topic, "<name>-drops". The late records of a
 * table are there where they are found out, and stay in their task.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

static struct graph_topic *drops_topic(const struct verb *verb, const char *name)
{
    const char *full = arena_format(&verb->topology->arena, "%s-drops", name);
    if (graph_find_topic(verb->topology, full)) {
        verb_fail(verb, "its topic is used already");
        return NULL;
    }
    struct graph_topic *topic = topology_topic(verb, full, &weir_bytes_type, &weir_dropped_type);
    topic->internal = topic->is_source = topic->is_drops = true;
    topic->format = WEIR_FORMAT_OBJECT;
    return topic;
}

weir_stream *weir_drops_with(weir_topology *topology, const char *name, const char *at)
{
    if (!topology)
        return NULL;
    const struct verb verb = {topology, at, "drops", name};
    if (!verb_is_open(&verb) || !verb_check_name(&verb, "the name", name))
        return NULL;
    if (topology->drops) {
        verb_fail(&verb, "a topology has one stream of drops; split it");
        return NULL;
    }
    struct graph_topic *topic = drops_topic(&verb, name);
    struct graph_node *source =
        topic ? node_add(&verb, GRAPH_SOURCE, node_name(&verb, "KSTREAM", "SOURCE", NULL)) : NULL;
    if (!source)
        return NULL;
    source->topic = topology->drops = topic;
    source->key_type = topic->key;
    source->value_type = topic->value;
    return stream_of(topology, source);
}

static bool has_late_records(const struct graph_node *node)
{
    return operator_is(node, &operator_window_aggregate) || operator_is(node, &operator_window_reduce) ||
           operator_is(node, &operator_sliding_aggregate) || operator_is(node, &operator_sliding_reduce) ||
           operator_is(node, &operator_session_aggregate) || operator_is(node, &operator_session_reduce);
}

/* It forwards what came to the table's node, so it is of that one's input types. */
weir_stream *weir_late_with(weir_table *table, const char *at)
{
    if (!table)
        return NULL;
    const struct verb verb = {table->topology, at, "late", table->node->name};
    if (!verb_is_open(&verb))
        return NULL;
    if (!has_late_records(table->node)) {
        verb_fail(&verb, "only a windowed count, reduce or aggregate has late records");
        return NULL;
    }
    const struct graph_nodes *children = &table->node->children;
    for (size_t i = 0; i < children->count; i++)
        if (operator_is(children->items[i], &operator_late))
            return stream_of(table->topology, children->items[i]);
    const char *name = node_name(&verb, "KSTREAM", operator_late.kind, NULL);
    struct graph_node *node = node_add_behind(&verb, table->node, &operator_late, name);
    if (!node)
        return NULL;
    const struct graph_node *input = table->node->parents.items[0];
    node->key_type = input->key_type;
    node->value_type = input->value_type;
    node->window_size_ms = input->window_size_ms;
    return stream_of(table->topology, node);
}

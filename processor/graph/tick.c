/* tick.c: weir_tick: time that goes on while the inputs of a sub-topology are quiet.
 *
 * Its source has no children: what a tick does is done by the runtime (runtime/tick.h).
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

static struct graph_topic *ticks_topic(const struct verb *verb)
{
    const char *full = arena_format(&verb->topology->arena, "%s-ticks", verb->name);
    if (graph_find_topic(verb->topology, full)) {
        verb_fail(verb, "its topic is used already");
        return NULL;
    }
    struct graph_topic *topic = topology_topic(verb, full, &weir_bytes_type, &weir_str_type);
    topic->internal = topic->is_source = topic->is_ticks = true;
    return topic;
}

static void tick(weir_topology *topology, const struct graph_node *node, const char *name, weir_duration after,
                 const char *at)
{
    const struct verb verb = {topology, at, "tick", name};
    if (!verb_is_open(&verb) || !verb_check_name(&verb, "the name", name))
        return;
    if (after.ms <= 0) {
        verb_fail(&verb, "the time without records must be positive");
        return;
    }
    struct graph_topic *topic = ticks_topic(&verb);
    struct graph_node *source =
        topic ? node_add(&verb, GRAPH_SOURCE, node_name(&verb, "KSTREAM", "SOURCE", NULL)) : NULL;
    if (!source)
        return;
    source->topic = topic;
    source->key_type = topic->key;
    source->value_type = topic->value;
    source->beside = node;
    source->tick_after_ms = after.ms;
}

void weir_tick_with(weir_stream *stream, const char *name, weir_duration after, const char *at)
{
    if (stream)
        tick(stream->topology, stream->node, name, after, at);
}

void weir_tick_table_with(weir_table *table, const char *name, weir_duration after, const char *at)
{
    if (table)
        tick(table->topology, table->node, name, after, at);
}

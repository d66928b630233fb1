/* map.c: verbs that make other records of each record: map, select_key, flat_map_values.
 *
 * A key that was chosen anew stays in its partition; what needs equal keys in one place refuses the stream until it was
 * moved (verb_check_plain).
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

static weir_stream *with_new_key(struct graph_node *node, weir_topology *topology, const struct weir_type *key)
{
    node->key_type = key;
    node->key_changed = true;
    node->window_size_ms = 0;
    return stream_of(topology, node);
}

weir_stream *weir_map_with(weir_stream *stream, const struct weir_type *key, const struct weir_type *value,
                           struct weir_step_args args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args.at, "map", args.name};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.map_pair != NULL) ||
        !verb_check_type(&verb, "the key's type", key) || !verb_check_type(&verb, "the value's type", value))
        return NULL;
    struct graph_node *node = step_add(&verb, stream, &operator_map, &args);
    if (!node)
        return NULL;
    node->value_type = value;
    return with_new_key(node, stream->topology, key);
}

weir_stream *weir_select_key_with(weir_stream *stream, const struct weir_type *key, struct weir_step_args args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args.at, "select_key", args.name};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.map != NULL) ||
        !verb_check_type(&verb, "the key's type", key))
        return NULL;
    struct graph_node *node = step_add(&verb, stream, &operator_rekey, &args);
    return node ? with_new_key(node, stream->topology, key) : NULL;
}

weir_stream *weir_flat_map_values_with(weir_stream *stream, const struct weir_type *value, struct weir_step_args args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args.at, "flat_map_values", args.name};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.visit != NULL) ||
        !verb_check_type(&verb, "the value's type", value))
        return NULL;
    struct graph_node *node = step_add(&verb, stream, &operator_flat_map_values, &args);
    if (!node)
        return NULL;
    node->value_type = value;
    return stream_of(stream->topology, node);
}

/* combine.c: weir_combine: records of a key made one until the commit. The name is the node's; its store is "<name>-store".
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

static bool check(const struct verb *verb, const weir_stream *stream, const struct weir_combine_args *args)
{
    return verb_is_open(verb) && verb_check_name(verb, "the name", verb->name) &&
           verb_check_function(verb, args->step != NULL) &&
           (args->slice.ms >= 0 || verb_fail(verb, ".slice is negative")) &&
           (stream->node->window_size_ms == 0 || verb_fail(verb, "%s (%s) is windowed; combine in front of the window",
                                                           stream->node->name, stream->node->at));
}

weir_stream *weir_combine_with(weir_stream *stream, const char *name, struct weir_combine_args args)
{
    if (!stream)
        return NULL;
    weir_topology *topology = stream->topology;
    const struct verb verb = {topology, args.at, "combine", name};
    struct graph_store *store = check(&verb, stream, &args) ? topology_add_hidden_store(&verb, false) : NULL;
    struct graph_node *node =
        store ? node_add_behind(&verb, stream->node, &operator_combine, topology_text(topology, name)) : NULL;
    if (!node || !node_connect_store(&verb, node, store))
        return NULL;
    const struct combine_args own = {.step = args.step, .slice_ms = args.slice.ms};
    node->args = node_args(topology, &own, sizeof own);
    node->user = args.user;
    return stream_of(topology, node);
}

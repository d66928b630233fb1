/* end.c: verbs behind which nothing comes: foreach, print.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

void weir_foreach_with(weir_stream *stream, struct weir_step_args args)
{
    if (!stream)
        return;
    const struct verb verb = {stream->topology, args.at, "foreach", args.name};
    if (verb_is_open(&verb) && verb_check_function(&verb, args.visit != NULL))
        step_add(&verb, stream, &operator_foreach, &args);
}

void weir_print_with(weir_stream *stream, struct weir_print_args args)
{
    if (!stream)
        return;
    const struct verb verb = {stream->topology, args.at, "print", args.name};
    if (!verb_is_open(&verb))
        return;
    if (!args.file) {
        verb_fail(&verb, "the file is missing");
        return;
    }
    const char *name = node_name(&verb, "KSTREAM", operator_print.kind, args.name);
    struct graph_node *node = name ? node_add_behind(&verb, stream->node, &operator_print, name) : NULL;
    if (!node)
        return;
    args.label = topology_text(stream->topology, args.label ? args.label : stream->node->name);
    node->args = node_args(stream->topology, &args, sizeof args);
    node->user = args.user;
}

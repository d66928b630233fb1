/* split.c: one stream into several and several into one: split, branch, branch_rest, merge.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

weir_branches *weir_split(weir_stream *stream)
{
    if (!stream)
        return NULL;
    weir_topology *topology = stream->topology;
    const struct verb verb = {topology, stream->node->at, "split", NULL};
    if (!verb_is_open(&verb))
        return NULL;
    const char *name = node_name(&verb, "KSTREAM", operator_split.kind, NULL);
    struct graph_node *node = node_add_behind(&verb, stream->node, &operator_split, name);
    if (!node)
        return NULL;
    weir_branches *branches = arena_alloc(&topology->arena, sizeof *branches);
    *branches = (weir_branches){.topology = topology, .split = node};
    return branches;
}

/* Kafka Streams puts the branch's number behind the name of the split; 0 is the default branch. It uses up a number of
 * nodes as well. */
static struct graph_node *add_branch(const struct verb *verb, weir_branches *branches, int32_t number,
                                     const struct weir_step_args *args)
{
    if (!verb_check_no_store(verb, args->store) ||
        (args->name && !verb_check_name(verb, "the node's .name", args->name)))
        return NULL;
    const char *name = args->name ? topology_text(verb->topology, args->name)
                                  : arena_format(&verb->topology->arena, "%s%d", branches->split->name, number);
    struct graph_node *node = node_add_behind(verb, branches->split, &operator_branch, name);
    if (!node)
        return NULL;
    node_use_number(verb->topology);
    node->args = node_args(verb->topology, args, sizeof *args);
    node->user = args->user;
    return node;
}

weir_stream *weir_branch_with(weir_branches *branches, struct weir_step_args args)
{
    if (!branches)
        return NULL;
    const struct verb verb = {branches->topology, args.at, "branch", args.name};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.test != NULL))
        return NULL;
    if (branches->has_rest) {
        verb_fail(&verb, "nothing is left for it behind weir_branch_rest");
        return NULL;
    }
    struct graph_node *node = add_branch(&verb, branches, branches->count + 1, &args);
    if (!node)
        return NULL;
    branches->count++;
    return stream_of(branches->topology, node);
}

weir_stream *weir_branch_rest(weir_branches *branches)
{
    if (!branches)
        return NULL;
    const struct verb verb = {branches->topology, branches->split->at, "branch_rest", NULL};
    if (!verb_is_open(&verb))
        return NULL;
    if (branches->has_rest) {
        verb_fail(&verb, "a split has one rest only");
        return NULL;
    }
    const struct weir_step_args everything = {.at = verb.at};
    struct graph_node *node = add_branch(&verb, branches, 0, &everything);
    if (!node)
        return NULL;
    branches->has_rest = true;
    return stream_of(branches->topology, node);
}

static bool check_merge(const struct verb *verb, const weir_stream *left, const weir_stream *right)
{
    const struct graph_node *a = left->node;
    const struct graph_node *b = right->node;
    if (!verb_is_open(verb) || !verb_check_same(verb, right->topology))
        return false;
    if (a == b)
        return verb_fail(verb, "both sides are the same stream");
    if (a->key_type != b->key_type)
        return verb_fail(verb, "keys are of type %s and %s (%s)", a->key_type->name, b->key_type->name, b->at);
    if (a->value_type != b->value_type)
        return verb_fail(verb, "values are of type %s and %s (%s)", a->value_type->name, b->value_type->name, b->at);
    return a->window_size_ms == b->window_size_ms ||
           verb_fail(verb, "windows are of %lld and %lld ms (%s)", (long long)a->window_size_ms,
                     (long long)b->window_size_ms, b->at);
}

weir_stream *weir_merge(weir_stream *left, weir_stream *right)
{
    if (!left || !right)
        return NULL;
    const struct verb verb = {left->topology, left->node->at, "merge", NULL};
    if (!check_merge(&verb, left, right))
        return NULL;
    const char *name = node_name(&verb, "KSTREAM", operator_merge.kind, NULL);
    struct graph_node *node = node_add_behind(&verb, left->node, &operator_merge, name);
    if (!node)
        return NULL;
    node_connect(left->topology, right->node, node);
    node->key_changed = left->node->key_changed || right->node->key_changed;
    return stream_of(left->topology, node);
}

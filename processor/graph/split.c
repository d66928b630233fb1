/* split.c: one stream into several and several into one: split, branch, branch_rest, merge.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

weir_branches *weir_split_with(struct weir_split_args args)
{
    if (!args.stream)
        return NULL;
    weir_topology *topology = args.stream->topology;
    const struct verb verb = {topology, args.at, "split", args.name};
    if (!verb_is_open(&verb))
        return NULL;
    const char *name = node_name(&verb, "KSTREAM", operator_split.kind, args.name);
    struct graph_node *node = name ? node_add_behind(&verb, args.stream->node, &operator_split, name) : NULL;
    if (!node)
        return NULL;
    weir_branches *branches = arena_alloc(&topology->arena, sizeof *branches);
    *branches = (weir_branches){.topology = topology, .split = node};
    return branches;
}

/* Kafka Streams puts the branch's name, or else its number, behind the name of the split; 0 is the default branch. A
 * number of the topology is used up as well. */
static const char *branch_name(const struct verb *verb, const weir_branches *branches, int32_t number,
                               const char *given)
{
    weir_arena *arena = &verb->topology->arena;
    const char *name = given ? arena_format(arena, "%s%s", branches->split->name, given)
                             : arena_format(arena, "%s%d", branches->split->name, number);
    node_use_number(verb->topology);
    return verb_check_name(verb, "the node's .name", name) ? name : NULL;
}

static struct graph_node *add_branch(const struct verb *verb, weir_branches *branches, int32_t number,
                                     const struct weir_step_args *args)
{
    const char *name = verb_check_no_store(verb, args->store) ? branch_name(verb, branches, number, args->name) : NULL;
    struct graph_node *node = name ? node_add_behind(verb, branches->split, &operator_branch, name) : NULL;
    if (!node)
        return NULL;
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

weir_stream *weir_branch_rest_with(struct weir_branch_rest_args args)
{
    weir_branches *branches = args.branches;
    if (!branches)
        return NULL;
    const struct verb verb = {branches->topology, args.at, "branch_rest", args.name};
    if (!verb_is_open(&verb))
        return NULL;
    if (branches->has_rest) {
        verb_fail(&verb, "a split has one rest only");
        return NULL;
    }
    const struct weir_step_args everything = {.at = args.at, .name = args.name};
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

/* Kafka Streams links what later readers of a topic are read by anew, to the first reader's source, and so puts it last
 * (InternalStreamsBuilder.mergeDuplicateSourceNodes): it is seen in the description. */
static weir_stream *merge(const struct verb *verb, weir_stream *left, weir_stream *right, const char *given)
{
    if (!check_merge(verb, left, right))
        return NULL;
    const char *name = node_name(verb, "KSTREAM", operator_merge.kind, given);
    bool is_left_first = left->reader <= right->reader;
    struct graph_node *first = is_left_first ? left->node : right->node;
    struct graph_node *node = name ? node_add_behind(verb, first, &operator_merge, name) : NULL;
    if (!node)
        return NULL;
    node_connect(verb->topology, is_left_first ? right->node : left->node, node);
    node->key_changed = left->node->key_changed || right->node->key_changed;
    return stream_of(verb->topology, node);
}

/* Two at a time, as Kafka Streams merges. */
weir_stream *weir_merge_with(weir_stream *stream, struct weir_merge_args args)
{
    if (!stream || !args.with[0])
        return NULL;
    const struct verb verb = {stream->topology, args.at, "merge", args.name};
    for (size_t i = 0; stream && i < WEIR_MERGE_MAX && args.with[i]; i++) {
        bool is_last = i + 1 == WEIR_MERGE_MAX || !args.with[i + 1];
        stream = merge(&verb, stream, args.with[i], is_last ? args.name : NULL);
    }
    return stream;
}

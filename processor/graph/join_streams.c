/* join_streams.c: weir_join: two streams, records that lie close in time.
 *
 * Nodes, their numbers and the names of the stores are those of Kafka Streams' KStreamImplJoin: the name the author gives
 * is StreamJoined.withStoreName, .name is StreamJoined.withName. An inner join of a stream with itself needs one store
 * and one node (topology.optimization).
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

struct join_side {
    struct graph_node *input, *window;
    struct graph_store *store;
    const char *window_name, *join_name;
};

struct stream_join {
    struct join_streams_args args;
    struct join_side left, right;
    const char *merge_name;
    int64_t retention_ms;
    void *user;
    const struct weir_type *value;
    struct keeping keeping;
};

/* ---- checks ---- */

static bool check_window(const struct verb *verb, struct weir_join_args *args)
{
    bool has_reach = args->before.ms != 0 || args->after.ms != 0;
    if (args->within.ms == 0 && !has_reach)
        return verb_fail(verb, "the window is missing (.within, or .before and .after)");
    if (args->within.ms != 0 && has_reach)
        return verb_fail(verb, "it has a .within and a .before or .after; give one or the other");
    if (args->within.ms < 0 || args->grace.ms < 0)
        return verb_fail(verb, "%s is negative", args->within.ms < 0 ? ".within" : ".grace");
    if (!has_reach)
        args->before = args->after = args->within;
    return true;
}

static bool measure(const struct verb *verb, const struct weir_join_args *args, int64_t *retention_ms)
{
    int64_t size_ms;
    if (__builtin_add_overflow(args->before.ms, args->after.ms, &size_ms) ||
        __builtin_add_overflow(size_ms, args->grace.ms, retention_ms) || *retention_ms == INT64_MAX)
        return verb_fail(verb, "the window and its .grace are too great");
    if (size_ms < 0)
        return verb_fail(verb, "the window ends (.after %lld ms) before it begins (.before %lld ms)",
                         (long long)args->after.ms, (long long)args->before.ms);
    return *retention_ms > 0 || verb_fail(verb, "the window is empty");
}

static bool check_inputs(const struct verb *verb, const struct graph_node *left, const struct graph_node *right)
{
    if (!verb_check_plain(verb, left) || !verb_check_plain(verb, right))
        return false;
    if (left->window_size_ms > 0 || right->window_size_ms > 0)
        return verb_fail(verb, "%s has windowed keys; choose a plain key with weir_rekey",
                         left->window_size_ms > 0 ? left->name : right->name);
    return true;
}

/* ---- names ---- */

static const char *suffixed(const struct verb *verb, const char *name, const char *suffix)
{
    return name ? arena_format(&verb->topology->arena, "%s%s", name, suffix) : NULL;
}

static const char *this_suffix(enum weir_join_kind kind)
{
    return kind == WEIR_OUTER ? "-outer-this-join" : "-this-join";
}

static const char *other_suffix(enum weir_join_kind kind)
{
    return kind == WEIR_INNER ? "-other-join" : "-outer-other-join";
}

static bool choose_names(const struct verb *verb, struct stream_join *join, const char *given)
{
    enum weir_join_kind kind = join->args.kind;
    const char *const this_kind = kind == WEIR_OUTER ? "OUTERTHIS" : "JOINTHIS";
    const char *const other_kind = kind == WEIR_INNER ? "JOINOTHER" : "OUTEROTHER";
    const char *window = operator_join_window.kind;
    join->left.window_name = node_name(verb, "KSTREAM", window, suffixed(verb, given, "-this-windowed"));
    join->right.window_name = node_name(verb, "KSTREAM", window, suffixed(verb, given, "-other-windowed"));
    join->left.join_name = node_name(verb, "KSTREAM", this_kind, suffixed(verb, given, this_suffix(kind)));
    join->right.join_name = node_name(verb, "KSTREAM", other_kind, suffixed(verb, given, other_suffix(kind)));
    join->merge_name = node_name(verb, "KSTREAM", operator_merge.kind, suffixed(verb, given, "-merge"));
    return join->left.window_name && join->right.window_name && join->left.join_name && join->right.join_name &&
           join->merge_name;
}

/* ---- nodes and stores ---- */

static struct graph_store *add_store(const struct verb *verb, const struct stream_join *join, const char *suffix,
                                     const struct graph_node *input)
{
    return topology_add_store(verb, (struct store_spec){.name = suffixed(verb, verb->name, suffix),
                                                        .kind = STORE_JOIN,
                                                        .retention_ms = join->retention_ms,
                                                        .in_memory = join->keeping.in_memory,
                                                        .no_log = join->keeping.no_log,
                                                        .hidden = true,
                                                        .key_type = input->key_type,
                                                        .value_type = input->value_type});
}

static bool add_window(const struct verb *verb, const struct stream_join *join, struct join_side *side,
                       const char *suffix)
{
    side->store = add_store(verb, join, suffixed(verb, suffix, "-store"), side->input);
    side->window = side->store ? node_add_behind(verb, side->input, &operator_join_window, side->window_name) : NULL;
    return side->window && node_connect_store(verb, side->window, side->store);
}

/* The records that wait for somebody to meet, of both sides; NULL: none wait, or latched. */
static struct graph_store *add_unmatched(const struct verb *verb, const struct stream_join *join)
{
    enum weir_join_kind kind = join->args.kind;
    const char *suffix = kind == WEIR_OUTER ? "-outer-shared-join-store" : "-left-shared-join-store";
    if (kind == WEIR_INNER)
        return NULL;
    return topology_add_store(verb, (struct store_spec){.name = suffixed(verb, verb->name, suffix),
                                                        .kind = STORE_KEY_VALUE,
                                                        .in_memory = join->keeping.in_memory,
                                                        .no_log = join->keeping.no_log,
                                                        .hidden = true,
                                                        .key_type = &weir_bytes_type,
                                                        .value_type = &weir_bytes_type});
}

static struct graph_node *add_join(const struct verb *verb, const struct stream_join *join, const struct operator* what,
                                   const struct join_side *side, const char *name)
{
    struct graph_node *node = node_add_behind(verb, side->window, what, name);
    if (!node)
        return NULL;
    struct join_streams_args args = join->args;
    args.is_left = side == &join->left;
    node->args = node_args(verb->topology, &args, sizeof args);
    node->user = join->user;
    node->value_type = join->value;
    node->passes_null_keys = join->args.kind != WEIR_INNER;
    return node;
}

static struct graph_node *join_with_itself(const struct verb *verb, struct stream_join *join)
{
    if (!add_window(verb, join, &join->left, this_suffix(join->args.kind)))
        return NULL;
    struct graph_node *node = add_join(verb, join, &operator_join_self, &join->left, join->merge_name);
    return node && node_connect_store(verb, node, join->left.store) ? node : NULL;
}

static bool connect_stores(const struct verb *verb, struct graph_node *node, struct graph_store *other,
                           struct graph_store *unmatched)
{
    return node_connect_store(verb, node, other) && (!unmatched || node_connect_store(verb, node, unmatched));
}

static struct graph_node *join_sides(const struct verb *verb, struct stream_join *join)
{
    if (!add_window(verb, join, &join->left, this_suffix(join->args.kind)) ||
        !add_window(verb, join, &join->right, other_suffix(join->args.kind)))
        return NULL;
    struct graph_store *unmatched = add_unmatched(verb, join);
    if (!verb_is_open(verb))
        return NULL;
    struct graph_node *left = add_join(verb, join, &operator_join_streams, &join->left, join->left.join_name);
    struct graph_node *right = add_join(verb, join, &operator_join_streams, &join->right, join->right.join_name);
    if (!left || !right || !connect_stores(verb, left, join->right.store, unmatched) ||
        !connect_stores(verb, right, join->left.store, unmatched))
        return NULL;
    right->self_of = left;
    copartition_add(verb->topology, left, right);
    struct graph_node *merge = node_add_behind(verb, left, &operator_merge, join->merge_name);
    if (merge)
        node_connect(verb->topology, right, merge);
    return merge;
}

weir_stream *weir_join_with(weir_stream *left, weir_stream *right, const char *name, struct weir_join_args args)
{
    if (!left || !right)
        return NULL;
    const struct verb verb = {left->topology, args.at, "join", name};
    struct stream_join join = {.left.input = left->node, .right.input = right->node, .user = args.user};
    if (!verb_is_open(&verb) || !verb_check_name(&verb, "the name", name) || !verb_check_same(&verb, right->topology) ||
        !check_inputs(&verb, left->node, right->node) || !join_check(&verb, &args, left->node, right->node) ||
        !check_window(&verb, &args) || !measure(&verb, &args, &join.retention_ms))
        return NULL;
    if (args.store || args.history.ms != 0) {
        verb_fail(&verb, "the result is a stream and has no %s", args.store ? ".store" : ".history");
        return NULL;
    }
    join.keeping = KEEPING(args);
    join.value = args.value;
    join.args = (struct join_streams_args){.fn = args.fn,
                                           .kind = args.kind,
                                           .before_ms = args.before.ms,
                                           .after_ms = args.after.ms,
                                           .grace_ms = args.grace.ms,
                                           .left_type = left->node->value_type,
                                           .right_type = right->node->value_type};
    if (!choose_names(&verb, &join, args.name))
        return NULL;
    bool is_self_join = left->node == right->node && args.kind == WEIR_INNER;
    struct graph_node *node = is_self_join ? join_with_itself(&verb, &join) : join_sides(&verb, &join);
    return node ? stream_of(left->topology, node) : NULL;
}

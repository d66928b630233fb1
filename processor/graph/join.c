/* join.c: looking across: join_table, join_tables.
 *
 * Both sides of a join must lie in the same partitions: the same type of key, and a key that is the one the data was
 * partitioned by. That the topics have equally many partitions is checked when the app starts (copartition.c).
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

bool join_check(const struct verb *verb, const struct weir_join_args *args, const struct graph_node *left,
                const struct graph_node *right)
{
    if (!verb_check_function(verb, args->fn != NULL) ||
        !verb_check_type(verb, "the result's type (.value)", args->value))
        return false;
    if (args->kind > WEIR_OUTER)
        return verb_fail(verb, "there is no kind %d of join", (int)args->kind);
    if (args->partition_of || args->other_partition_of)
        return verb_fail(verb, "it moves nothing; only a foreign-key join has a .partition_of");
    if (left->key_type != right->key_type)
        return verb_fail(verb, "keys are of type %s (%s) and %s (%s)", left->key_type->name, left->name,
                         right->key_type->name, right->name);
    return left->window_size_ms == right->window_size_ms ||
           verb_fail(verb, "windows are of %lld ms (%s) and %lld ms (%s)", (long long)left->window_size_ms, left->name,
                     (long long)right->window_size_ms, right->name);
}

/* ---- a stream with a table ---- */

static bool check_stream_join(const struct verb *verb, const weir_stream *stream, const weir_table *table,
                              const struct weir_join_args *args)
{
    if (!verb_is_open(verb) || !verb_check_same(verb, table->topology) || !verb_check_plain(verb, stream->node) ||
        !join_check(verb, args, stream->node, table->node))
        return false;
    if (args->kind == WEIR_OUTER)
        return verb_fail(verb, "a stream and a table have no outer join; the table alone causes nothing");
    if (args->store)
        return verb_fail(verb, "the result is a stream and has no .store");
    return verb_check_no_keeping(verb, KEEPING(*args));
}

/* A record that waits must find the row of its own time when its turn comes. */
static bool check_grace(const struct verb *verb, const weir_table *table, const struct weir_join_args *args)
{
    if (args->grace.ms < 0)
        return verb_fail(verb, ".grace is negative");
    if (args->grace.ms == 0)
        return true;
    if (!table_view_is_versioned(&table->view))
        return verb_fail(verb, "a record that waits meets the row of its own time, which only a versioned table "
                               "(.history) keeps");
    int64_t history_ms = table_history_ms(table);
    if (args->grace.ms > history_ms)
        return verb_fail(verb, ".grace is %lld ms, but the table's .history only %lld ms", (long long)args->grace.ms,
                         (long long)history_ms);
    return args->name || verb_fail(verb, "what waits is kept in the store \"<name>-Buffer\"; give the join a .name");
}

static const struct operator* operator_of(enum weir_join_kind kind, bool waits)
{
    if (waits)
        return kind == WEIR_LEFT ? &operator_left_join_table_waiting : &operator_join_table_waiting;
    return kind == WEIR_LEFT ? &operator_left_join_table : &operator_join_table;
}

/* The store for what waits comes first, as in Kafka Streams. */
static bool connect_buffer(const struct verb *verb, struct graph_node *node)
{
    struct graph_store *store =
        topology_add_store(verb, (struct store_spec){
                                     .name = arena_format(&verb->topology->arena, "%s-Buffer", node->name),
                                     .kind = STORE_KEY_VALUE,
                                     .hidden = true,
                                     .key_type = &weir_bytes_type,
                                     .value_type = &weir_bytes_type,
                                 });
    return store && node_connect_store(verb, node, store);
}

weir_stream *weir_join_table_with(weir_stream *stream, weir_table *table, struct weir_join_args args)
{
    if (!stream || !table)
        return NULL;
    weir_topology *topology = stream->topology;
    const struct verb verb = {topology, args.at, "join", args.name};
    bool waits = args.grace.ms > 0;
    if (!check_stream_join(&verb, stream, table, &args) || !check_grace(&verb, table, &args))
        return NULL;
    const struct operator* what = operator_of(args.kind, waits);
    const char *name = node_name(&verb, "KSTREAM", what->kind, args.name);
    struct graph_node *node = name ? node_add_behind(&verb, stream->node, what, name) : NULL;
    if (!node || (waits && !connect_buffer(&verb, node)) || !node_connect_view(&verb, node, &table->view))
        return NULL;
    copartition_add(topology, stream->node, table->node);
    node->passes_null_keys = args.kind == WEIR_LEFT;
    const struct stream_join_args join = {.fn = args.fn,
                                          .table = &table->view,
                                          .is_versioned = table_view_is_versioned(&table->view),
                                          .is_left = args.kind == WEIR_LEFT,
                                          .grace_ms = args.grace.ms};
    node->args = node_args(topology, &join, sizeof join);
    node->user = args.user;
    node->value_type = args.value;
    return stream_of(topology, node);
}

enum { LOOKUPS_MAX = 64 };

/* ---- a table with a table ---- */

struct join_names {
    const char *result, *left, *right;
};

/* The result is numbered before its sides, as Kafka Streams does. */
static bool choose_names(const struct verb *verb, const char *given, struct join_names *names)
{
    weir_arena *arena = &verb->topology->arena;
    names->result = node_name(verb, "KTABLE", operator_join_result.kind, given);
    if (!names->result)
        return false;
    names->left =
        node_name(verb, "KTABLE", operator_join_this.kind, given ? arena_format(arena, "%s-join-this", given) : NULL);
    names->right =
        node_name(verb, "KTABLE", operator_join_other.kind, given ? arena_format(arena, "%s-join-other", given) : NULL);
    return names->left && names->right;
}

static struct graph_node *add_side(const struct verb *verb, const struct operator* what, weir_table *mine,
                                   weir_table *other, const struct weir_join_args *args, const char *name)
{
    struct graph_node *node = node_add_behind(verb, mine->node, what, name);
    if (!node || !node_connect_view(verb, node, &other->view))
        return NULL;
    const struct table_join_args join = {args->fn, args->kind, &other->view, table_view_is_versioned(&mine->view)};
    node->args = node_args(verb->topology, &join, sizeof join);
    node->user = args->user;
    node->value_type = args->value;
    return node;
}

static weir_table *add_result(const struct verb *verb, weir_table *left, weir_table *right,
                              const struct weir_join_args *args, struct graph_node *node)
{
    weir_table *table = table_of(verb->topology, node, table_find_joined);
    table->from[0] = left;
    table->from[1] = right;
    table->view.of[0] = &left->view;
    table->view.of[1] = &right->view;
    table->view.lookups = left->view.lookups + right->view.lookups;
    return table_keep_in(verb, table, args->store, KEEPING(*args)) ? table : NULL;
}

/* What a change replaces decides whether a result was there before: the side whose rows alone make results says so. */
static bool ask_for_old_values(const struct verb *verb, weir_table *left, weir_table *right, enum weir_join_kind kind)
{
    return (kind == WEIR_INNER || table_send_old(verb, left, true)) &&
           (kind != WEIR_OUTER || table_send_old(verb, right, true));
}

/* A table joined with itself again and again doubles the work each time. */
static bool check_lookups(const struct verb *verb, const weir_table *left, const weir_table *right)
{
    if (left->view.lookups + right->view.lookups <= LOOKUPS_MAX)
        return true;
    return verb_fail(verb, "a value would need more than %d lookups; keep a result in a store of its own (.store)",
                     LOOKUPS_MAX);
}

weir_table *weir_join_tables_with(weir_table *left, weir_table *right, struct weir_join_args args)
{
    struct join_names names;
    if (!left || !right)
        return NULL;
    const struct verb verb = {left->topology, args.at, "join", args.name ? args.name : args.store};
    if (!verb_is_open(&verb) || !verb_check_same(&verb, right->topology) ||
        !join_check(&verb, &args, left->node, right->node) || !check_lookups(&verb, left, right) ||
        !choose_names(&verb, args.name, &names) || !ask_for_old_values(&verb, left, right, args.kind))
        return NULL;
    struct graph_node *one = add_side(&verb, &operator_join_this, left, right, &args, names.left);
    struct graph_node *two = one ? add_side(&verb, &operator_join_other, right, left, &args, names.right) : NULL;
    struct graph_node *node = two ? node_add_behind(&verb, one, &operator_join_result, names.result) : NULL;
    if (!node)
        return NULL;
    node_connect(left->topology, two, node);
    copartition_add(left->topology, one, two);
    node->args = one->args;
    node->user = args.user;
    return add_result(&verb, left, right, &args, node);
}

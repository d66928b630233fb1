/* join_foreign.c: weir_join_foreign: a table with the row of another that its values name.
 *
 * Two internal topics carry questions to where the right rows live and answers back (operators/join_foreign.c). Nodes, their
 * numbers and the names of topics and store are those of Kafka Streams' KTableImpl.doJoinOnForeignKey; the name that the
 * author gives is TableJoined.as.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/handles.h"

struct foreign_names {
    const char *question_topic, *subscribe, *question_sink, *question_source, *store, *receive, *answer, *inform;
    const char *answer_topic, *answer_sink, *answer_source, *resolve, *result;
};

struct foreign_join {
    weir_table *left, *right;
    struct foreign_names names;
    struct foreign_join_args args;
    struct graph_store *store;
    struct graph_topic *questions, *answers;
    weir_partition_of *partition_of, *other_partition_of;
    void *user;
};

/* ---- names ---- */

static const char *suffixed(const struct verb *verb, const char *suffix)
{
    node_use_number(verb->topology); /* used up although the name is given */
    return arena_format(&verb->topology->arena, "%s%s", verb->name, suffix);
}

static void choose_names(const struct verb *verb, struct foreign_names *names)
{
    names->question_topic = suffixed(verb, "-subscription-registration-topic");
    names->subscribe = suffixed(verb, "-subscription-registration-processor");
    names->question_sink = suffixed(verb, "-subscription-registration-sink");
    names->question_source = suffixed(verb, "-subscription-registration-source");
    names->store = suffixed(verb, "-subscription-store");
    names->receive = suffixed(verb, "-subscription-receive");
    names->answer = suffixed(verb, "-subscription-join-foreign");
    names->inform = suffixed(verb, "-foreign-join-subscription");
    names->answer_topic = suffixed(verb, "-subscription-response-topic");
    names->answer_sink = suffixed(verb, "-subscription-response-sink");
    names->answer_source = suffixed(verb, "-subscription-response-source");
    names->resolve = suffixed(verb, "-subscription-response-resolver");
    names->result = suffixed(verb, "-result");
}

/* ---- checks ---- */

static bool check(const struct verb *verb, const weir_table *left, const weir_table *right, weir_mapper *extract,
                  const struct weir_join_args *args)
{
    const struct graph_node *windowed = left->node->window_size_ms != 0    ? left->node
                                        : right->node->window_size_ms != 0 ? right->node
                                                                           : NULL;
    if (!verb_is_open(verb) || !verb_check_name(verb, "the name", verb->name) ||
        !verb_check_same(verb, right->topology) || !verb_check_function(verb, args->fn != NULL) ||
        !verb_check_type(verb, "the result's type (.value)", args->value))
        return false;
    if (!extract)
        return verb_fail(verb, "the function that gives the foreign key is missing");
    if (args->kind != WEIR_INNER && args->kind != WEIR_LEFT)
        return verb_fail(verb, "there is an inner and a left join only: a right row does not know who will name it");
    if (args->name)
        return verb_fail(verb, "it has a name already, and so no .name");
    return !windowed || verb_fail(verb, "%s has windowed keys", windowed->name);
}

/* ---- building ---- */

static struct graph_topic *add_topic(const struct verb *verb, const char *name, const struct weir_type *key)
{
    if (!verb_check_name(verb, "the topic", name))
        return NULL;
    if (graph_find_topic(verb->topology, name)) {
        verb_fail(verb, "the name is taken by another join");
        return NULL;
    }
    struct graph_topic *topic = topology_topic(verb, name, key, &weir_bytes_type);
    topic->internal = topic->is_source = topic->is_sink = true;
    topic->format = WEIR_FORMAT_OBJECT;
    return topic;
}

static struct graph_node *add_step(const struct verb *verb, const struct foreign_join *join, struct graph_node *parent,
                                   const struct operator* what, const char *name)
{
    struct graph_node *node = node_add_behind(verb, parent, what, name);
    if (!node)
        return NULL;
    node->args = node_args(verb->topology, &join->args, sizeof join->args);
    node->user = join->user;
    return node;
}

static void spread_by_key(struct graph_node *sink, weir_partition_of *partition_of)
{
    sink->partition_of = partition_of;
    sink->partition_by_key = true;
    sink->topic->is_spread = true;
}

static bool ask(const struct verb *verb, struct foreign_join *join)
{
    struct graph_node *subscribe =
        add_step(verb, join, join->left->node, &operator_foreign_subscribe, join->names.subscribe);
    if (!subscribe)
        return false;
    subscribe->key_type = join->args.foreign_key_type;
    subscribe->value_type = &weir_bytes_type;
    struct graph_node *sink = repartition_sink(verb, subscribe, join->questions, join->names.question_sink);
    if (sink && join->other_partition_of)
        spread_by_key(sink, join->other_partition_of);
    return sink != NULL;
}

/* A node that sends answers: they go to where the left row lives, and both kinds through one sink. */
static struct graph_node *add_answering(const struct verb *verb, struct foreign_join *join, struct graph_node *parent,
                                        const struct operator* what, const char *name)
{
    join->args.table = &join->right->view;
    struct graph_node *node = add_step(verb, join, parent, what, name);
    if (!node)
        return NULL;
    node->key_type = join->args.primary_key_type;
    node->value_type = &weir_bytes_type;
    return node;
}

static bool answer(const struct verb *verb, struct foreign_join *join)
{
    struct graph_node *source = repartition_source(verb, join->questions, join->names.question_source);
    struct graph_node *receive =
        source ? add_step(verb, join, source, &operator_foreign_receive, join->names.receive) : NULL;
    if (!receive || !node_connect_store(verb, receive, join->store))
        return false;
    struct graph_node *reply = add_answering(verb, join, receive, &operator_foreign_answer, join->names.answer);
    struct graph_node *inform =
        reply ? add_answering(verb, join, join->right->node, &operator_foreign_inform, join->names.inform) : NULL;
    if (!inform || !node_connect_view(verb, reply, &join->right->view) ||
        !node_connect_store(verb, inform, join->store))
        return false;
    struct graph_node *sink = repartition_sink(verb, reply, join->answers, join->names.answer_sink);
    if (!sink)
        return false;
    node_connect(verb->topology, inform, sink);
    copartition_add(verb->topology, source, join->right->node);
    sink->partition_of = foreign_response_partition;
    if (join->partition_of)
        spread_by_key(sink, join->partition_of);
    return true;
}

static struct graph_node *resolve(const struct verb *verb, struct foreign_join *join, const struct weir_type *value)
{
    struct graph_node *source = repartition_source(verb, join->answers, join->names.answer_source);
    join->args.table = &join->left->view;
    struct graph_node *node =
        source ? add_step(verb, join, source, &operator_foreign_resolve, join->names.resolve) : NULL;
    if (!node || !node_connect_view(verb, node, &join->left->view))
        return NULL;
    copartition_add(verb->topology, source, join->left->node);
    node->value_type = value;
    return node_add_behind(verb, node, &operator_table_source, join->names.result);
}

static bool build(const struct verb *verb, struct foreign_join *join)
{
    join->questions = add_topic(verb, join->names.question_topic, join->args.foreign_key_type);
    join->answers = join->questions ? add_topic(verb, join->names.answer_topic, join->args.primary_key_type) : NULL;
    if (!join->answers)
        return false;
    join->store = topology_add_store(verb, (struct store_spec){.name = join->names.store,
                                                               .kind = STORE_KEY_VALUE,
                                                               .hidden = true,
                                                               .is_walked = true,
                                                               .key_type = &weir_bytes_type,
                                                               .value_type = &weir_bytes_type});
    return join->store && ask(verb, join) && answer(verb, join);
}

weir_table *weir_join_foreign_with(weir_table *left, weir_table *right, const char *name, weir_mapper *extract,
                                   struct weir_join_args args)
{
    if (!left || !right)
        return NULL;
    weir_topology *topology = left->topology;
    const struct verb verb = {topology, args.at, "join", name};
    if (!check(&verb, left, right, extract, &args) || !table_send_old(&verb, right, true) ||
        !table_send_old(&verb, left, true))
        return NULL;
    struct foreign_join join = {.left = left,
                                .right = right,
                                .partition_of = args.partition_of,
                                .other_partition_of = args.other_partition_of,
                                .user = args.user};
    join.args = (struct foreign_join_args){.extract = extract,
                                           .fn = args.fn,
                                           .is_left = args.kind == WEIR_LEFT,
                                           .left_is_versioned = table_view_is_versioned(&left->view),
                                           .right_is_versioned = table_view_is_versioned(&right->view),
                                           .primary_key_type = left->node->key_type,
                                           .foreign_key_type = right->node->key_type,
                                           .left_type = left->node->value_type,
                                           .right_type = right->node->value_type};
    choose_names(&verb, &join.names);
    if (!args.store)
        node_use_number(topology);
    struct graph_node *node = build(&verb, &join) ? resolve(&verb, &join, args.value) : NULL;
    weir_table *table = node ? table_of(topology, node, table_find_kept) : NULL;
    return table && table_keep_in(&verb, table, args.store, KEEPING(args)) ? table : NULL;
}

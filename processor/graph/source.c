/* source.c: where data comes in, and stores of processors: from, table_from, add_store.
 *
 * All readers of a topic share one source node, because a record is consumed once.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "graph/handles.h"

struct topics { /* of one source */
    struct graph_topic *items[WEIR_TOPICS_MAX];
    size_t count;
};

struct graph_topic *graph_source_topic(const struct graph_node *source, size_t i)
{
    if (i == 0)
        return source->topic;
    return i <= source->more_count ? source->more[i - 1] : NULL;
}

static bool reads(const struct graph_node *source, const struct graph_topic *topic)
{
    const struct graph_topic *one;
    for (size_t i = 0; source->kind == GRAPH_SOURCE && (one = graph_source_topic(source, i)); i++)
        if (one == topic)
            return true;
    return false;
}

struct graph_node *source_of_topic(const weir_topology *topology, const struct graph_topic *topic)
{
    for (size_t i = 0; i < topology->nodes.count; i++)
        if (reads(topology->nodes.items[i], topic))
            return topology->nodes.items[i];
    return NULL;
}

/* All topics or none are read by the one source; their order does not matter. */
static bool reads_the_same(const struct verb *verb, const struct graph_node *source, const struct topics *topics)
{
    for (size_t i = 0; i < topics->count; i++)
        if (!reads(source, topics->items[i]))
            return verb_fail(verb, "%s (%s) reads some of these topics, but not '%s'", source->name, source->at,
                             topics->items[i]->name);
    return topics->count == source->more_count + 1 ||
           verb_fail(verb, "%s (%s) reads it together with other topics", source->name, source->at);
}

static void require_key(struct graph_node *source, bool is_required)
{
    struct graph_topic *topic;
    source->require_key = source->require_key || is_required;
    for (size_t i = 0; (topic = graph_source_topic(source, i)); i++)
        topic->requires_key = source->require_key;
}

/* What waits must be whole in its letter. */
static bool fail_confidential(const struct verb *verb)
{
    return verb_fail(verb,
                     "a .confidential source cannot .park: its letters hold no values that could be processed later");
}

/* The store is the source's, so that it is committed with what was read. */
static bool park(const struct verb *verb, struct graph_node *source, const char *store, bool is_confidential)
{
    if (!store)
        return true;
    if (is_confidential)
        return fail_confidential(verb);
    weir_store_with(verb->topology, store, source->key_type,
                    (struct weir_store_args){.at = verb_place(verb), .value = &parked_key_type});
    if (!verb_is_open(verb))
        return false;
    struct graph_store *parked = graph_find_store(verb->topology, store);
    source->parked = parked;
    return node_connect_store(verb, source, parked);
}

/* The second reader may ask for nothing else than the first. */
bool source_agrees(const struct verb *verb, struct graph_node *source, const struct weir_source_args *args)
{
    if (args->dead_letters && (!source->dead_letters || strcmp(args->dead_letters, source->dead_letters) != 0))
        return verb_fail(verb, "its dead letters go to '%s' (%s), not to '%s'",
                         graph_dead_letters(verb->topology, source, NULL, source->topic->name), source->at,
                         args->dead_letters);
    if (args->park && (!source->parked || strcmp(args->park, source->parked->spec.name) != 0))
        return verb_fail(verb, "it has another .park already, or none (%s)", source->at);
    if (args->untimed != WEIR_UNTIMED_DEFAULT && args->untimed != source->untimed)
        return verb_fail(verb, "it has another .untimed already (%s)", source->at);
    if (args->reset != WEIR_RESET_DEFAULT && (args->reset != source->reset || args->reset_by.ms != source->reset_by_ms))
        return verb_fail(verb, "it has another .reset already (%s)", source->at);
    if (args->reading != WEIR_POLICY_DEFAULT && args->reading != source->reading)
        return verb_fail(verb, "it has another .reading already (%s)", source->at);
    if (args->timestamp && args->timestamp != source->timestamp)
        return verb_fail(verb, "it has another .timestamp already (%s)", source->at);
    if (args->name && strcmp(args->name, source->name) != 0)
        return verb_fail(verb, "its node is named '%s' already (%s)", source->name, source->at);
    require_key(source, args->require_key);
    source->confidential = source->confidential || args->confidential;
    return !(source->parked && source->confidential) || fail_confidential(verb);
}

static bool check_policy(const struct verb *verb, const char *field, enum weir_policy policy)
{
    return policy <= WEIR_FAIL || verb_fail(verb, "%s: there is no policy %d", field, (int)policy);
}

static bool check_reset(const struct verb *verb, const struct weir_source_args *args)
{
    if (args->reset > WEIR_RESET_NONE)
        return verb_fail(verb, ".reset: there is no such place, %d", (int)args->reset);
    if (args->reset_by.ms < 0)
        return verb_fail(verb, "its .reset_by is negative");
    return args->reset_by.ms == 0 || args->reset == WEIR_RESET_BY_DURATION ||
           verb_fail(verb, ".reset_by goes with WEIR_RESET_BY_DURATION");
}

static void take_topics(const struct verb *verb, struct graph_node *node, const struct topics *topics)
{
    node->topic = topics->items[0];
    node->more_count = topics->count - 1;
    node->more = arena_alloc(&verb->topology->arena, topics->count * sizeof(struct graph_topic *));
    for (size_t i = 0; i < node->more_count; i++)
        node->more[i] = topics->items[i + 1];
    for (size_t i = 0; i < topics->count; i++)
        topics->items[i]->is_source = true;
    node->key_type = node->topic->key;
    node->value_type = node->topic->value;
}

static struct graph_node *add_source(const struct verb *verb, const struct topics *topics,
                                     const struct weir_source_args *args, const char *name)
{
    if ((args->dead_letters && !verb_check_name(verb, "the dead letter topic", args->dead_letters)) ||
        !check_policy(verb, ".reading", args->reading) || !check_reset(verb, args))
        return NULL;
    if (args->untimed > WEIR_UNTIMED_PARTITION_TIME) {
        verb_fail(verb, ".untimed: there is no policy %d", (int)args->untimed);
        return NULL;
    }
    struct graph_node *node = node_add(verb, GRAPH_SOURCE, name);
    if (!node)
        return NULL;
    take_topics(verb, node, topics);
    node->reading = args->reading;
    node->reset = args->reset;
    node->reset_by_ms = args->reset_by.ms;
    node->untimed = args->untimed;
    node->dead_letters = topology_text(verb->topology, args->dead_letters);
    node->timestamp = args->timestamp;
    node->confidential = args->confidential;
    require_key(node, args->require_key);
    return park(verb, node, args->park, args->confidential) ? node : NULL;
}

struct graph_node *source_add_one(const struct verb *verb, struct graph_topic *topic,
                                  const struct weir_source_args *args, const char *name)
{
    const struct topics topics = {.items = {topic}, .count = 1};
    return add_source(verb, &topics, args, name);
}

/* A sink of windowed records writes the window into the key; a reader would take it for a part of the key. */
static bool is_written_plain(const struct verb *verb, const struct graph_topic *topic)
{
    for (size_t i = 0; i < verb->topology->nodes.count; i++) {
        const struct graph_node *node = verb->topology->nodes.items[i];
        if (node->topic == topic && node->window_size_ms != 0)
            return verb_fail(verb, "%s (%s) writes windowed keys to '%s'", node->name, node->at, topic->name);
    }
    return true;
}

static struct graph_topic *topic_of(const struct verb *verb, const char *name, const struct weir_type *key,
                                    const struct weir_type *value)
{
    struct graph_topic *topic =
        verb_check_name(verb, "the topic", name) ? topology_topic(verb, name, key, value) : NULL;
    if (!topic || !is_written_plain(verb, topic))
        return NULL;
    if (!topic->internal)
        return topic;
    verb_fail(verb, "it is the topic of a repartition; read the stream that weir_repartition or weir_rekey returned");
    return NULL;
}

static bool add_topic(const struct verb *verb, struct topics *topics, const char *name, const struct weir_type *key,
                      const struct weir_type *value)
{
    struct graph_topic *topic = topic_of(verb, name, key, value);
    if (!topic || !pattern_check_topic(verb, topic))
        return false;
    for (size_t i = 0; i < topics->count; i++)
        if (topics->items[i] == topic)
            return verb_fail(verb, "the topic '%s' is named twice", topic->name);
    topics->items[topics->count++] = topic;
    return true;
}

static bool find_topics(const struct verb *verb, const struct weir_type *key, const struct weir_source_args *args,
                        struct topics *topics)
{
    if (!verb_check_name(verb, "the topic", verb->name) || !verb_check_type(verb, "the key's type", key) ||
        !verb_check_type(verb, "the value's type", args->value) ||
        !add_topic(verb, topics, verb->name, key, args->value))
        return false;
    for (size_t i = 0; i < WEIR_TOPICS_MAX - 1 && args->also[i]; i++)
        if (!add_topic(verb, topics, args->also[i], key, args->value))
            return false;
    return true;
}

static struct graph_node *known_source(const struct verb *verb, const struct topics *topics)
{
    struct graph_node *known = NULL;
    for (size_t i = 0; i < topics->count && !known; i++)
        known = source_of_topic(verb->topology, topics->items[i]);
    return known;
}

struct graph_node *source_node(const struct verb *verb, const struct weir_type *key,
                               const struct weir_source_args *args, const char *given)
{
    struct topics topics = {.count = 0};
    if (!verb_is_open(verb) || !find_topics(verb, key, args, &topics))
        return NULL;
    const char *name = node_name(verb, "KSTREAM", "SOURCE", given);
    struct graph_node *known = name ? known_source(verb, &topics) : NULL;
    if (!name || !known)
        return name ? add_source(verb, &topics, args, name) : NULL;
    if (known->is_global) {
        verb_fail(verb, "a global table (%s) is the only reader of its topic", known->at);
        return NULL;
    }
    struct weir_source_args same = *args;
    same.name = given;
    return reads_the_same(verb, known, &topics) && source_agrees(verb, known, &same) ? known : NULL;
}

weir_stream *source_stream(const struct verb *verb, struct graph_node *node, size_t nodes_before)
{
    weir_stream *stream = node ? stream_of(verb->topology, node) : NULL;
    if (stream && verb->topology->nodes.count == nodes_before)
        stream->reader = verb->topology->next_number;
    return stream;
}

weir_stream *weir_from_with(weir_topology *topology, const char *topic, const struct weir_type *key,
                            struct weir_source_args args)
{
    if (!topology)
        return NULL;
    const struct verb verb = {topology, args.at, "from", topic};
    if (!verb_is_open(&verb) || !verb_check_no_keeping(&verb, KEEPING(args)))
        return NULL;
    size_t nodes_before = topology->nodes.count;
    return source_stream(&verb, source_node(&verb, key, &args, args.name), nodes_before);
}

/* Kafka Streams: Consumed.as("x") names the operator "x" and its source "x-source"; the name of a store that the author
 * does not give uses up a number, whether or not there will be a store. */
weir_table *weir_table_with(weir_topology *topology, const char *topic, const char *store, const struct weir_type *key,
                            struct weir_source_args args)
{
    if (!topology)
        return NULL;
    const struct verb verb = {topology, args.at, "table_from", topic};
    if (!verb_is_open(&verb) || (args.name && !verb_check_name(&verb, "the node's .name", args.name)))
        return NULL;
    if (args.also[0]) {
        verb_fail(&verb, "a table is made of one topic; merge streams and use weir_to_table");
        return NULL;
    }
    const char *given = args.name ? arena_format(&topology->arena, "%s-source", args.name) : NULL;
    if (!store)
        node_use_number(topology);
    struct graph_node *source = source_node(&verb, key, &args, given);
    const char *name = source ? node_name(&verb, "KTABLE", "SOURCE", args.name) : NULL;
    if (!name)
        return NULL;
    struct graph_node *node = node_add_behind(&verb, source, &operator_table_source, name);
    weir_table *table = node ? table_of(topology, node, table_find_kept) : NULL;
    return table && table_keep_in(&verb, table, store, KEEPING(args)) ? table : NULL;
}

void weir_on_error_with(weir_topology *topology, struct weir_on_error_args args)
{
    if (!topology)
        return;
    const struct verb verb = {topology, args.at, "on_error", NULL};
    if (!verb_is_open(&verb) || !check_policy(&verb, ".reading", args.reading) ||
        !check_policy(&verb, ".processing", args.processing) || !check_policy(&verb, ".producing", args.producing) ||
        (args.dead_letters && !verb_check_name(&verb, "the dead letter topic", args.dead_letters)))
        return;
    if (topology->on_error.at) {
        verb_fail(&verb, "it was said before (%s)", topology->on_error.at);
        return;
    }
    topology->on_error = args;
    topology->on_error.at = topology_text(topology, verb_place(&verb));
    topology->on_error.dead_letters = topology_text(topology, args.dead_letters);
}

void weir_store_with(weir_topology *topology, const char *name, const struct weir_type *key,
                     struct weir_store_args args)
{
    if (!topology)
        return;
    const struct verb verb = {topology, args.at, "add_store", name};
    if (!verb_is_open(&verb) || !verb_check_type(&verb, "the key's type", key) ||
        !verb_check_type(&verb, "the value's type", args.value) || !verb_check_store_window(&verb, &args.window))
        return;
    if (!verb_check_keeping(&verb, KEEPING(args), window_kind(&args.window) != WINDOW_NONE))
        return;
    struct store_spec spec = window_store_spec(&args.window, KEEPING(args));
    if (args.ttl.ms < 0 || (spec.kind != STORE_KEY_VALUE && args.ttl.ms > 0)) {
        verb_fail(&verb, "%s",
                  args.ttl.ms < 0                ? "its .ttl is negative"
                  : spec.kind == STORE_VERSIONED ? "a versioned store has a .history and no .ttl"
                                                 : "a window store has a .retention and no .ttl");
        return;
    }
    spec.name = name;
    spec.key_type = key;
    spec.value_type = args.value;
    spec.ttl_ms = args.ttl.ms;
    struct graph_store *store = topology_add_store(&verb, spec);
    if (store)
        store->of_processors = true;
}

/* step.c: verbs with one stream in and one out: filter, map_values, flat_map, peek, process; and to.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "graph/handles.h"

struct graph_node *step_add(const struct verb *verb, weir_stream *stream, const struct operator* what,
                            const struct weir_step_args *args)
{
    if (!verb_check_no_store(verb, args->store) || !verb_check_no_keeping(verb, KEEPING(*args)))
        return NULL;
    const char *name = node_name(verb, "KSTREAM", what->kind, args->name);
    struct graph_node *node = name ? node_add_behind(verb, stream->node, what, name) : NULL;
    if (!node)
        return NULL;
    node->args = node_args(verb->topology, args, sizeof *args);
    node->user = args->user;
    return node;
}

static weir_stream *add_filter(weir_stream *stream, const char *word, const struct operator* what,
                               const struct weir_step_args *args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args->at, word, args->name};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args->test != NULL))
        return NULL;
    struct graph_node *node = step_add(&verb, stream, what, args);
    return node ? stream_of(stream->topology, node) : NULL;
}

weir_stream *weir_filter_with(weir_stream *stream, struct weir_step_args args)
{
    return add_filter(stream, "filter", &operator_filter, &args);
}

weir_stream *weir_filter_not_with(weir_stream *stream, struct weir_step_args args)
{
    return add_filter(stream, "filter_not", &operator_filter_not, &args);
}

weir_stream *weir_map_values_with(weir_stream *stream, const struct weir_type *value, struct weir_step_args args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args.at, "map_values", args.name};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.map != NULL) ||
        !verb_check_type(&verb, "the value's type", value))
        return NULL;
    struct graph_node *node = step_add(&verb, stream, &operator_map_values, &args);
    if (!node)
        return NULL;
    node->value_type = value;
    return stream_of(stream->topology, node);
}

/* A given key type says that keys change: the stream is neither windowed any more nor in its partitions. */
static void change_types(struct graph_node *node, const struct weir_type *key, const struct weir_type *value)
{
    if (value)
        node->value_type = value;
    if (!key)
        return;
    node->key_type = key;
    node->key_changed = true;
    node->window_size_ms = 0;
}

weir_stream *weir_flat_map_with(weir_stream *stream, const struct weir_type *key, const struct weir_type *value,
                                struct weir_step_args args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args.at, "flat_map", args.name};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.visit != NULL) ||
        !verb_check_type(&verb, "the value's type", value))
        return NULL;
    struct graph_node *node = step_add(&verb, stream, &operator_flat_map, &args);
    if (!node)
        return NULL;
    change_types(node, key, value);
    return stream_of(stream->topology, node);
}

weir_stream *weir_peek_with(weir_stream *stream, struct weir_step_args args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args.at, "peek", args.name};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.visit != NULL))
        return NULL;
    struct graph_node *node = step_add(&verb, stream, &operator_peek, &args);
    return node ? stream_of(stream->topology, node) : NULL;
}

/* ---- process ---- */

bool step_check_stores(const struct verb *verb, const char *const stores[WEIR_STORES_MAX])
{
    for (size_t i = 0; i < WEIR_STORES_MAX; i++) {
        const struct graph_store *store = stores[i] ? graph_find_store(verb->topology, stores[i]) : NULL;
        if (stores[i] && (!store || store->spec.hidden))
            return verb_fail(verb, "there is no store '%s'; declare it with weir_add_store first", stores[i]);
        for (size_t j = 0; stores[i] && j < i; j++)
            if (stores[j] && strcmp(stores[i], stores[j]) == 0)
                return verb_fail(verb, "store '%s' is named twice", stores[i]);
    }
    return true;
}

bool step_connect_stores(const struct verb *verb, struct graph_node *node, const char *const stores[WEIR_STORES_MAX])
{
    for (size_t i = 0; i < WEIR_STORES_MAX; i++) {
        struct graph_store *store = stores[i] ? graph_find_store(verb->topology, stores[i]) : NULL;
        if (store && store->of_global)
            node->globals[node->global_count++] = store;
        else if (store && !node_connect_store(verb, node, store))
            return false;
    }
    return true;
}

static bool check_process(const struct verb *verb, const struct weir_process_args *args)
{
    if (!verb_is_open(verb))
        return false;
    if (!args->processor)
        return verb_fail(verb, "the processor is missing");
    return verb_check_function(verb, args->processor->process != NULL) && step_check_stores(verb, args->stores);
}

/* One with a name of its own uses up no number, unlike the other verbs' (KStreamImpl.process). */
static const char *process_name(const struct verb *verb, const char *kind)
{
    if (!verb->name)
        return node_name(verb, "KSTREAM", kind, NULL);
    return verb_check_name(verb, "the node's .name", verb->name) ? topology_text(verb->topology, verb->name) : NULL;
}

weir_stream *weir_process_with(weir_stream *stream, struct weir_process_args args)
{
    if (!stream)
        return NULL;
    const struct verb verb = {stream->topology, args.at, "process", args.name};
    const struct operator* what = args.key ? &operator_process : & operator_process_values;
    const char *name = check_process(&verb, &args) ? process_name(&verb, what->kind) : NULL;
    struct graph_node *node = name ? node_add_behind(&verb, stream->node, what, name) : NULL;
    if (!node)
        return NULL;
    node->args = node_args(stream->topology, args.processor, sizeof *args.processor);
    node->user = args.user;
    change_types(node, args.key, args.value);
    if (!step_connect_stores(&verb, node, args.stores))
        return NULL;
    return stream_of(stream->topology, node);
}

/* ---- to ---- */

/* Windowed keys have the window behind them on the wire, so a topic has keys of one form only. */
static int key_form(const struct graph_node *node)
{
    return (node->window_size_ms > 0) - (node->window_size_ms < 0);
}

static bool writes_alike(const struct verb *verb, const struct graph_topic *topic, const struct graph_node *input)
{
    for (size_t i = 0; i < verb->topology->nodes.count; i++) {
        const struct graph_node *node = verb->topology->nodes.items[i];
        if (node->topic == topic && key_form(node) != key_form(input))
            return verb_fail(verb, "its keys are not windowed as they are at %s (%s)", node->name, node->at);
    }
    return true;
}

static struct graph_topic *sink_topic(const struct verb *verb, const struct graph_node *input,
                                      const struct weir_sink_args *args)
{
    struct graph_topic *topic = topology_topic(verb, args->topic, input->key_type, input->value_type);
    if (!topic || !writes_alike(verb, topic, input))
        return NULL;
    if (topic->internal)
        verb_fail(verb, "it is the topic of a repartition");
    else if (topic->is_sink && topic->format != args->format)
        verb_fail(verb, "it is written in another .format elsewhere");
    else
        return topic;
    return NULL;
}

static bool check_format(const struct verb *verb, enum weir_format format)
{
    return format <= WEIR_FORMAT_OBJECT || verb_fail(verb, "there is no format %d", (int)format);
}

static struct graph_node *add_sink(const struct verb *verb, struct graph_node *input, const char *name,
                                   struct graph_topic *topic, const struct weir_sink_args *args)
{
    struct graph_node *node = node_add_behind(verb, input, NULL, name);
    if (!node)
        return NULL;
    node->kind = GRAPH_SINK;
    node->topic = topic;
    node->partition_of = args->partition_of;
    node->user = args->user;
    topic->format = args->format;
    topic->is_sink = true;
    return node;
}

void weir_to_with(weir_stream *stream, struct weir_sink_args args)
{
    if (!stream)
        return;
    const struct verb verb = {stream->topology, args.at, "to", args.topic};
    if (!verb_is_open(&verb) || !verb_check_name(&verb, "the topic", args.topic) || !check_format(&verb, args.format))
        return;
    const char *name = node_name(&verb, "KSTREAM", "SINK", args.name);
    struct graph_topic *topic = name ? sink_topic(&verb, stream->node, &args) : NULL;
    if (topic)
        add_sink(&verb, stream->node, name, topic, &args);
}

void weir_to_computed_with(weir_stream *stream, struct weir_sink_args args)
{
    if (!stream)
        return;
    const struct verb verb = {stream->topology, args.at, "to_computed", args.name};
    if (!verb_is_open(&verb) || !verb_check_function(&verb, args.topic_of != NULL) || !check_format(&verb, args.format))
        return;
    const char *name = node_name(&verb, "KSTREAM", "SINK", args.name);
    if (!name)
        return;
    struct graph_topic *topic = topology_computed_topic(&verb, stream->node->key_type, stream->node->value_type);
    struct graph_node *node = add_sink(&verb, stream->node, name, topic, &args);
    if (node)
        node->topic_of = args.topic_of;
}

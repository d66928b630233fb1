/* pattern.c: weir_from_pattern: all topics whose names match, also those that are made later.
 *
 * Which topics there are may look different to two instances for a while, so none of them can say which tasks there are: an
 * internal topic without records does, with a partition per task (DECISIONS.md 49).
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/pattern.h"

#include <string.h>

#include "graph/handles.h"

static bool matches(const char *text, const char *topic)
{
    struct pattern pattern;
    struct weir_error ignored = {0};
    if (!pattern_open(&pattern, text, &ignored))
        return false;
    bool does = pattern_matches(&pattern, topic);
    pattern_close(&pattern);
    return does;
}

struct graph_topic *graph_find_input(const weir_topology *topology, const char *name)
{
    struct graph_topic *found = graph_find_topic(topology, name);
    for (size_t i = 0; !found && i < topology->topic_count; i++)
        if (topology->topics[i]->is_pattern && matches(topology->topics[i]->name, name))
            found = topology->topics[i];
    return found;
}

bool pattern_check_topic(const struct verb *verb, const struct graph_topic *topic)
{
    for (size_t i = 0; i < verb->topology->nodes.count; i++) {
        const struct graph_node *node = verb->topology->nodes.items[i];
        if (node->kind == GRAPH_SOURCE && node->topic->is_pattern && matches(node->topic->name, topic->name))
            return verb_fail(verb, "the topic '%s' matches the pattern '%s' (%s)", topic->name, node->topic->name,
                             node->at);
    }
    return true;
}

static bool check_pattern(const struct verb *verb, const char *text)
{
    struct pattern pattern;
    struct weir_error error = {0};
    if (!text || !text[0])
        return verb_fail(verb, "the pattern is missing");
    if (!pattern_open(&pattern, text, &error))
        return verb_fail(verb, "%s", error.message);
    pattern_close(&pattern);
    return true;
}

static bool check_readers(const struct verb *verb, const char *text)
{
    const struct graph_topic *topic;
    for (size_t i = 0; i < verb->topology->nodes.count; i++) {
        const struct graph_node *node = verb->topology->nodes.items[i];
        for (size_t t = 0; node->kind == GRAPH_SOURCE && (topic = graph_source_topic(node, t)); t++)
            if (!topic->internal && !topic->is_pattern && matches(text, topic->name))
                return verb_fail(verb, "it matches the topic '%s', which %s (%s) reads", topic->name, node->name,
                                 node->at);
    }
    return true;
}

/* Names of two patterns differ, because a topic is named after each. */
static bool check_name(const struct verb *verb, const struct graph_node *known, const char *shares)
{
    for (size_t i = 0; i < verb->topology->nodes.count; i++) {
        const struct graph_node *node = verb->topology->nodes.items[i];
        if (node != known && node->shares && strcmp(node->shares, shares) == 0)
            return verb_fail(verb, "the name is taken by another pattern (%s)", node->at);
    }
    return !known || strcmp(known->shares, shares) == 0 ||
           verb_fail(verb, "the pattern has another name already (%s)", known->at);
}

static bool check(const struct verb *verb, const char *text, const struct weir_type *key,
                  const struct weir_source_args *args)
{
    const struct keeping keeping = KEEPING(*args);
    return verb_is_open(verb) && verb_check_name(verb, "the name", verb->name) && check_pattern(verb, text) &&
           verb_check_type(verb, "the key's type", key) && verb_check_type(verb, "the value's type", args->value) &&
           verb_check_no_keeping(verb, keeping) && check_readers(verb, text) &&
           (!args->also[0] || verb_fail(verb, "topics beside a pattern are a source of their own; merge them")) &&
           (!args->park || verb_fail(verb, ".park goes with topics that have names"));
}

static struct graph_node *source_node_of(const struct verb *verb, struct graph_topic *topic, const char *shares,
                                         const struct weir_source_args *args)
{
    const char *name = node_name(verb, "KSTREAM", "SOURCE", args->name);
    struct graph_node *known = name ? source_of_topic(verb->topology, topic) : NULL;
    if (!name || !check_name(verb, known, shares))
        return NULL;
    if (known)
        return source_agrees(verb, known, args) ? known : NULL;
    struct graph_node *node = source_add_one(verb, topic, args, name);
    if (node)
        node->shares = shares;
    return node;
}

weir_stream *weir_from_pattern_with(weir_topology *topology, const char *name, const char *pattern,
                                    const struct weir_type *key, struct weir_source_args args)
{
    if (!topology)
        return NULL;
    const struct verb verb = {topology, args.at, "from_pattern", name};
    if (!check(&verb, pattern, key, &args))
        return NULL;
    size_t nodes_before = topology->nodes.count;
    const char *shares = arena_format(&topology->arena, "%s-shares", name);
    struct graph_topic *topic = topology_pattern(&verb, pattern, key, args.value);
    return topic ? source_stream(&verb, source_node_of(&verb, topic, shares, &args), nodes_before) : NULL;
}

/* topology.c: a topology's life, its topics and its stores.
 *
 * A topic has one pair of types whoever reads or writes it; types are compared by address. A store has one owner.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "graph/handles.h"

weir_topology *weir_topology_new(const char *name)
{
    weir_topology *topology = memory_new(sizeof *topology);
    topology->name = arena_text(&topology->arena, name ? name : "");
    if (!name || !name[0])
        error_set(&topology->error, WEIR_INVALID, "weir_topology_new: the topology's name is missing");
    return topology;
}

void weir_topology_free(weir_topology *topology)
{
    if (!topology)
        return;
    memory_free(topology->topics);
    memory_free(topology->stores);
    memory_free(topology->joined);
    memory_free(topology->endpoints);
    arena_done(&topology->arena);
    memory_free(topology);
}

const char *weir_topology_name(const weir_topology *topology)
{
    return topology ? topology->name : NULL;
}

const char *topology_text(weir_topology *topology, const char *text)
{
    return text ? arena_text(&topology->arena, text) : NULL;
}

struct graph_store *graph_find_store(const weir_topology *topology, const char *name)
{
    for (size_t i = 0; i < topology->store_count; i++)
        if (strcmp(topology->stores[i]->spec.name, name) == 0)
            return topology->stores[i];
    return NULL;
}

struct graph_topic *graph_find_topic(const weir_topology *topology, const char *name)
{
    for (size_t i = 0; i < topology->topic_count; i++)
        if (!topology->topics[i]->is_pattern && strcmp(topology->topics[i]->name, name) == 0)
            return topology->topics[i];
    return NULL;
}

static struct graph_topic *add_topic(weir_topology *topology, const char *name)
{
    struct graph_topic *topic = arena_alloc(&topology->arena, sizeof *topic);
    topic->name = topology_text(topology, name);
    topology->topics = memory_grow(topology->topics, &topology->topic_capacity, topology->topic_count + 1,
                                   sizeof(struct graph_topic *));
    topology->topics[topology->topic_count++] = topic;
    return topic;
}

static bool has_types(const struct verb *verb, const struct graph_topic *topic, const struct weir_type *key,
                      const struct weir_type *value)
{
    if (topic->key != key)
        return verb_fail(verb, "topic '%s' has keys of type %s here and %s elsewhere", topic->name, key->name,
                         topic->key->name);
    return topic->value == value || verb_fail(verb, "topic '%s' has values of type %s here and %s elsewhere",
                                              topic->name, value->name, topic->value->name);
}

struct graph_topic *topology_topic(const struct verb *verb, const char *name, const struct weir_type *key,
                                   const struct weir_type *value)
{
    struct graph_topic *topic = graph_find_topic(verb->topology, name);
    if (topic)
        return has_types(verb, topic, key, value) ? topic : NULL;
    topic = add_topic(verb->topology, name);
    topic->key = key;
    topic->value = value;
    return topic;
}

struct graph_topic *topology_pattern(const struct verb *verb, const char *text, const struct weir_type *key,
                                     const struct weir_type *value)
{
    for (size_t i = 0; i < verb->topology->topic_count; i++) {
        struct graph_topic *known = verb->topology->topics[i];
        if (known->is_pattern && strcmp(known->name, text) == 0)
            return has_types(verb, known, key, value) ? known : NULL;
    }
    struct graph_topic *topic = add_topic(verb->topology, text);
    topic->key = key;
    topic->value = value;
    topic->is_pattern = true;
    return topic;
}

struct graph_topic *topology_computed_topic(const struct verb *verb, const struct weir_type *key,
                                            const struct weir_type *value)
{
    const char *name = arena_format(&verb->topology->arena, "computed by %s", verb_place(verb)); /* no topic's name */
    struct graph_topic *topic = add_topic(verb->topology, name);
    topic->key = key;
    topic->value = value;
    topic->is_computed = true;
    return topic;
}

struct graph_store *topology_add_store(const struct verb *verb, struct store_spec spec)
{
    weir_topology *topology = verb->topology;
    if (!verb_check_name(verb, "the store's name", spec.name))
        return NULL;
    const struct graph_store *known = graph_find_store(topology, spec.name);
    if (known) {
        verb_fail(verb, "there is already a store '%s' (%s)", spec.name, known->at);
        return NULL;
    }
    struct graph_store *store = arena_alloc(&topology->arena, sizeof *store);
    store->spec = spec;
    store->spec.name = topology_text(topology, spec.name);
    store->at = topology_text(topology, verb_place(verb));
    store->subtopology = store->index = store->global = -1;
    topology->stores = memory_grow(topology->stores, &topology->store_capacity, topology->store_count + 1,
                                   sizeof(struct graph_store *));
    topology->stores[topology->store_count++] = store;
    return store;
}

struct graph_store *topology_add_hidden_store(const struct verb *verb, bool no_log)
{
    return topology_add_store(verb, (struct store_spec){
                                        .name = arena_format(&verb->topology->arena, "%s-store", verb->name),
                                        .kind = STORE_KEY_VALUE,
                                        .no_log = no_log,
                                        .hidden = true,
                                        .key_type = &weir_bytes_type,
                                        .value_type = &weir_bytes_type,
                                    });
}

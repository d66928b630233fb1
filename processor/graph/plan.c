/* plan.c: checks the whole graph and cuts it into sub-topologies. See graph.h.
 *
 * Nodes that are connected by an edge or share a store belong together (union-find); what only a repartition topic lies
 * between does not. Verbs append a node only behind nodes that are there, so the order of creation is topological.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "graph/handles.h"

/* ---- checks of the whole ---- */

static bool is_used(const weir_topology *topology, const struct graph_store *store)
{
    for (size_t n = 0; n < topology->nodes.count; n++)
        for (size_t s = 0; s < topology->nodes.items[n]->store_count; s++)
            if (topology->nodes.items[n]->stores[s] == store)
                return true;
    return false;
}

static bool check_stores(const weir_topology *topology, struct weir_error *error)
{
    for (size_t i = 0; i < topology->store_count; i++)
        if (!is_used(topology, topology->stores[i]))
            return error_set(error, WEIR_INVALID, "%s: store '%s' is not used; name it in the .stores of a processor",
                             topology->stores[i]->at, topology->stores[i]->spec.name);
    return true;
}

const char *graph_dead_letters(weir_topology *topology, const struct graph_node *source, const char *configured,
                               const char *topic)
{
    if (source->dead_letters)
        return source->dead_letters;
    if (topology->on_error.dead_letters)
        return topology->on_error.dead_letters;
    return configured && *configured ? arena_text(&topology->arena, configured)
                                     : arena_format(&topology->arena, "%s" GRAPH_LETTERS, topic);
}

static bool check_dead_letters(weir_topology *topology, const struct graph_node *source, struct weir_error *error)
{
    const struct graph_topic *topic;
    for (size_t i = 0; (topic = graph_source_topic(source, i)); i++) {
        const char *letters = graph_dead_letters(topology, source, NULL, topic->name);
        if (graph_find_topic(topology, letters))
            return error_set(error, WEIR_INVALID,
                             "%s: from '%s': the dead letter topic '%s' is read or written elsewhere", source->at,
                             topic->name, letters);
    }
    return true;
}

static bool check_sources(weir_topology *topology, struct weir_error *error)
{
    bool has_source = false;
    for (size_t i = 0; i < topology->nodes.count; i++) {
        const struct graph_node *node = topology->nodes.items[i];
        if (node->kind != GRAPH_SOURCE)
            continue;
        has_source = true;
        if (!check_dead_letters(topology, node, error))
            return false;
    }
    return has_source ||
           error_set(error, WEIR_INVALID, "topology '%s' reads nothing; begin with weir_from or weir_table_from",
                     topology->name);
}

/* ---- records without a key ----
 * In front of a repartition topic they are dropped, unless a join behind it makes something of them (KIP-962; Kafka
 * Streams: NodesWithRelaxedNullKeyJoinDownstream). Nodes are sorted, so going backwards meets what is behind first; a
 * sink passes what the source of its topic passes. */

static bool passes_behind(const weir_topology *topology, const struct graph_node *node)
{
    for (size_t i = 0; i < node->children.count; i++)
        if (node->children.items[i]->passes_null_keys)
            return true;
    for (size_t i = 0; node->kind == GRAPH_SINK && node->topic->internal && i < topology->nodes.count; i++) {
        const struct graph_node *other = topology->nodes.items[i];
        if (other->kind == GRAPH_SOURCE && other->topic == node->topic && other->passes_null_keys)
            return true;
    }
    return false;
}

static void pass_null_keys(weir_topology *topology)
{
    for (size_t i = topology->nodes.count; i-- > 0;) {
        struct graph_node *node = topology->nodes.items[i];
        node->passes_null_keys = node->passes_null_keys || passes_behind(topology, node);
    }
}

/* ---- which nodes belong together ---- */

static size_t find_root(size_t *roots, size_t node)
{
    while (roots[node] != node)
        node = roots[node] = roots[roots[node]];
    return node;
}

static void unite(size_t *roots, size_t a, size_t b)
{
    roots[find_root(roots, a)] = find_root(roots, b);
}

static void unite_users(const weir_topology *topology, const struct graph_store *store, size_t *roots)
{
    size_t first = topology->nodes.count;
    for (size_t n = 0; n < topology->nodes.count; n++) {
        const struct graph_node *node = topology->nodes.items[n];
        for (size_t s = 0; s < node->store_count; s++) {
            if (node->stores[s] != store)
                continue;
            if (first == topology->nodes.count)
                first = n;
            unite(roots, first, n);
        }
    }
}

/* The root of each node, by its place in topology->nodes. The caller frees it. */
static size_t *find_components(weir_topology *topology)
{
    size_t *roots = memory_new(topology->nodes.count * sizeof *roots);
    for (size_t i = 0; i < topology->nodes.count; i++) {
        roots[i] = i;
        topology->nodes.items[i]->index = (int32_t)i; /* its place, until sub-topologies number their own nodes */
    }
    for (size_t i = 0; i < topology->nodes.count; i++) {
        const struct graph_nodes *parents = &topology->nodes.items[i]->parents;
        for (size_t p = 0; p < parents->count; p++)
            unite(roots, i, (size_t)parents->items[p]->index);
        if (topology->nodes.items[i]->beside)
            unite(roots, i, (size_t)topology->nodes.items[i]->beside->index);
    }
    for (size_t i = 0; i < topology->store_count; i++)
        unite_users(topology, topology->stores[i], roots);
    return roots;
}

/* ---- numbering ---- */

/* By their first nodes, in the order of creation (InternalTopologyBuilder.makeNodeGroups). */
static size_t number_components(weir_topology *topology, size_t *roots)
{
    int32_t count = 0;
    int32_t *ids = memory_new(topology->nodes.count * sizeof *ids); /* plus one, by root */
    for (size_t i = 0; i < topology->nodes.count; i++) {
        int32_t *id = &ids[find_root(roots, i)];
        if (*id == 0)
            *id = ++count;
        topology->nodes.items[i]->subtopology = *id - 1;
    }
    memory_free(ids);
    return (size_t)count;
}

/* ---- filling ---- */

static void add_nodes(weir_topology *topology)
{
    for (size_t i = 0; i < topology->nodes.count; i++) {
        struct graph_node *node = topology->nodes.items[i];
        struct graph_subtopology *part = &topology->subtopologies[node->subtopology];
        node->index = (int32_t)part->nodes.count;
        nodes_append(&topology->arena, &part->nodes, node);
    }
}

enum source_kind { OF_USERS, OF_REPARTITIONS, OF_TICKS };

static enum source_kind source_kind(const struct graph_node *source)
{
    if (source->topic->is_ticks)
        return OF_TICKS;
    return source->topic->internal ? OF_REPARTITIONS : OF_USERS;
}

/* User topics first: the lead topic must be one that others may see, where there is one. */
static void add_sources(weir_topology *topology, enum source_kind kind)
{
    for (size_t i = 0; i < topology->nodes.count; i++) {
        struct graph_node *node = topology->nodes.items[i];
        if (node->kind == GRAPH_SOURCE && source_kind(node) == kind)
            nodes_append(&topology->arena, &topology->subtopologies[node->subtopology].sources, node);
    }
}

static void place_store(weir_topology *topology, struct graph_store *store)
{
    for (size_t n = 0; n < topology->nodes.count; n++) {
        const struct graph_node *node = topology->nodes.items[n];
        for (size_t s = 0; s < node->store_count; s++)
            if (node->stores[s] == store)
                store->subtopology = node->subtopology;
    }
}

static void number_globals(weir_topology *topology)
{
    int32_t count = 0;
    for (size_t i = 0; i < topology->subtopology_count; i++) {
        struct graph_subtopology *part = &topology->subtopologies[i];
        part->is_global = part->sources.count > 0 && part->sources.items[0]->is_global;
        for (size_t s = 0; part->is_global && s < part->store_count; s++)
            part->stores[s]->global = count++;
    }
}

static void add_stores(weir_topology *topology)
{
    for (size_t i = 0; i < topology->subtopology_count; i++)
        topology->subtopologies[i].stores =
            arena_alloc(&topology->arena, topology->store_count * sizeof(struct graph_store *));
    for (size_t i = 0; i < topology->store_count; i++) {
        struct graph_store *store = topology->stores[i];
        place_store(topology, store);
        struct graph_subtopology *part = &topology->subtopologies[store->subtopology];
        store->index = (int32_t)part->store_count;
        part->stores[part->store_count++] = store;
    }
}

static void cut(weir_topology *topology)
{
    size_t *roots = find_components(topology);
    copartition_number(topology);
    topology->subtopology_count = number_components(topology, roots);
    memory_free(roots);
    topology->subtopologies =
        arena_alloc(&topology->arena, topology->subtopology_count * sizeof *topology->subtopologies);
    for (size_t i = 0; i < topology->subtopology_count; i++)
        topology->subtopologies[i].id = (int32_t)i;
    add_nodes(topology);
    add_sources(topology, OF_USERS);
    add_sources(topology, OF_REPARTITIONS);
    add_sources(topology, OF_TICKS);
    add_stores(topology);
    number_globals(topology);
}

static bool check_ticks(const struct graph_subtopology *part, struct weir_error *error)
{
    const struct graph_node *first = NULL;
    for (size_t i = 0; i < part->sources.count; i++) {
        const struct graph_node *source = part->sources.items[i];
        if (!source->topic->is_ticks)
            continue;
        if (part->is_global)
            return error_set(error, WEIR_INVALID, "%s: tick '%s': a global table has no time", source->at,
                             source->topic->name);
        if (first)
            return error_set(error, WEIR_INVALID, "%s: tick '%s': its sub-topology has ticks already, '%s' (%s)",
                             source->at, source->topic->name, first->topic->name, first->at);
        first = source;
    }
    return true;
}

static bool reads(const struct graph_subtopology *part, const char *topic)
{
    const struct graph_topic *read;
    for (size_t i = 0; i < part->sources.count; i++)
        for (size_t k = 0; (read = graph_source_topic(part->sources.items[i], k)); k++)
            if (strcmp(read->name, topic) == 0)
                return true;
    return false;
}

/* The partition of a question tells on which instance its answer will be. */
static bool check_questions(const weir_topology *topology, const struct weir_endpoint *endpoint,
                            struct weir_error *error)
{
    const struct weir_ingest_args *args = &endpoint->ingest;
    const struct graph_store *store = args->answers ? graph_find_store(topology, args->answers) : NULL;
    return !store || reads(&topology->subtopologies[store->subtopology], args->topic) ||
           error_set(error, WEIR_INVALID,
                     "%s: ingest '%s': .answers: the store '%s' is not kept by those who read '%s'; a repartition lies "
                     "between",
                     args->at, endpoint->path, args->answers, args->topic);
}

bool graph_plan(weir_topology *topology, struct weir_error *error)
{
    if (topology->planned)
        return true;
    if (topology->error.code != WEIR_OK)
        return error_set(error, topology->error.code, "%s", topology->error.message);
    if (!check_sources(topology, error) || !check_stores(topology, error))
        return false;
    pass_null_keys(topology);
    cut(topology);
    for (size_t i = 0; i < topology->subtopology_count; i++)
        if (!check_ticks(&topology->subtopologies[i], error))
            return false;
    for (size_t i = 0; i < topology->endpoint_count; i++)
        if (!check_questions(topology, &topology->endpoints[i], error))
            return false;
    topology->planned = true;
    return true;
}

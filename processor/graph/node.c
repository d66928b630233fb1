/* node.c: adding nodes to a topology and connecting them.
 *
 * Generated names and their numbers are those of Kafka Streams' own builder: a number is used up even where the author
 * gave a name, so that naming one node does not rename the others.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "graph/handles.h"

void node_use_number(weir_topology *topology)
{
    topology->next_number++;
}

static bool is_taken(const weir_topology *topology, const char *name)
{
    for (size_t i = 0; i < topology->nodes.count; i++)
        if (strcmp(topology->nodes.items[i]->name, name) == 0)
            return true;
    return false;
}

const char *node_name(const struct verb *verb, const char *prefix, const char *kind, const char *given)
{
    weir_topology *topology = verb->topology;
    int32_t number = topology->next_number++;
    if (!given)
        return arena_format(&topology->arena, "%s-%s-%010d", prefix, kind, number);
    if (!verb_check_name(verb, "the node's .name", given))
        return NULL;
    return topology_text(topology, given);
}

struct graph_node *node_add(const struct verb *verb, enum graph_kind kind, const char *name)
{
    weir_topology *topology = verb->topology;
    if (!name)
        return NULL;
    if (is_taken(topology, name)) {
        verb_fail(verb, "there is already a node named '%s'", name);
        return NULL;
    }
    struct graph_node *node = arena_alloc(&topology->arena, sizeof *node);
    node->kind = kind;
    node->name = name;
    node->at = topology_text(topology, verb_place(verb));
    node->subtopology = node->index = -1;
    nodes_append(&topology->arena, &topology->nodes, node);
    return node;
}

void nodes_append(weir_arena *arena, struct graph_nodes *nodes, struct graph_node *node)
{
    if (nodes->count == nodes->capacity) {
        size_t capacity = nodes->capacity ? nodes->capacity * 2 : 4;
        struct graph_node **items = arena_alloc(arena, capacity * sizeof(struct graph_node *));
        for (size_t i = 0; i < nodes->count; i++)
            items[i] = nodes->items[i];
        nodes->items = items;
        nodes->capacity = capacity;
    }
    nodes->items[nodes->count++] = node;
}

void node_move_last(weir_topology *topology, struct graph_node *node)
{
    struct graph_nodes *nodes = &topology->nodes;
    size_t at = 0;
    while (nodes->items[at] != node)
        at++;
    for (; at + 1 < nodes->count; at++)
        nodes->items[at] = nodes->items[at + 1];
    nodes->items[at] = node;
}

void node_connect(weir_topology *topology, struct graph_node *parent, struct graph_node *child)
{
    nodes_append(&topology->arena, &parent->children, child);
    nodes_append(&topology->arena, &child->parents, parent);
}

struct graph_node *node_add_behind(const struct verb *verb, struct graph_node *parent, const struct operator* what,
                                   const char *name)
{
    struct graph_node *node = node_add(verb, GRAPH_PROCESSOR, name);
    if (!node)
        return NULL;
    /* clang-format off */
    node->operator = what; /* a keyword of C++, which clang-format takes it for */
    /* clang-format on */
    node->key_type = parent->key_type;
    node->value_type = parent->value_type;
    node->window_size_ms = parent->window_size_ms;
    node->key_changed = parent->key_changed;
    node_connect(verb->topology, parent, node);
    return node;
}

bool node_connect_store(const struct verb *verb, struct graph_node *node, struct graph_store *store)
{
    for (size_t i = 0; i < node->store_count; i++)
        if (node->stores[i] == store)
            return true;
    if (node->store_count == WEIR_STORES_MAX)
        return verb_fail(verb, "it needs more than %d stores; keep a result in a store of its own (.store)",
                         WEIR_STORES_MAX);
    node->stores[node->store_count++] = store;
    return true;
}

bool node_connect_view(const struct verb *verb, struct graph_node *node, const struct table_view *view)
{
    if (view->store)
        return node_connect_store(verb, node, view->store);
    if (!view->of[0])
        return verb_fail(verb, "the rows of %s (%s) are needed, but it keeps none; give it a store", view->node->name,
                         view->node->at);
    bool is_suppressed = operator_is(view->node, &operator_suppress);
    if (is_suppressed && !node_connect_store(verb, node, view->node->stores[0]))
        return false;
    if (view->node->store_count > 0 && !is_suppressed)
        return verb_fail(verb,
                         "the rows of %s (%s) are needed, but only it may use the stores it makes them with; give "
                         "it a .store to keep them in",
                         view->node->name, view->node->at);
    for (size_t i = 0; i < 2; i++)
        if (view->of[i] && !node_connect_view(verb, node, view->of[i]))
            return false;
    return true;
}

void *node_args(weir_topology *topology, const void *args, size_t size)
{
    return memcpy(arena_alloc(&topology->arena, size), args, size);
}

weir_stream *stream_of(weir_topology *topology, struct graph_node *node)
{
    assert(node);
    weir_stream *stream = arena_alloc(&topology->arena, sizeof *stream);
    *stream = (weir_stream){topology, node, 0};
    return stream;
}

/* copartition.c: which topics must have equally many partitions. See handles.h.
 *
 * Streams that are only merged need not: a task reads the partition of its number of every topic that has it. Two joins
 * with a side in common make one group of topics.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "graph/handles.h"

void copartition_add(weir_topology *topology, const struct graph_node *left, const struct graph_node *right)
{
    topology->joined =
        memory_grow(topology->joined, &topology->joined_capacity, topology->joined_count + 1, sizeof *topology->joined);
    topology->joined[topology->joined_count++] = (struct graph_joined){left, right};
}

/* With all that it belongs with already. */
static void number(weir_topology *topology, struct graph_node *source, int32_t group)
{
    int32_t before = source->copartition;
    source->copartition = group;
    for (size_t i = 0; before != 0 && i < topology->nodes.count; i++)
        if (topology->nodes.items[i]->copartition == before)
            topology->nodes.items[i]->copartition = group;
}

/* Parents come before their children, so that going backwards meets what is behind first. */
static void number_joined(weir_topology *topology, const struct graph_joined *joined, bool *leads, int32_t group)
{
    leads[joined->left->index] = leads[joined->right->index] = true;
    for (size_t i = topology->nodes.count; i-- > 0;) {
        struct graph_node *node = topology->nodes.items[i];
        for (size_t p = 0; leads[i] && p < node->parents.count; p++)
            leads[node->parents.items[p]->index] = true;
        if (leads[i] && node->kind == GRAPH_SOURCE)
            number(topology, node, group);
        leads[i] = false;
    }
}

void copartition_number(weir_topology *topology)
{
    bool *leads = memory_new(topology->nodes.count * sizeof *leads);
    for (size_t i = 0; i < topology->joined_count; i++)
        number_joined(topology, &topology->joined[i], leads, (int32_t)i + 1);
    memory_free(leads);
}

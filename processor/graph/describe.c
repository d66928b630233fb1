/* describe.c: a topology as text in the form of Kafka Streams' TopologyDescription, so that its viewers work.
 *
 * Within a sub-topology nodes come by the number of paths below them, greatest first, then by name; that is how
 * InternalTopologyBuilder.NodeComparator puts them. Its order of successors and stores depends on Java's hash of their
 * names in part; ours is the same rule throughout.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "graph/handles.h"

struct weighed { /* a node, and how many paths begin at it */
    const struct graph_node *node;
    size_t paths;
};

static int compare(const struct weighed *a, const struct weighed *b)
{
    if (a->paths != b->paths)
        return a->paths > b->paths ? -1 : 1;
    return strcmp(a->node->name, b->node->name);
}

static void sort(struct weighed *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct weighed item = items[i];
        size_t at = i;
        for (; at > 0 && compare(&items[at - 1], &item) > 0; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

/* By node index. Children come behind their parents, so going backwards meets them first. The caller frees it. */
static size_t *count_paths(const struct graph_subtopology *part)
{
    size_t *paths = memory_new(part->nodes.count * sizeof *paths);
    for (size_t i = part->nodes.count; i-- > 0;) {
        const struct graph_nodes *children = &part->nodes.items[i]->children;
        size_t sum = 1;
        for (size_t c = 0; c < children->count; c++)
            if (__builtin_add_overflow(sum, paths[children->items[c]->index], &sum))
                sum = SIZE_MAX;
        paths[i] = sum;
    }
    return paths;
}

static struct weighed *weigh(const struct graph_nodes *nodes, const size_t *paths)
{
    struct weighed *items = memory_new(nodes->count * sizeof *items);
    for (size_t i = 0; i < nodes->count; i++)
        items[i] = (struct weighed){nodes->items[i], paths[nodes->items[i]->index]};
    return items;
}

static void write_names(const struct weighed *items, size_t count, struct buffer *out)
{
    for (size_t i = 0; i < count; i++)
        buffer_format(out, "%s%s", i ? ", " : "", items[i].node->name);
    buffer_text(out, count ? "\n" : "none\n");
}

static void write_successors(const struct graph_node *node, const size_t *paths, struct buffer *out)
{
    struct weighed *items = weigh(&node->children, paths);
    sort(items, node->children.count);
    buffer_text(out, "      --> ");
    write_names(items, node->children.count, out);
    memory_free(items);
}

static void write_predecessors(const struct graph_node *node, const size_t *paths, struct buffer *out)
{
    struct weighed *items = weigh(&node->parents, paths);
    buffer_text(out, "      <-- ");
    write_names(items, node->parents.count, out);
    memory_free(items);
}

static void write_head(const struct graph_node *node, struct buffer *out)
{
    switch (node->kind) {
    case GRAPH_SOURCE:
        buffer_format(out, "    Source: %s (topics: [%s])\n", node->name, node->topic->name);
        break;
    case GRAPH_SINK:
        buffer_format(out, "    Sink: %s (%s: %s)\n", node->name, node->topic_of ? "extractor class" : "topic",
                      node->topic_of ? node->at : node->topic->name);
        break;
    case GRAPH_PROCESSOR:
        buffer_format(out, "    Processor: %s (stores: [", node->name);
        for (size_t i = 0; i < node->store_count; i++)
            buffer_format(out, "%s%s", i ? ", " : "", node->stores[i]->spec.name);
        buffer_text(out, "])\n");
        break;
    }
}

static void write_part(const struct graph_subtopology *part, struct buffer *out)
{
    size_t *paths = count_paths(part);
    struct weighed *nodes = weigh(&part->nodes, paths);
    sort(nodes, part->nodes.count);
    for (size_t i = 0; i < part->nodes.count; i++) {
        write_head(nodes[i].node, out);
        if (nodes[i].node->kind != GRAPH_SINK)
            write_successors(nodes[i].node, paths, out);
        if (nodes[i].node->kind != GRAPH_SOURCE)
            write_predecessors(nodes[i].node, paths, out);
    }
    memory_free(nodes);
    memory_free(paths);
}

void describe_text(const weir_topology *topology, struct buffer *out)
{
    buffer_text(out, "Topologies:\n ");
    for (size_t i = 0; i < topology->subtopology_count; i++) {
        buffer_format(out, "  Sub-topology: %zu\n", i);
        write_part(&topology->subtopologies[i], out);
        buffer_text(out, "\n");
    }
}

static void write_form(const weir_topology *topology, enum weir_describe_format format, struct buffer *out)
{
    switch (format) {
    case WEIR_DESCRIBE_TEXT:
        describe_text(topology, out);
        break;
    case WEIR_DESCRIBE_JSON:
        describe_json(topology, out);
        break;
    case WEIR_DESCRIBE_DOT:
        describe_dot(topology, out);
        break;
    case WEIR_DESCRIBE_MERMAID:
        describe_mermaid(topology, out);
        break;
    }
}

bool weir_topology_describe(weir_topology *topology, enum weir_describe_format format, FILE *file,
                            struct weir_error *error)
{
    struct buffer out = {0};
    if (!topology)
        return error_set(error, WEIR_INVALID, "there is no topology to describe");
    if (!graph_plan(topology, error))
        return false;
    write_form(topology, format, &out);
    bool is_written = fwrite(out.data, 1, out.size, file) == out.size;
    buffer_done(&out);
    return is_written || error_set(error, WEIR_RETRY, "the description cannot be written");
}

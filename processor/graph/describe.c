/* describe.c: a topology as text in the form of Kafka Streams' TopologyDescription, so that its viewers work.
 *
 * Within a sub-topology nodes come by the number of paths that begin at them, greatest first, then by name; that is how
 * InternalTopologyBuilder.NodeComparator puts them. Topics of a source and stores of a node come as in a Java hash set.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "graph/handles.h"
#include "graph/java_set.h"
#include "graph/neighbours.h"

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

static struct weighed *weigh(const struct graph_nodes *nodes, const struct neighbours *neighbours)
{
    struct weighed *items = memory_new(nodes->count * sizeof *items);
    for (size_t i = 0; i < nodes->count; i++)
        items[i] = (struct weighed){nodes->items[i], neighbours_paths(neighbours, nodes->items[i])};
    return items;
}

struct list {
    struct buffer *out;
    size_t count;
};

static void write_name(void *self, const struct graph_node *node)
{
    struct list *list = self;
    buffer_format(list->out, "%s%s", list->count++ ? ", " : "", node->name);
}

static void write_successors(const struct graph_node *node, const struct neighbours *neighbours, struct buffer *out)
{
    struct list list = {.out = out};
    buffer_text(out, "      --> ");
    neighbours_behind(neighbours, node, write_name, &list);
    buffer_text(out, list.count ? "\n" : "none\n");
}

static void write_predecessors(const struct graph_node *node, const struct neighbours *neighbours, struct buffer *out)
{
    struct list list = {.out = out};
    buffer_text(out, "      <-- ");
    neighbours_before(neighbours, node, write_name, &list);
    buffer_text(out, list.count ? "\n" : "none\n");
}

static void write_set(const char **names, size_t count, struct buffer *out)
{
    java_set_sort(names, count, JAVA_SET_COPY);
    for (size_t i = 0; i < count; i++)
        buffer_format(out, "%s%s", i ? ", " : "", names[i]);
    buffer_text(out, "])\n");
}

static void write_topics(const struct graph_node *source, struct buffer *out)
{
    const char *names[WEIR_TOPICS_MAX];
    size_t count = 0;
    const struct graph_topic *topic;
    if (source->topic->is_pattern) {
        buffer_format(out, "    Source: %s (topics: %s)\n", source->name, source->topic->name);
        return;
    }
    while ((topic = graph_source_topic(source, count)))
        names[count++] = topic->name;
    buffer_format(out, "    Source: %s (topics: [", source->name);
    write_set(names, count, out);
}

static void write_stores(const struct graph_node *node, struct buffer *out)
{
    const char *names[WEIR_STORES_MAX];
    for (size_t i = 0; i < node->store_count; i++)
        names[i] = node->stores[i]->spec.name;
    buffer_format(out, "    Processor: %s (stores: [", node->name);
    write_set(names, node->store_count, out);
}

static void write_head(const struct graph_node *node, struct buffer *out)
{
    switch (node->kind) {
    case GRAPH_SOURCE:
        write_topics(node, out);
        break;
    case GRAPH_SINK:
        buffer_format(out, "    Sink: %s (%s: %s)\n", node->name, node->topic_of ? "extractor class" : "topic",
                      node->topic_of ? node->at : node->topic->name);
        break;
    case GRAPH_PROCESSOR:
        write_stores(node, out);
        break;
    }
}

static void write_part(const struct graph_subtopology *part, struct buffer *out)
{
    struct neighbours *neighbours = neighbours_new(part);
    struct weighed *nodes = weigh(&part->nodes, neighbours);
    sort(nodes, part->nodes.count);
    for (size_t i = 0; i < part->nodes.count; i++) {
        write_head(nodes[i].node, out);
        if (nodes[i].node->kind != GRAPH_SINK)
            write_successors(nodes[i].node, neighbours, out);
        if (nodes[i].node->kind != GRAPH_SOURCE)
            write_predecessors(nodes[i].node, neighbours, out);
    }
    memory_free(nodes);
    neighbours_free(neighbours);
}

void describe_text(const weir_topology *topology, struct buffer *out)
{
    buffer_text(out, "Topologies:\n ");
    for (size_t i = 0; i < topology->subtopology_count; i++) {
        bool is_global = topology->subtopologies[i].is_global;
        buffer_format(out, "  Sub-topology: %zu%s\n", i,
                      is_global ? " for global store (will not generate tasks)" : "");
        write_part(&topology->subtopologies[i], out);
        if (!is_global)
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

/* describe_graph.c: a topology as a drawing: Graphviz and Mermaid.
 *
 * Topics and stores are nodes too, so that sub-topologies hang together by the topics between them. Names of topics,
 * stores and nodes hold no quotes (verb.c); the topology's own name may, and is escaped.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"
#include "graph/handles.h"

static void write_escaped(const char *text, const char *quote, struct buffer *out)
{
    for (; *text; text++) {
        if (*text == '"')
            buffer_text(out, quote);
        else if (*text == '\\')
            buffer_text(out, "\\\\");
        else
            buffer_byte(out, (unsigned char)*text < 0x20 ? ' ' : (unsigned char)*text);
    }
}

static size_t topic_number(const weir_topology *topology, const struct graph_topic *topic)
{
    size_t i = 0;
    while (topology->topics[i] != topic)
        i++;
    return i;
}

static size_t store_number(const weir_topology *topology, const struct graph_store *store)
{
    size_t i = 0;
    while (topology->stores[i] != store)
        i++;
    return i;
}

struct form { /* how an edge between two things of a kind ("n", "t", "s") and number is written */
    const char *arrow, *line, *end;
};

static const struct form dot = {"->", "->", ";\n"};
static const struct form mermaid = {"-->", "-.-", "\n"};

static void write_id(const char *kind, const struct graph_node *node, struct buffer *out)
{
    buffer_format(out, "%s%d_%d", kind, node->subtopology, node->index);
}

static void write_topic_edge(size_t topic, const struct graph_node *node, const struct form *form, struct buffer *out)
{
    buffer_text(out, "  ");
    if (node->kind == GRAPH_SOURCE) {
        buffer_format(out, "t%zu %s ", topic, form->arrow);
        write_id("n", node, out);
    } else {
        write_id("n", node, out);
        buffer_format(out, " %s t%zu", form->arrow, topic);
    }
    buffer_text(out, form->end);
}

static void write_topic_edges(const weir_topology *topology, const struct graph_node *node, const struct form *form,
                              struct buffer *out)
{
    const struct graph_topic *topic;
    for (size_t i = 0; (topic = graph_source_topic(node, i)); i++)
        write_topic_edge(topic_number(topology, topic), node, form, out);
}

static void write_store_edges(const weir_topology *topology, const struct graph_node *node, const struct form *form,
                              struct buffer *out)
{
    for (size_t i = 0; i < node->store_count; i++) {
        buffer_text(out, "  ");
        write_id("n", node, out);
        buffer_format(out, " %s s%zu%s%s", form->line, store_number(topology, node->stores[i]),
                      form == &dot ? " [style=dashed, dir=none]" : "", form->end);
    }
}

static void write_edges(const weir_topology *topology, const struct form *form, struct buffer *out)
{
    for (size_t i = 0; i < topology->nodes.count; i++) {
        const struct graph_node *node = topology->nodes.items[i];
        write_topic_edges(topology, node, form, out);
        for (size_t c = 0; c < node->children.count; c++) {
            buffer_text(out, "  ");
            write_id("n", node, out);
            buffer_format(out, " %s ", form->arrow);
            write_id("n", node->children.items[c], out);
            buffer_text(out, form->end);
        }
        write_store_edges(topology, node, form, out);
    }
}

void describe_dot(const weir_topology *topology, struct buffer *out)
{
    buffer_text(out, "digraph \"");
    write_escaped(topology->name, "\\\"", out);
    buffer_text(out, "\" {\n  rankdir=LR;\n  node [shape=box];\n");
    for (size_t i = 0; i < topology->topic_count; i++)
        buffer_format(out, "  t%zu [label=\"%s\", shape=cds];\n", i, topology->topics[i]->name);
    for (size_t p = 0; p < topology->subtopology_count; p++) {
        const struct graph_subtopology *part = &topology->subtopologies[p];
        buffer_format(out, "  subgraph cluster_%zu {\n    label=\"Sub-topology %zu\";\n", p, p);
        for (size_t i = 0; i < part->nodes.count; i++)
            buffer_format(out, "    n%zu_%zu [label=\"%s\"];\n", p, i, part->nodes.items[i]->name);
        for (size_t i = 0; i < part->store_count; i++)
            buffer_format(out, "    s%zu [label=\"%s\", shape=cylinder];\n", store_number(topology, part->stores[i]),
                          part->stores[i]->spec.name);
        buffer_text(out, "  }\n");
    }
    write_edges(topology, &dot, out);
    buffer_text(out, "}\n");
}

void describe_mermaid(const weir_topology *topology, struct buffer *out)
{
    buffer_text(out, "flowchart LR\n");
    for (size_t i = 0; i < topology->topic_count; i++)
        buffer_format(out, "  t%zu>\"%s\"]\n", i, topology->topics[i]->name);
    for (size_t p = 0; p < topology->subtopology_count; p++) {
        const struct graph_subtopology *part = &topology->subtopologies[p];
        buffer_format(out, "  subgraph p%zu[\"Sub-topology %zu\"]\n", p, p);
        for (size_t i = 0; i < part->nodes.count; i++)
            buffer_format(out, "    n%zu_%zu[\"%s\"]\n", p, i, part->nodes.items[i]->name);
        for (size_t i = 0; i < part->store_count; i++)
            buffer_format(out, "    s%zu[(\"%s\")]\n", store_number(topology, part->stores[i]),
                          part->stores[i]->spec.name);
        buffer_text(out, "  end\n");
    }
    write_edges(topology, &mermaid, out);
}

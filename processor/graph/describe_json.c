/* describe_json.c: a topology as JSON; what the dashboard draws.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"
#include "base/bytes.h"
#include "graph/handles.h"
#include "schemas/codec.h"

static void write_text(const char *text, struct buffer *out)
{
    if (text)
        json_write_string(bytes_of_text(text), out);
    else
        buffer_text(out, "null");
}

static void write_field(const char *name, const char *text, struct buffer *out)
{
    buffer_format(out, "\"%s\":", name);
    write_text(text, out);
    buffer_text(out, ",");
}

static void write_neighbours(const char *name, const struct graph_nodes *nodes, struct buffer *out)
{
    buffer_format(out, "\"%s\":[", name);
    for (size_t i = 0; i < nodes->count; i++) {
        buffer_text(out, i ? "," : "");
        write_text(nodes->items[i]->name, out);
    }
    buffer_text(out, "]");
}

static void write_stores(const struct graph_node *node, struct buffer *out)
{
    buffer_text(out, "\"stores\":[");
    for (size_t i = 0; i < node->store_count; i++) {
        buffer_text(out, i ? "," : "");
        write_text(node->stores[i]->spec.name, out);
    }
    buffer_text(out, "],");
}

static void write_node(const struct graph_node *node, struct buffer *out)
{
    static const char *const kinds[] = {"source", "processor", "sink"};
    buffer_text(out, "{");
    write_field("name", node->name, out);
    write_field("kind", kinds[node->kind], out);
    write_field("operator", node->operator ? node->operator->kind : NULL, out);
    write_field("at", node->at, out);
    if (operator_is(node, &operator_to_stream_per_commit))
        buffer_text(out, "\"per_commit\":true,");
    buffer_text(out, "\"topics\":[");
    const struct graph_topic *topic;
    for (size_t i = 0; (topic = graph_source_topic(node, i)) && !topic->is_pattern; i++) {
        buffer_text(out, i ? "," : "");
        write_text(topic->name, out);
    }
    buffer_text(out, "],");
    if (node->topic && node->topic->is_pattern)
        write_field("pattern", node->topic->name, out);
    write_stores(node, out);
    write_neighbours("predecessors", &node->parents, out);
    buffer_text(out, ",");
    write_neighbours("successors", &node->children, out);
    buffer_text(out, "}");
}

static void write_part(const struct graph_subtopology *part, struct buffer *out)
{
    buffer_format(out, "{\"id\":%d,\"global\":%s,\"nodes\":[", part->id, part->is_global ? "true" : "false");
    for (size_t i = 0; i < part->nodes.count; i++) {
        buffer_text(out, i ? "," : "");
        write_node(part->nodes.items[i], out);
    }
    buffer_text(out, "]}");
}

static const char *kind_name(enum store_kind kind)
{
    static const char *const names[] = {[STORE_KEY_VALUE] = "key_value",
                                        [STORE_WINDOW] = "window",
                                        [STORE_SESSION] = "session",
                                        [STORE_JOIN] = "join",
                                        [STORE_VERSIONED] = "versioned"};
    return names[kind];
}

static void write_store(const struct graph_store *store, struct buffer *out)
{
    buffer_text(out, "{");
    write_field("name", store->spec.name, out);
    write_field("kind", kind_name(store->spec.kind), out);
    buffer_format(out, "\"subtopology\":%d,", store->subtopology);
    write_field("key", store->spec.key_type->name, out);
    write_field("value", store->spec.value_type->name, out);
    buffer_format(out, "\"window_ms\":%lld,\"retention_ms\":%lld}", (long long)store->spec.window_size_ms,
                  (long long)store->spec.retention_ms);
}

void describe_json(const weir_topology *topology, struct buffer *out)
{
    buffer_text(out, "{");
    write_field("name", topology->name, out);
    buffer_text(out, "\"subtopologies\":[");
    for (size_t i = 0; i < topology->subtopology_count; i++) {
        buffer_text(out, i ? "," : "");
        write_part(&topology->subtopologies[i], out);
    }
    buffer_text(out, "],\"stores\":[");
    for (size_t i = 0; i < topology->store_count; i++) {
        buffer_text(out, i ? "," : "");
        write_store(topology->stores[i], out);
    }
    buffer_text(out, "]}\n");
}

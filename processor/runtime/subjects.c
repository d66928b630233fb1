/* subjects.c: see subjects.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/subjects.h"

#include "base/error.h"
#include "schemas/scalar.h"

static bool is_framed(const struct graph_node *node)
{
    return node->kind == GRAPH_SINK && !node->topic->internal && node->topic->format == WEIR_FORMAT_AVRO &&
           node->value_type && !scalar_is(node->value_type);
}

static bool register_sink(struct layout *layout, struct layout_part *part, const struct graph_node *node,
                          struct weir_error *error)
{
    struct buffer schema = {0};
    if (node->topic_of)
        return error_set(error, WEIR_INVALID,
                         "%s: a topic that is computed for each record has no subject in the schema registry",
                         node->at);
    const char *subject = arena_format(&layout->arena, "%s-value", part->sink_topics[node->index]);
    schema_of_type(node->value_type, &schema);
    bool ok = registry_register(layout->schema_registry, subject, buffer_bytes(&schema),
                                &part->sink_schemas[node->index], error);
    buffer_done(&schema);
    return ok;
}

static bool register_sinks(struct layout *layout, struct layout_part *part, struct weir_error *error)
{
    const struct graph_nodes *nodes = &part->subtopology->nodes;
    for (size_t i = 0; i < nodes->count; i++)
        if (is_framed(nodes->items[i]) && !register_sink(layout, part, nodes->items[i], error))
            return false;
    return true;
}

/* Its restore would have to wait for the registry in the middle of a batch. */
static bool check_stores(const struct layout_part *part, struct weir_error *error)
{
    for (size_t i = 0; i < part->store_count; i++)
        if (part->stores[i].source >= 0 && !scalar_is(part->stores[i].spec.value_type))
            return error_set(
                error, WEIR_INVALID,
                "store '%s' is restored from its topic (topology.optimization), which does not go together with "
                "schema.registry.url",
                part->stores[i].spec.name);
    return true;
}

bool subjects_register(struct layout *layout, struct weir_error *error)
{
    for (size_t p = 0; p < layout->part_count; p++)
        if (!check_stores(&layout->parts[p], error) || !register_sinks(layout, &layout->parts[p], error))
            return false;
    return true;
}

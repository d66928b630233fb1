/* build_sinks.c: the operations of a case that records go out by. See builder.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "oracle/builder.h"
#include "oracle/functions.h"

static void add_output(struct build *build, const char *topic)
{
    bool is_known = false;
    for (size_t i = 0; i < build->output_count; i++)
        is_known |= strcmp(build->outputs[i], topic) == 0;
    if (!is_known)
        build->outputs[build->output_count++] = topic;
}

void build_to_computed(struct builder *builder)
{
    struct build *build = builder->build;
    json_t *topics = json_object_get(builder->op, "topics");
    struct choice *choice = weir_arena_alloc(build->arena, sizeof *choice);
    for (size_t i = 0; i < sizeof choice->topics / sizeof *choice->topics; i++) {
        choice->topics[i] = builder_suffixed(builder, json_string_value(json_array_get(topics, i)), "");
        add_output(build, choice->topics[i]);
    }
    weir_to_computed(builder_in(builder)->stream, function_topic, .user = choice);
}

void build_to(struct builder *builder)
{
    const char *topic = builder_text(builder, "topic");
    add_output(builder->build, topic);
    weir_to(builder_in(builder)->stream, topic);
}

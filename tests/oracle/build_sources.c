/* build_sources.c: the operations of a case that records come in by. See builder.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/builder.h"
#include "oracle/functions.h"

static struct weir_source_args source_args(const struct builder *builder, const struct weir_type *value)
{
    struct weir_source_args args = {.at = WEIR_AT, .value = value, .untimed = WEIR_UNTIMED_SKIP};
    const char *timestamp = builder_text(builder, "timestamp");
    args.timestamp = timestamp ? function_timestamp(timestamp) : NULL;
    args.history = builder_history(builder);
    args.no_log = builder_no_log(builder);
    json_t *also = json_object_get(builder->op, "pattern") ? NULL : json_object_get(builder->op, "also");
    for (size_t i = 0; i < json_array_size(also); i++)
        args.also[i] = json_string_value(json_array_get(also, i));
    return args;
}

void build_stream(struct builder *builder)
{
    struct build *build = builder->build;
    const char *value = json_string_value(json_array_get(json_object_get(builder->op, "type"), 1));
    const char *pattern = builder_text(builder, "pattern");
    const struct weir_source_args args = source_args(builder, builder_type(builder, value));
    builder_made_stream(
        builder, pattern
                     ? weir_from_pattern_with(build->topology, builder_text(builder, "id"), pattern, build->text, args)
                     : weir_from_with(build->topology, builder_text(builder, "topic"), build->text, args));
}

void build_table(struct builder *builder)
{
    struct build *build = builder->build;
    const char *store = builder_new_store(builder, true);
    builder_made_table(builder, weir_table_with(build->topology, builder_text(builder, "topic"), store, build->text,
                                                source_args(builder, build->text)));
}

void build_global(struct builder *builder)
{
    struct build *build = builder->build;
    weir_global_table *global = weir_global(build->topology, builder_text(builder, "topic"),
                                            builder_new_store(builder, true), build->text, build->text);
    builder_add(builder, builder_text(builder, "id"), (struct handle){.global = global});
}

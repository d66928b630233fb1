/* build_steps.c: the operations of a case that look at one record after the other. See builder.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/builder.h"
#include "oracle/functions.h"
#include "oracle/processors.h"

struct pair { /* of a map */
    weir_mapper *key, *value;
};

void build_filter(struct builder *builder)
{
    weir_predicate *test = BUILDER_FUNCTION(test, builder);
    if (builder_in(builder)->table)
        builder_made_table(builder,
                           weir_filter(builder_in(builder)->table, test, .store = builder_new_store(builder, true),
                                       .history = builder_history(builder), .no_log = builder_no_log(builder)));
    else
        builder_made_stream(builder,
                            weir_filter(builder_in(builder)->stream, test, .name = builder_text(builder, "as")));
}

void build_filter_not(struct builder *builder)
{
    weir_predicate *test = BUILDER_FUNCTION(test, builder);
    if (builder_in(builder)->table)
        builder_made_table(builder,
                           weir_filter_not(builder_in(builder)->table, test, .store = builder_new_store(builder, true),
                                           .history = builder_history(builder), .no_log = builder_no_log(builder)));
    else
        builder_made_stream(builder,
                            weir_filter_not(builder_in(builder)->stream, test, .name = builder_text(builder, "as")));
}

void build_map_values(struct builder *builder)
{
    weir_mapper *map = BUILDER_FUNCTION(value, builder);
    const struct weir_type *value = builder_value_type(builder);
    if (builder_in(builder)->table)
        builder_made_table(
            builder, weir_map_values(builder_in(builder)->table, value, map, .store = builder_new_store(builder, true),
                                     .history = builder_history(builder), .no_log = builder_no_log(builder)));
    else
        builder_made_stream(
            builder, weir_map_values(builder_in(builder)->stream, value, map, .name = builder_text(builder, "as")));
}

static void map_pair(weir_context *context, const struct weir_record *record, struct weir_record *out)
{
    const struct pair *pair = weir_user(context);
    out->key = pair->key(context, record);
    out->value = pair->value(context, record);
}

void build_transform_values(struct builder *builder)
{
    struct build *build = builder->build;
    const char *keeps = builder_text(builder, "keeps");
    weir_table *table = builder_in(builder)->table;
    if (keeps) {
        char *name = builder_suffixed(builder, keeps, "");
        weir_add_store(build->topology, name, build->text, build->text);
        build->stores[build->store_count++] = (struct build_store){.name = name, .has_rows = true};
        builder_made_table(builder, weir_transform_values(table, build->text, processor_remember, .stores = {name},
                                                          .user = name, .store = builder_new_store(builder, true),
                                                          .no_log = builder_no_log(builder)));
    } else {
        builder_made_table(builder, weir_transform_values(
                                        table, builder_value_type(builder), BUILDER_FUNCTION(value, builder),
                                        .store = builder_new_store(builder, true), .no_log = builder_no_log(builder)));
    }
}

void build_map(struct builder *builder)
{
    struct build *build = builder->build;
    struct pair *pair = weir_arena_alloc(build->arena, sizeof *pair);
    *pair = (struct pair){BUILDER_FUNCTION(key, builder), function_value(builder_text(builder, "value_fn"))};
    builder_made_stream(builder, weir_map(builder_in(builder)->stream, build->text, builder_value_type(builder),
                                          map_pair, .user = pair));
}

void build_select_key(struct builder *builder)
{
    builder_made_stream(builder, weir_select_key(builder_in(builder)->stream, builder->build->text,
                                                 BUILDER_FUNCTION(key, builder), .name = builder_text(builder, "as")));
}

void build_flat_map(struct builder *builder)
{
    builder_made_stream(builder, weir_flat_map(builder_in(builder)->stream, builder->build->text,
                                               builder_value_type(builder), BUILDER_FUNCTION(flat, builder)));
}

void build_flat_map_values(struct builder *builder)
{
    builder_made_stream(builder, weir_flat_map_values(builder_in(builder)->stream, builder_value_type(builder),
                                                      BUILDER_FUNCTION(flat_values, builder)));
}

static void look(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
}

void build_peek(struct builder *builder)
{
    builder_made_stream(builder, weir_peek(builder_in(builder)->stream, look, .name = builder_text(builder, "as")));
}

void build_foreach(struct builder *builder)
{
    weir_foreach(builder_in(builder)->stream, look);
}

void build_branch(struct builder *builder)
{
    weir_branches *branches = weir_split(builder_in(builder)->stream);
    json_t *functions = json_object_get(builder->op, "fns"), *ids = json_object_get(builder->op, "ids");
    size_t count = json_array_size(functions);
    for (size_t i = 0; i < count; i++) {
        weir_predicate *test = function_test(json_string_value(json_array_get(functions, i)));
        builder_add(builder, json_string_value(json_array_get(ids, i)),
                    (struct handle){.stream = weir_branch(branches, test)});
    }
    if (json_is_true(json_object_get(builder->op, "rest")))
        builder_add(builder, json_string_value(json_array_get(ids, count)),
                    (struct handle){.stream = weir_branch_rest(branches)});
}

void build_merge(struct builder *builder)
{
    struct weir_merge_args args = {.at = WEIR_AT};
    json_t *others = json_object_get(builder->op, "others");
    for (size_t i = 0; i < json_array_size(others); i++)
        args.with[i] = builder_named(builder, json_string_value(json_array_get(others, i)))->stream;
    builder_made_stream(builder, weir_merge_with(builder_in(builder)->stream, args));
}

void build_to_table(struct builder *builder)
{
    builder_made_table(builder, weir_to_table(builder_in(builder)->stream, builder_new_store(builder, true),
                                              .history = builder_history(builder), .no_log = builder_no_log(builder)));
}

void build_changes(struct builder *builder)
{
    builder_made_stream(builder, weir_changes(builder_in(builder)->table));
}

void build_suppress(struct builder *builder)
{
    struct build *build = builder->build;
    const char *name = builder_text(builder, "label");
    builder_made_table(
        builder,
        weir_suppress(builder_in(builder)->table, name,
                      .until_window_closes = json_is_true(json_object_get(builder->op, "until_window_closes")),
                      .until = builder_ms(builder->op, "until"), .max_records = builder_count(builder, "max_records"),
                      .max_bytes = builder_count(builder, "max_bytes")));
    build->stores[build->store_count++] =
        (struct build_store){.name = builder_suffixed(builder, name, "-store"), .is_held = true};
}

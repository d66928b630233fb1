/* build_groups.c: the operations of a case that move data, group it and aggregate it. See builder.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "oracle/builder.h"
#include "oracle/functions.h"

/* Kafka Streams does not count what a repartition drops, Weir does. */
static const void *count_missing(weir_context *context, const struct weir_record *record)
{
    struct build_internal *repartition = weir_user(context);
    const void *key = repartition->map(context, record);
    bool has_failed = repartition->map == function_key("fragile") && function_breaks(record);
    repartition->missing += key == NULL && !has_failed;
    return key;
}

static struct build_internal *add_repartition(struct builder *builder, weir_mapper *map)
{
    return builder_add_internal(builder, "-repartition", map);
}

void build_rekey(struct builder *builder)
{
    struct build_internal *through = add_repartition(builder, BUILDER_FUNCTION(key, builder));
    builder_made_stream(builder, weir_rekey(builder_in(builder)->stream, builder_text(builder, "name"),
                                            builder->build->text, count_missing, .user = through));
}

void build_repartition(struct builder *builder)
{
    builder->build->is_uncounted = true;
    add_repartition(builder, NULL);
    builder_made_stream(builder, weir_repartition(builder_in(builder)->stream, builder_text(builder, "name"),
                                                  .partitions = (int32_t)builder_count(builder, "partitions")));
}

void build_group(struct builder *builder)
{
    builder_made_group(builder, weir_group(builder_in(builder)->stream));
}

static void build_group_table_by(struct builder *builder)
{
    struct build_internal *through = add_repartition(builder, BUILDER_FUNCTION(key, builder));
    builder_made_grouped_table(builder,
                               weir_group_by(builder_in(builder)->table, builder_text(builder, "name"),
                                             builder->build->text, through->map, .value = builder_value_type(builder),
                                             .map_value = function_value(builder_text(builder, "value_fn"))));
}

void build_group_by(struct builder *builder)
{
    if (builder_in(builder)->table) {
        build_group_table_by(builder);
        return;
    }
    struct build_internal *through = add_repartition(builder, BUILDER_FUNCTION(key, builder));
    builder_made_group(builder, weir_group_by(builder_in(builder)->stream, builder_text(builder, "name"),
                                              builder->build->text, count_missing, .user = through));
}

void build_count(struct builder *builder)
{
    const struct handle *group = builder_in(builder);
    const char *store = builder_new_store(builder, true);
    builder_made_table(builder,
                       group->grouped_table
                           ? weir_count(group->grouped_table, store, .history = builder_history(builder),
                                        .no_log = builder_no_log(builder))
                           : weir_count(group->grouped, store, .window = builder_window(builder),
                                        .history = builder_history(builder), .no_log = builder_no_log(builder)));
}

void build_reduce(struct builder *builder)
{
    const struct handle *group = builder_in(builder);
    const char *store = builder_new_store(builder, true);
    weir_reducer *step = BUILDER_FUNCTION(reduce, builder);
    if (group->grouped_table)
        builder_made_table(builder,
                           weir_reduce(group->grouped_table, store, step,
                                       .subtract = function_reduce(builder_text(builder, "subtract")),
                                       .history = builder_history(builder), .no_log = builder_no_log(builder)));
    else
        builder_made_table(builder,
                           weir_reduce(group->grouped, store, step, .window = builder_window(builder),
                                       .history = builder_history(builder), .no_log = builder_no_log(builder)));
}

static weir_merger *merger(const struct weir_type *type)
{
    return type == &weir_i64_type ? function_merge_numbers : function_merge_texts;
}

void build_aggregate(struct builder *builder)
{
    const struct handle *group = builder_in(builder);
    const char *store = builder_new_store(builder, true);
    weir_aggregator *step = BUILDER_FUNCTION(aggregate, builder);
    const struct weir_window window = builder_window(builder);
    if (group->grouped_table)
        builder_made_table(builder,
                           weir_aggregate(group->grouped_table, store, step, .value = builder_value_type(builder),
                                          .subtract = function_aggregate(builder_text(builder, "subtract")),
                                          .history = builder_history(builder), .no_log = builder_no_log(builder)));
    else
        builder_made_table(
            builder, weir_aggregate(group->grouped, store, step, .value = builder_value_type(builder), .window = window,
                                    .history = builder_history(builder), .no_log = builder_no_log(builder),
                                    .merge = window.gap.ms > 0 ? merger(builder_value_type(builder)) : NULL));
}

static weir_cogrouped *cogrouped(const struct builder *builder)
{
    json_t *others = json_object_get(builder->op, "others"), *steps = json_object_get(builder->op, "fns");
    weir_cogrouped *all =
        weir_cogroup(builder_in(builder)->grouped, function_aggregate(json_string_value(json_array_get(steps, 0))));
    for (size_t i = 0; i < json_array_size(others); i++)
        all = weir_cogroup_add(all, builder_named(builder, json_string_value(json_array_get(others, i)))->grouped,
                               function_aggregate(json_string_value(json_array_get(steps, i + 1))));
    return all;
}

void build_cogroup(struct builder *builder)
{
    const struct weir_window window = builder_window(builder);
    builder->build->is_uncounted |= json_object_get(builder->op, "window") != NULL;
    builder_made_table(builder, weir_cogroup_aggregate(
                                    cogrouped(builder), builder_new_store(builder, true), builder_value_type(builder),
                                    .window = window, .no_log = builder_no_log(builder),
                                    .merge = window.gap.ms > 0 ? merger(builder_value_type(builder)) : NULL));
}

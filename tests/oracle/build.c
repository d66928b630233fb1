/* build.c: see build.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/builder.h"

static void make(struct builder *builder)
{
    static const struct {
        const char *name;
        void (*make)(struct builder *);
    } table[] = {
        {"stream", build_stream},
        {"table", build_table},
        {"global", build_global},
        {"filter", build_filter},
        {"filter_not", build_filter_not},
        {"map_values", build_map_values},
        {"transform_values", build_transform_values},
        {"map", build_map},
        {"select_key", build_select_key},
        {"flat_map", build_flat_map},
        {"flat_map_values", build_flat_map_values},
        {"foreach", build_foreach},
        {"repartition", build_repartition},
        {"to_table", build_to_table},
        {"peek", build_peek},
        {"branch", build_branch},
        {"merge", build_merge},
        {"rekey", build_rekey},
        {"group", build_group},
        {"group_by", build_group_by},
        {"count", build_count},
        {"reduce", build_reduce},
        {"aggregate", build_aggregate},
        {"cogroup", build_cogroup},
        {"suppress", build_suppress},
        {"changes", build_changes},
        {"join", build_join},
        {"join_table", build_join_table},
        {"join_tables", build_join_tables},
        {"join_foreign", build_join_foreign},
        {"join_global", build_join_global},
        {"route", build_route},
        {"shelve", build_shelve},
        {"survey", build_survey},
        {"global_store", build_global_store},
        {"consult", build_consult},
        {"process", build_process},
        {"process_values", build_process_values},
        {"to", build_to},
        {"to_computed", build_to_computed},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (builder_is(builder, "op", table[i].name)) {
            table[i].make(builder);
            return;
        }
    builder_refuse(builder, "no such operation");
}

void build_case(struct build *build, json_t *ops)
{
    struct builder builder = {.build = build};
    for (size_t i = 0; i < json_array_size(ops); i++) {
        builder.op = json_array_get(ops, i);
        make(&builder);
    }
}

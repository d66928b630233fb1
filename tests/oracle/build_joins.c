/* build_joins.c: the operations of a case that join. See builder.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "oracle/builder.h"
#include "oracle/functions.h"

static enum weir_join_kind join_kind(const struct builder *builder)
{
    return builder_is(builder, "kind", "inner")  ? WEIR_INNER
           : builder_is(builder, "kind", "left") ? WEIR_LEFT
                                                 : WEIR_OUTER;
}

static void add_logs(struct builder *builder)
{
    struct build *build = builder->build;
    json_t *names = json_object_get(builder->op, "stores");
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        build->stores[build->store_count++] =
            (struct build_store){.name = name, .is_numbered = strstr(name, "shared-join-store") == NULL};
    }
}

void build_join(struct builder *builder)
{
    add_logs(builder);
    builder->build->is_uncounted = true;
    builder_made_stream(
        builder, weir_join(builder_in(builder)->stream, builder_other(builder)->stream, builder_text(builder, "name"),
                           BUILDER_FUNCTION(join, builder), .value = builder->build->text, .kind = join_kind(builder),
                           .within = builder_ms(builder->op, "within"), .before = builder_ms(builder->op, "before"),
                           .after = builder_ms(builder->op, "after"), .grace = builder_ms(builder->op, "grace")));
}

void build_join_table(struct builder *builder)
{
    struct build *build = builder->build;
    const char *name = builder_text(builder, "as");
    if (name)
        build->stores[build->store_count++] =
            (struct build_store){.name = builder_text(builder, "store"), .is_held = true};
    builder_made_stream(builder, weir_join_table(builder_in(builder)->stream, builder_other(builder)->table,
                                                 BUILDER_FUNCTION(join, builder), .value = build->text,
                                                 .kind = join_kind(builder), .name = name,
                                                 .grace = builder_ms(builder->op, "grace")));
}

void build_join_tables(struct builder *builder)
{
    builder_made_table(builder,
                       weir_join_tables(builder_in(builder)->table, builder_other(builder)->table,
                                        BUILDER_FUNCTION(join, builder), .value = builder->build->text,
                                        .kind = join_kind(builder), .store = builder_new_store(builder, true),
                                        .history = builder_history(builder), .no_log = builder_no_log(builder)));
}

void build_join_foreign(struct builder *builder)
{
    struct build *build = builder->build;
    const char *name = builder_text(builder, "name");
    builder_add_internal(builder, "-subscription-registration-topic", NULL);
    builder_add_internal(builder, "-subscription-response-topic", NULL);
    build->stores[build->store_count++] =
        (struct build_store){.name = builder_suffixed(builder, name, "-subscription-store")};
    builder_made_table(builder,
                       weir_join_foreign(builder_in(builder)->table, builder_other(builder)->table, name,
                                         function_key(builder_text(builder, "by")), BUILDER_FUNCTION(join, builder),
                                         .value = build->text, .kind = join_kind(builder),
                                         .store = builder_new_store(builder, true), .history = builder_history(builder),
                                         .no_log = builder_no_log(builder)));
}

void build_join_global(struct builder *builder)
{
    builder_made_stream(builder,
                        weir_join_global(builder_in(builder)->stream, builder_other(builder)->global,
                                         function_key(builder_text(builder, "by")), BUILDER_FUNCTION(join, builder),
                                         .value = builder->build->text, .kind = join_kind(builder)));
}

/* build_processors.c: the operations of a case that are processors. See builder.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/builder.h"
#include "oracle/processors.h"

static void look(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
}

void build_route(struct builder *builder)
{
    struct build *build = builder->build;
    json_t *children = json_object_get(builder->op, "children"), *ids = json_object_get(builder->op, "ids");
    struct route *route = weir_arena_alloc(build->arena, sizeof *route);
    for (size_t i = 0; i < sizeof route->children / sizeof *route->children; i++)
        route->children[i] = builder_suffixed(builder, json_string_value(json_array_get(children, i)), "");
    weir_stream *routed = weir_process(builder_in(builder)->stream, &processor_route, .key = build->text, .user = route,
                                       .name = builder_text(builder, "label"));
    for (size_t i = 0; i < json_array_size(ids); i++)
        builder_add(builder, json_string_value(json_array_get(ids, i)),
                    (struct handle){.stream = weir_peek(routed, look, .name = route->children[i])});
}

void build_process(struct builder *builder)
{
    struct build *build = builder->build;
    const char *store = builder_new_store(builder, false);
    struct tally *tally = weir_arena_alloc(build->arena, sizeof *tally);
    *tally = (struct tally){store, builder_ms(builder->op, "every").ms,
                            builder_is(builder, "clock", "wall") ? WEIR_WALL_CLOCK : WEIR_STREAM_TIME};
    weir_add_store(build->topology, store, build->text, &weir_i64_type);
    builder_made_stream(builder, weir_process(builder_in(builder)->stream, &processor_tally, .stores = {store},
                                              .key = build->text, .value = &weir_i64_type, .user = tally));
}

void build_shelve(struct builder *builder)
{
    struct build *build = builder->build;
    const char *store = builder_new_store(builder, false);
    struct shelf *shelf = weir_arena_alloc(build->arena, sizeof *shelf);
    *shelf = (struct shelf){builder_suffixed(builder, store, ""), builder_count(builder, "size")};
    bool is_session = json_is_true(json_object_get(builder->op, "is_session"));
    const weir_duration size = weir_millis(shelf->size_ms);
    build->stores[build->store_count - 1].is_session = is_session;
    weir_add_store(build->topology, store, build->text, build->text, .window.size = is_session ? weir_millis(0) : size,
                   .window.gap = is_session ? size : weir_millis(0), .window.retention = weir_days(30));
    const struct weir_processor *shelve = is_session ? &processor_diary : &processor_shelve;
    builder_made_stream(builder, weir_process(builder_in(builder)->stream, shelve, .stores = {shelf->store},
                                              .value = build->text, .user = shelf));
}

void build_survey(struct builder *builder)
{
    struct build *build = builder->build;
    char *store = builder_suffixed(builder, builder_new_store(builder, false), "");
    weir_add_store(build->topology, store, build->text, build->text);
    builder_made_stream(builder, weir_process(builder_in(builder)->stream, &processor_survey, .stores = {store},
                                              .value = build->text, .user = store));
}

void build_process_values(struct builder *builder)
{
    struct build *build = builder->build;
    const char *store = builder_new_store(builder, false);
    char *name = builder_suffixed(builder, store, "");
    weir_add_store(build->topology, store, build->text, build->text);
    builder_made_stream(builder, weir_process(builder_in(builder)->stream, &processor_recall, .stores = {store},
                                              .value = build->text, .user = name));
}

void build_global_store(struct builder *builder)
{
    struct build *build = builder->build;
    const char *store = builder_new_store(builder, false);
    weir_global_store(build->topology, builder_text(builder, "topic"), store, build->text, build->text, &processor_pile,
                      .user = builder_suffixed(builder, store, ""));
}

void build_consult(struct builder *builder)
{
    struct build *build = builder->build;
    char *store = builder_suffixed(builder, builder_text(builder, "store"), "");
    builder_made_stream(builder, weir_process(builder_in(builder)->stream, &processor_consult, .stores = {store},
                                              .value = build->text, .user = store));
}

/* build.c: see build.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/build.h"

#include <stdlib.h>
#include <string.h>

#include "oracle/functions.h"
#include "oracle/processors.h"

struct handle { /* one of the pointers is set */
    const char *id;
    weir_stream *stream;
    weir_table *table;
    weir_grouped *grouped;
    weir_grouped_table *grouped_table;
    weir_global_table *global;
};

struct pair { /* of a map */
    weir_mapper *key, *value;
};

struct builder {
    struct build *build;
    json_t *op;
    struct handle handles[BUILD_MAX];
    size_t handle_count;
};

/* ---- the description ---- */

static _Noreturn void refuse(const struct builder *builder, const char *problem)
{
    char *text = json_dumps(builder->op, JSON_COMPACT);
    fprintf(stderr, "%s: %s\n", problem, text);
    exit(2);
}

static const char *text_of(const struct builder *builder, const char *name)
{
    return json_string_value(json_object_get(builder->op, name));
}

static weir_duration ms_of(const json_t *object, const char *name)
{
    return weir_millis(json_integer_value(json_object_get(object, name)));
}

static int64_t count_of(const struct builder *builder, const char *name)
{
    return json_integer_value(json_object_get(builder->op, name));
}

static bool is(const struct builder *builder, const char *name, const char *wanted)
{
    const char *text = text_of(builder, name);
    return text && strcmp(text, wanted) == 0;
}

static const struct handle *named(const struct builder *builder, const char *id)
{
    for (size_t i = 0; id && i < builder->handle_count; i++)
        if (strcmp(builder->handles[i].id, id) == 0)
            return &builder->handles[i];
    refuse(builder, "an input is not there");
}

static const struct handle *find(const struct builder *builder, const char *name)
{
    return named(builder, text_of(builder, name));
}

static const struct handle *in(const struct builder *builder)
{
    return find(builder, "in");
}

static const struct handle *other(const struct builder *builder)
{
    return find(builder, "other");
}

static void add(struct builder *builder, const char *id, struct handle handle)
{
    if (builder->handle_count == BUILD_MAX)
        refuse(builder, "too many operations");
    handle.id = id;
    builder->handles[builder->handle_count++] = handle;
}

static void made_stream(struct builder *builder, weir_stream *stream)
{
    add(builder, text_of(builder, "id"), (struct handle){.stream = stream});
}

static void made_table(struct builder *builder, weir_table *table)
{
    add(builder, text_of(builder, "id"), (struct handle){.table = table});
}

static void made_group(struct builder *builder, weir_grouped *grouped)
{
    add(builder, text_of(builder, "id"), (struct handle){.grouped = grouped});
}

static void made_grouped_table(struct builder *builder, weir_grouped_table *grouped)
{
    add(builder, text_of(builder, "id"), (struct handle){.grouped_table = grouped});
}

static char *suffixed(struct builder *builder, const char *name, const char *suffix)
{
    size_t size = strlen(name) + strlen(suffix) + 1;
    char *both = weir_arena_alloc(builder->build->arena, size);
    snprintf(both, size, "%s%s", name, suffix);
    return both;
}

/* A function that is not there is a NULL, which the verb refuses. */
#define FUNCTION(kind, builder) function_##kind(text_of((builder), "fn"))

static const struct weir_type *type_named(const struct builder *builder, const char *letter)
{
    return letter && letter[0] == 'L' ? &weir_i64_type : builder->build->text;
}

static const struct weir_type *value_type(const struct builder *builder)
{
    return type_named(builder, text_of(builder, "value"));
}

static bool is_number(const struct builder *builder)
{
    const char *letter = json_string_value(json_array_get(json_object_get(builder->op, "type"), 1));
    return letter && strcmp(letter, "L") == 0;
}

static const char *new_store(struct builder *builder, bool has_times)
{
    struct build *build = builder->build;
    const char *name = text_of(builder, "store");
    bool is_session = json_object_get(json_object_get(builder->op, "window"), "gap") != NULL;
    if (name)
        build->stores[build->store_count++] =
            (struct build_store){.name = name,
                                 .has_rows = true,
                                 .is_session = is_session,
                                 .is_number = is_number(builder),
                                 .is_versioned = json_object_get(builder->op, "history") != NULL,
                                 .has_times = has_times && !is_session};
    return name;
}

static weir_duration history(const struct builder *builder)
{
    return ms_of(builder->op, "history");
}

static bool no_log(const struct builder *builder)
{
    return json_is_true(json_object_get(builder->op, "no_log"));
}

static struct weir_window window_of(const struct builder *builder)
{
    const json_t *window = json_object_get(builder->op, "window");
    const char *kind = json_string_value(json_object_get(window, "kind"));
    return (struct weir_window){.size = ms_of(window, "size"),
                                .advance = ms_of(window, "advance"),
                                .difference = ms_of(window, "difference"),
                                .gap = ms_of(window, "gap"),
                                .unlimited = kind && strcmp(kind, "unlimited") == 0,
                                .start_ms = ms_of(window, "start").ms,
                                .grace = ms_of(window, "grace"),
                                .retention = ms_of(window, "retention"),
                                .emit = json_object_get(window, "emit") ? WEIR_EMIT_ON_CLOSE : WEIR_EMIT_ON_UPDATE};
}

/* ---- operations ---- */

static struct weir_source_args source_args(const struct builder *builder, const struct weir_type *value)
{
    struct weir_source_args args = {.at = WEIR_AT, .value = value, .untimed = WEIR_UNTIMED_SKIP};
    const char *timestamp = text_of(builder, "timestamp");
    args.timestamp = timestamp ? function_timestamp(timestamp) : NULL;
    args.history = history(builder);
    args.no_log = no_log(builder);
    json_t *also = json_object_get(builder->op, "also");
    for (size_t i = 0; i < json_array_size(also); i++)
        args.also[i] = json_string_value(json_array_get(also, i));
    return args;
}

static void make_stream(struct builder *builder)
{
    struct build *build = builder->build;
    const char *value = json_string_value(json_array_get(json_object_get(builder->op, "type"), 1));
    made_stream(builder, weir_from_with(build->topology, text_of(builder, "topic"), build->text,
                                        source_args(builder, type_named(builder, value))));
}

static void make_table(struct builder *builder)
{
    struct build *build = builder->build;
    const char *store = new_store(builder, true);
    made_table(builder, weir_table_with(build->topology, text_of(builder, "topic"), store, build->text,
                                        source_args(builder, build->text)));
}

static void make_global(struct builder *builder)
{
    struct build *build = builder->build;
    weir_global_table *global =
        weir_global(build->topology, text_of(builder, "topic"), new_store(builder, true), build->text, build->text);
    add(builder, text_of(builder, "id"), (struct handle){.global = global});
}

static void make_filter(struct builder *builder)
{
    weir_predicate *test = FUNCTION(test, builder);
    if (in(builder)->table)
        made_table(builder, weir_filter(in(builder)->table, test, .store = new_store(builder, true),
                                        .history = history(builder), .no_log = no_log(builder)));
    else
        made_stream(builder, weir_filter(in(builder)->stream, test, .name = text_of(builder, "as")));
}

static void make_filter_not(struct builder *builder)
{
    weir_predicate *test = FUNCTION(test, builder);
    if (in(builder)->table)
        made_table(builder, weir_filter_not(in(builder)->table, test, .store = new_store(builder, true),
                                            .history = history(builder), .no_log = no_log(builder)));
    else
        made_stream(builder, weir_filter_not(in(builder)->stream, test, .name = text_of(builder, "as")));
}

static void make_map_values(struct builder *builder)
{
    weir_mapper *map = FUNCTION(value, builder);
    const struct weir_type *value = value_type(builder);
    if (in(builder)->table)
        made_table(builder, weir_map_values(in(builder)->table, value, map, .store = new_store(builder, true),
                                            .history = history(builder), .no_log = no_log(builder)));
    else
        made_stream(builder, weir_map_values(in(builder)->stream, value, map, .name = text_of(builder, "as")));
}

static void map_pair(weir_context *context, const struct weir_record *record, struct weir_record *out)
{
    const struct pair *pair = weir_user(context);
    out->key = pair->key(context, record);
    out->value = pair->value(context, record);
}

static void make_transform_values(struct builder *builder)
{
    struct build *build = builder->build;
    const char *keeps = text_of(builder, "keeps");
    weir_table *table = in(builder)->table;
    if (keeps) {
        char *name = suffixed(builder, keeps, "");
        weir_add_store(build->topology, name, build->text, build->text);
        build->stores[build->store_count++] = (struct build_store){.name = name, .has_rows = true};
        made_table(builder,
                   weir_transform_values(table, build->text, processor_remember, .stores = {name}, .user = name,
                                         .store = new_store(builder, true), .no_log = no_log(builder)));
    } else {
        made_table(builder, weir_transform_values(table, value_type(builder), FUNCTION(value, builder),
                                                  .store = new_store(builder, true), .no_log = no_log(builder)));
    }
}

static void make_map(struct builder *builder)
{
    struct build *build = builder->build;
    struct pair *pair = weir_arena_alloc(build->arena, sizeof *pair);
    *pair = (struct pair){FUNCTION(key, builder), function_value(text_of(builder, "value_fn"))};
    made_stream(builder, weir_map(in(builder)->stream, build->text, value_type(builder), map_pair, .user = pair));
}

static void make_select_key(struct builder *builder)
{
    made_stream(builder, weir_select_key(in(builder)->stream, builder->build->text, FUNCTION(key, builder),
                                         .name = text_of(builder, "as")));
}

static void make_flat_map(struct builder *builder)
{
    made_stream(builder,
                weir_flat_map(in(builder)->stream, builder->build->text, value_type(builder), FUNCTION(flat, builder)));
}

static void make_flat_map_values(struct builder *builder)
{
    made_stream(builder,
                weir_flat_map_values(in(builder)->stream, value_type(builder), FUNCTION(flat_values, builder)));
}

static void look(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
}

static void make_peek(struct builder *builder)
{
    made_stream(builder, weir_peek(in(builder)->stream, look, .name = text_of(builder, "as")));
}

static void make_foreach(struct builder *builder)
{
    weir_foreach(in(builder)->stream, look);
}

static void make_branch(struct builder *builder)
{
    weir_branches *branches = weir_split(in(builder)->stream);
    json_t *functions = json_object_get(builder->op, "fns"), *ids = json_object_get(builder->op, "ids");
    size_t count = json_array_size(functions);
    for (size_t i = 0; i < count; i++) {
        weir_predicate *test = function_test(json_string_value(json_array_get(functions, i)));
        add(builder, json_string_value(json_array_get(ids, i)), (struct handle){.stream = weir_branch(branches, test)});
    }
    if (json_is_true(json_object_get(builder->op, "rest")))
        add(builder, json_string_value(json_array_get(ids, count)),
            (struct handle){.stream = weir_branch_rest(branches)});
}

static void make_merge(struct builder *builder)
{
    struct weir_merge_args args = {.at = WEIR_AT};
    json_t *others = json_object_get(builder->op, "others");
    for (size_t i = 0; i < json_array_size(others); i++)
        args.with[i] = named(builder, json_string_value(json_array_get(others, i)))->stream;
    made_stream(builder, weir_merge_with(in(builder)->stream, args));
}

/* Kafka Streams does not count what a repartition drops, Weir does. */
static const void *count_missing(weir_context *context, const struct weir_record *record)
{
    struct build_internal *repartition = weir_user(context);
    const void *key = repartition->map(context, record);
    bool has_failed = repartition->map == function_key("fragile") && function_breaks(record);
    repartition->missing += key == NULL && !has_failed;
    return key;
}

static struct build_internal *add_internal(struct builder *builder, const char *suffix, weir_mapper *map)
{
    struct build_internal *made = &builder->build->internals[builder->build->internal_count++];
    *made = (struct build_internal){suffixed(builder, text_of(builder, "name"), suffix), map, 0};
    return made;
}

static struct build_internal *add_repartition(struct builder *builder, weir_mapper *map)
{
    return add_internal(builder, "-repartition", map);
}

static void make_rekey(struct builder *builder)
{
    struct build_internal *through = add_repartition(builder, FUNCTION(key, builder));
    made_stream(builder, weir_rekey(in(builder)->stream, text_of(builder, "name"), builder->build->text, count_missing,
                                    .user = through));
}

static void make_repartition(struct builder *builder)
{
    builder->build->is_uncounted = true;
    add_repartition(builder, NULL);
    made_stream(builder, weir_repartition(in(builder)->stream, text_of(builder, "name"),
                                          .partitions = (int32_t)count_of(builder, "partitions")));
}

static void make_to_table(struct builder *builder)
{
    made_table(builder, weir_to_table(in(builder)->stream, new_store(builder, true), .history = history(builder),
                                      .no_log = no_log(builder)));
}

static void make_group(struct builder *builder)
{
    made_group(builder, weir_group(in(builder)->stream));
}

static void make_group_table_by(struct builder *builder)
{
    struct build_internal *through = add_repartition(builder, FUNCTION(key, builder));
    made_grouped_table(builder, weir_group_by(in(builder)->table, text_of(builder, "name"), builder->build->text,
                                              through->map, .value = value_type(builder),
                                              .map_value = function_value(text_of(builder, "value_fn"))));
}

static void make_group_by(struct builder *builder)
{
    if (in(builder)->table) {
        make_group_table_by(builder);
        return;
    }
    struct build_internal *through = add_repartition(builder, FUNCTION(key, builder));
    made_group(builder, weir_group_by(in(builder)->stream, text_of(builder, "name"), builder->build->text,
                                      count_missing, .user = through));
}

static void make_count(struct builder *builder)
{
    const struct handle *group = in(builder);
    const char *store = new_store(builder, true);
    made_table(builder, group->grouped_table ? weir_count(group->grouped_table, store, .history = history(builder),
                                                          .no_log = no_log(builder))
                                             : weir_count(group->grouped, store, .window = window_of(builder),
                                                          .history = history(builder), .no_log = no_log(builder)));
}

static void make_reduce(struct builder *builder)
{
    const struct handle *group = in(builder);
    const char *store = new_store(builder, true);
    weir_reducer *step = FUNCTION(reduce, builder);
    if (group->grouped_table)
        made_table(builder, weir_reduce(group->grouped_table, store, step,
                                        .subtract = function_reduce(text_of(builder, "subtract")),
                                        .history = history(builder), .no_log = no_log(builder)));
    else
        made_table(builder, weir_reduce(group->grouped, store, step, .window = window_of(builder),
                                        .history = history(builder), .no_log = no_log(builder)));
}

static weir_merger *merger(const struct weir_type *type)
{
    return type == &weir_i64_type ? function_merge_numbers : function_merge_texts;
}

static void make_aggregate(struct builder *builder)
{
    const struct handle *group = in(builder);
    const char *store = new_store(builder, true);
    weir_aggregator *step = FUNCTION(aggregate, builder);
    const struct weir_window window = window_of(builder);
    if (group->grouped_table)
        made_table(builder, weir_aggregate(group->grouped_table, store, step, .value = value_type(builder),
                                           .subtract = function_aggregate(text_of(builder, "subtract")),
                                           .history = history(builder), .no_log = no_log(builder)));
    else
        made_table(builder, weir_aggregate(group->grouped, store, step, .value = value_type(builder), .window = window,
                                           .history = history(builder), .no_log = no_log(builder),
                                           .merge = window.gap.ms > 0 ? merger(value_type(builder)) : NULL));
}

static weir_cogrouped *cogrouped(const struct builder *builder)
{
    json_t *others = json_object_get(builder->op, "others"), *steps = json_object_get(builder->op, "fns");
    weir_cogrouped *all =
        weir_cogroup(in(builder)->grouped, function_aggregate(json_string_value(json_array_get(steps, 0))));
    for (size_t i = 0; i < json_array_size(others); i++)
        all = weir_cogroup_add(all, named(builder, json_string_value(json_array_get(others, i)))->grouped,
                               function_aggregate(json_string_value(json_array_get(steps, i + 1))));
    return all;
}

static void make_cogroup(struct builder *builder)
{
    const struct weir_window window = window_of(builder);
    builder->build->is_uncounted |= json_object_get(builder->op, "window") != NULL;
    made_table(builder, weir_cogroup_aggregate(cogrouped(builder), new_store(builder, true), value_type(builder),
                                               .window = window, .no_log = no_log(builder),
                                               .merge = window.gap.ms > 0 ? merger(value_type(builder)) : NULL));
}

static void make_suppress(struct builder *builder)
{
    struct build *build = builder->build;
    const char *name = text_of(builder, "label");
    made_table(builder,
               weir_suppress(in(builder)->table, name,
                             .until_window_closes = json_is_true(json_object_get(builder->op, "until_window_closes")),
                             .until = ms_of(builder->op, "until"), .max_records = count_of(builder, "max_records"),
                             .max_bytes = count_of(builder, "max_bytes")));
    build->stores[build->store_count++] =
        (struct build_store){.name = suffixed(builder, name, "-store"), .is_held = true};
}

static void make_changes(struct builder *builder)
{
    made_stream(builder, weir_changes(in(builder)->table));
}

static enum weir_join_kind join_kind(const struct builder *builder)
{
    return is(builder, "kind", "inner") ? WEIR_INNER : is(builder, "kind", "left") ? WEIR_LEFT : WEIR_OUTER;
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

static void make_join(struct builder *builder)
{
    add_logs(builder);
    builder->build->is_uncounted = true;
    made_stream(builder, weir_join(in(builder)->stream, other(builder)->stream, text_of(builder, "name"),
                                   FUNCTION(join, builder), .value = builder->build->text, .kind = join_kind(builder),
                                   .within = ms_of(builder->op, "within"), .before = ms_of(builder->op, "before"),
                                   .after = ms_of(builder->op, "after"), .grace = ms_of(builder->op, "grace")));
}

static void make_join_table(struct builder *builder)
{
    struct build *build = builder->build;
    const char *name = text_of(builder, "as");
    if (name)
        build->stores[build->store_count++] = (struct build_store){.name = text_of(builder, "store"), .is_held = true};
    made_stream(builder, weir_join_table(in(builder)->stream, other(builder)->table, FUNCTION(join, builder),
                                         .value = build->text, .kind = join_kind(builder), .name = name,
                                         .grace = ms_of(builder->op, "grace")));
}

static void make_join_tables(struct builder *builder)
{
    made_table(builder, weir_join_tables(in(builder)->table, other(builder)->table, FUNCTION(join, builder),
                                         .value = builder->build->text, .kind = join_kind(builder),
                                         .store = new_store(builder, true), .history = history(builder),
                                         .no_log = no_log(builder)));
}

static void make_join_foreign(struct builder *builder)
{
    struct build *build = builder->build;
    const char *name = text_of(builder, "name");
    add_internal(builder, "-subscription-registration-topic", NULL);
    add_internal(builder, "-subscription-response-topic", NULL);
    build->stores[build->store_count++] = (struct build_store){.name = suffixed(builder, name, "-subscription-store")};
    made_table(builder, weir_join_foreign(
                            in(builder)->table, other(builder)->table, name, function_key(text_of(builder, "by")),
                            FUNCTION(join, builder), .value = build->text, .kind = join_kind(builder),
                            .store = new_store(builder, true), .history = history(builder), .no_log = no_log(builder)));
}

static void make_join_global(struct builder *builder)
{
    made_stream(builder,
                weir_join_global(in(builder)->stream, other(builder)->global, function_key(text_of(builder, "by")),
                                 FUNCTION(join, builder), .value = builder->build->text, .kind = join_kind(builder)));
}

static void make_route(struct builder *builder)
{
    struct build *build = builder->build;
    json_t *children = json_object_get(builder->op, "children"), *ids = json_object_get(builder->op, "ids");
    struct route *route = weir_arena_alloc(build->arena, sizeof *route);
    for (size_t i = 0; i < sizeof route->children / sizeof *route->children; i++)
        route->children[i] = suffixed(builder, json_string_value(json_array_get(children, i)), "");
    weir_stream *routed = weir_process(in(builder)->stream, &processor_route, .key = build->text, .user = route,
                                       .name = text_of(builder, "label"));
    for (size_t i = 0; i < json_array_size(ids); i++)
        add(builder, json_string_value(json_array_get(ids, i)),
            (struct handle){.stream = weir_peek(routed, look, .name = route->children[i])});
}

static void make_process(struct builder *builder)
{
    struct build *build = builder->build;
    const char *store = new_store(builder, false);
    struct tally *tally = weir_arena_alloc(build->arena, sizeof *tally);
    *tally = (struct tally){store, ms_of(builder->op, "every").ms,
                            is(builder, "clock", "wall") ? WEIR_WALL_CLOCK : WEIR_STREAM_TIME};
    weir_add_store(build->topology, store, build->text, &weir_i64_type);
    made_stream(builder, weir_process(in(builder)->stream, &processor_tally, .stores = {store}, .key = build->text,
                                      .value = &weir_i64_type, .user = tally));
}

static void make_shelve(struct builder *builder)
{
    struct build *build = builder->build;
    const char *store = new_store(builder, false);
    struct shelf *shelf = weir_arena_alloc(build->arena, sizeof *shelf);
    *shelf = (struct shelf){suffixed(builder, store, ""), count_of(builder, "size")};
    bool is_session = json_is_true(json_object_get(builder->op, "is_session"));
    const weir_duration size = weir_millis(shelf->size_ms);
    build->stores[build->store_count - 1].is_session = is_session;
    weir_add_store(build->topology, store, build->text, build->text, .window.size = is_session ? weir_millis(0) : size,
                   .window.gap = is_session ? size : weir_millis(0), .window.retention = weir_days(30));
    const struct weir_processor *shelve = is_session ? &processor_diary : &processor_shelve;
    made_stream(builder, weir_process(in(builder)->stream, shelve, .stores = {shelf->store}, .value = build->text,
                                      .user = shelf));
}

static void make_survey(struct builder *builder)
{
    struct build *build = builder->build;
    char *store = suffixed(builder, new_store(builder, false), "");
    weir_add_store(build->topology, store, build->text, build->text);
    made_stream(builder, weir_process(in(builder)->stream, &processor_survey, .stores = {store}, .value = build->text,
                                      .user = store));
}

static void make_process_values(struct builder *builder)
{
    struct build *build = builder->build;
    const char *store = new_store(builder, false);
    char *name = suffixed(builder, store, "");
    weir_add_store(build->topology, store, build->text, build->text);
    made_stream(builder, weir_process(in(builder)->stream, &processor_recall, .stores = {store}, .value = build->text,
                                      .user = name));
}

static void add_output(struct build *build, const char *topic)
{
    bool is_known = false;
    for (size_t i = 0; i < build->output_count; i++)
        is_known |= strcmp(build->outputs[i], topic) == 0;
    if (!is_known)
        build->outputs[build->output_count++] = topic;
}

static void make_to_computed(struct builder *builder)
{
    struct build *build = builder->build;
    json_t *topics = json_object_get(builder->op, "topics");
    struct choice *choice = weir_arena_alloc(build->arena, sizeof *choice);
    for (size_t i = 0; i < sizeof choice->topics / sizeof *choice->topics; i++) {
        choice->topics[i] = suffixed(builder, json_string_value(json_array_get(topics, i)), "");
        add_output(build, choice->topics[i]);
    }
    weir_to_computed(in(builder)->stream, function_topic, .user = choice);
}

static void make_to(struct builder *builder)
{
    const char *topic = text_of(builder, "topic");
    add_output(builder->build, topic);
    weir_to(in(builder)->stream, topic);
}

static void make(struct builder *builder)
{
    static const struct {
        const char *name;
        void (*make)(struct builder *);
    } table[] = {
        {"stream", make_stream},
        {"table", make_table},
        {"global", make_global},
        {"filter", make_filter},
        {"filter_not", make_filter_not},
        {"map_values", make_map_values},
        {"transform_values", make_transform_values},
        {"map", make_map},
        {"select_key", make_select_key},
        {"flat_map", make_flat_map},
        {"flat_map_values", make_flat_map_values},
        {"foreach", make_foreach},
        {"repartition", make_repartition},
        {"to_table", make_to_table},
        {"peek", make_peek},
        {"branch", make_branch},
        {"merge", make_merge},
        {"rekey", make_rekey},
        {"group", make_group},
        {"group_by", make_group_by},
        {"count", make_count},
        {"reduce", make_reduce},
        {"aggregate", make_aggregate},
        {"cogroup", make_cogroup},
        {"suppress", make_suppress},
        {"changes", make_changes},
        {"join", make_join},
        {"join_table", make_join_table},
        {"join_tables", make_join_tables},
        {"join_foreign", make_join_foreign},
        {"join_global", make_join_global},
        {"route", make_route},
        {"shelve", make_shelve},
        {"survey", make_survey},
        {"process", make_process},
        {"process_values", make_process_values},
        {"to", make_to},
        {"to_computed", make_to_computed},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (is(builder, "op", table[i].name)) {
            table[i].make(builder);
            return;
        }
    refuse(builder, "no such operation");
}

void build_case(struct build *build, json_t *ops)
{
    struct builder builder = {.build = build};
    for (size_t i = 0; i < json_array_size(ops); i++) {
        builder.op = json_array_get(ops, i);
        make(&builder);
    }
}

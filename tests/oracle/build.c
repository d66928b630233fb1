/* build.c: see build.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/build.h"

#include <stdlib.h>
#include <string.h>

#include "oracle/builder.h"
#include "oracle/functions.h"
#include "oracle/processors.h"

struct pair { /* of a map */
    weir_mapper *key, *value;
};

/* ---- the description ---- */

_Noreturn void builder_refuse(const struct builder *builder, const char *problem)
{
    char *text = json_dumps(builder->op, JSON_COMPACT);
    fprintf(stderr, "%s: %s\n", problem, text);
    exit(2);
}

const char *builder_text(const struct builder *builder, const char *name)
{
    return json_string_value(json_object_get(builder->op, name));
}

weir_duration builder_ms(const json_t *object, const char *name)
{
    return weir_millis(json_integer_value(json_object_get(object, name)));
}

int64_t builder_count(const struct builder *builder, const char *name)
{
    return json_integer_value(json_object_get(builder->op, name));
}

bool builder_is(const struct builder *builder, const char *name, const char *wanted)
{
    const char *text = builder_text(builder, name);
    return text && strcmp(text, wanted) == 0;
}

static const struct handle *named(const struct builder *builder, const char *id)
{
    for (size_t i = 0; id && i < builder->handle_count; i++)
        if (strcmp(builder->handles[i].id, id) == 0)
            return &builder->handles[i];
    builder_refuse(builder, "an input is not there");
}

static const struct handle *find(const struct builder *builder, const char *name)
{
    return named(builder, builder_text(builder, name));
}

const struct handle *builder_in(const struct builder *builder)
{
    return find(builder, "in");
}

static const struct handle *other(const struct builder *builder)
{
    return find(builder, "other");
}

void builder_add(struct builder *builder, const char *id, struct handle handle)
{
    if (builder->handle_count == BUILD_MAX)
        builder_refuse(builder, "too many operations");
    handle.id = id;
    builder->handles[builder->handle_count++] = handle;
}

void builder_made_stream(struct builder *builder, weir_stream *stream)
{
    builder_add(builder, builder_text(builder, "id"), (struct handle){.stream = stream});
}

static void made_table(struct builder *builder, weir_table *table)
{
    builder_add(builder, builder_text(builder, "id"), (struct handle){.table = table});
}

static void made_group(struct builder *builder, weir_grouped *grouped)
{
    builder_add(builder, builder_text(builder, "id"), (struct handle){.grouped = grouped});
}

static void made_grouped_table(struct builder *builder, weir_grouped_table *grouped)
{
    builder_add(builder, builder_text(builder, "id"), (struct handle){.grouped_table = grouped});
}

char *builder_suffixed(struct builder *builder, const char *name, const char *suffix)
{
    size_t size = strlen(name) + strlen(suffix) + 1;
    char *both = weir_arena_alloc(builder->build->arena, size);
    snprintf(both, size, "%s%s", name, suffix);
    return both;
}

/* A function that is not there is a NULL, which the verb refuses. */
#define FUNCTION(kind, builder) function_##kind(builder_text((builder), "fn"))

static const struct weir_type *type_named(const struct builder *builder, const char *letter)
{
    return letter && letter[0] == 'L' ? &weir_i64_type : builder->build->text;
}

static const struct weir_type *value_type(const struct builder *builder)
{
    return type_named(builder, builder_text(builder, "value"));
}

static bool is_number(const struct builder *builder)
{
    const char *letter = json_string_value(json_array_get(json_object_get(builder->op, "type"), 1));
    return letter && strcmp(letter, "L") == 0;
}

const char *builder_new_store(struct builder *builder, bool has_times)
{
    struct build *build = builder->build;
    const char *name = builder_text(builder, "store");
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
    return builder_ms(builder->op, "history");
}

static bool no_log(const struct builder *builder)
{
    return json_is_true(json_object_get(builder->op, "no_log"));
}

static struct weir_window window_of(const struct builder *builder)
{
    const json_t *window = json_object_get(builder->op, "window");
    const char *kind = json_string_value(json_object_get(window, "kind"));
    return (struct weir_window){.size = builder_ms(window, "size"),
                                .advance = builder_ms(window, "advance"),
                                .difference = builder_ms(window, "difference"),
                                .gap = builder_ms(window, "gap"),
                                .unlimited = kind && strcmp(kind, "unlimited") == 0,
                                .start_ms = builder_ms(window, "start").ms,
                                .grace = builder_ms(window, "grace"),
                                .retention = builder_ms(window, "retention"),
                                .emit = json_object_get(window, "emit") ? WEIR_EMIT_ON_CLOSE : WEIR_EMIT_ON_UPDATE};
}

/* ---- operations ---- */

static struct weir_source_args source_args(const struct builder *builder, const struct weir_type *value)
{
    struct weir_source_args args = {.at = WEIR_AT, .value = value, .untimed = WEIR_UNTIMED_SKIP};
    const char *timestamp = builder_text(builder, "timestamp");
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
    builder_made_stream(builder, weir_from_with(build->topology, builder_text(builder, "topic"), build->text,
                                                source_args(builder, type_named(builder, value))));
}

static void make_table(struct builder *builder)
{
    struct build *build = builder->build;
    const char *store = builder_new_store(builder, true);
    made_table(builder, weir_table_with(build->topology, builder_text(builder, "topic"), store, build->text,
                                        source_args(builder, build->text)));
}

static void make_global(struct builder *builder)
{
    struct build *build = builder->build;
    weir_global_table *global = weir_global(build->topology, builder_text(builder, "topic"),
                                            builder_new_store(builder, true), build->text, build->text);
    builder_add(builder, builder_text(builder, "id"), (struct handle){.global = global});
}

static void make_filter(struct builder *builder)
{
    weir_predicate *test = FUNCTION(test, builder);
    if (builder_in(builder)->table)
        made_table(builder, weir_filter(builder_in(builder)->table, test, .store = builder_new_store(builder, true),
                                        .history = history(builder), .no_log = no_log(builder)));
    else
        builder_made_stream(builder,
                            weir_filter(builder_in(builder)->stream, test, .name = builder_text(builder, "as")));
}

static void make_filter_not(struct builder *builder)
{
    weir_predicate *test = FUNCTION(test, builder);
    if (builder_in(builder)->table)
        made_table(builder, weir_filter_not(builder_in(builder)->table, test, .store = builder_new_store(builder, true),
                                            .history = history(builder), .no_log = no_log(builder)));
    else
        builder_made_stream(builder,
                            weir_filter_not(builder_in(builder)->stream, test, .name = builder_text(builder, "as")));
}

static void make_map_values(struct builder *builder)
{
    weir_mapper *map = FUNCTION(value, builder);
    const struct weir_type *value = value_type(builder);
    if (builder_in(builder)->table)
        made_table(builder,
                   weir_map_values(builder_in(builder)->table, value, map, .store = builder_new_store(builder, true),
                                   .history = history(builder), .no_log = no_log(builder)));
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

static void make_transform_values(struct builder *builder)
{
    struct build *build = builder->build;
    const char *keeps = builder_text(builder, "keeps");
    weir_table *table = builder_in(builder)->table;
    if (keeps) {
        char *name = builder_suffixed(builder, keeps, "");
        weir_add_store(build->topology, name, build->text, build->text);
        build->stores[build->store_count++] = (struct build_store){.name = name, .has_rows = true};
        made_table(builder,
                   weir_transform_values(table, build->text, processor_remember, .stores = {name}, .user = name,
                                         .store = builder_new_store(builder, true), .no_log = no_log(builder)));
    } else {
        made_table(builder,
                   weir_transform_values(table, value_type(builder), FUNCTION(value, builder),
                                         .store = builder_new_store(builder, true), .no_log = no_log(builder)));
    }
}

static void make_map(struct builder *builder)
{
    struct build *build = builder->build;
    struct pair *pair = weir_arena_alloc(build->arena, sizeof *pair);
    *pair = (struct pair){FUNCTION(key, builder), function_value(builder_text(builder, "value_fn"))};
    builder_made_stream(
        builder, weir_map(builder_in(builder)->stream, build->text, value_type(builder), map_pair, .user = pair));
}

static void make_select_key(struct builder *builder)
{
    builder_made_stream(builder, weir_select_key(builder_in(builder)->stream, builder->build->text,
                                                 FUNCTION(key, builder), .name = builder_text(builder, "as")));
}

static void make_flat_map(struct builder *builder)
{
    builder_made_stream(builder, weir_flat_map(builder_in(builder)->stream, builder->build->text, value_type(builder),
                                               FUNCTION(flat, builder)));
}

static void make_flat_map_values(struct builder *builder)
{
    builder_made_stream(builder, weir_flat_map_values(builder_in(builder)->stream, value_type(builder),
                                                      FUNCTION(flat_values, builder)));
}

static void look(weir_context *context, const struct weir_record *record)
{
    (void)context, (void)record;
}

static void make_peek(struct builder *builder)
{
    builder_made_stream(builder, weir_peek(builder_in(builder)->stream, look, .name = builder_text(builder, "as")));
}

static void make_foreach(struct builder *builder)
{
    weir_foreach(builder_in(builder)->stream, look);
}

static void make_branch(struct builder *builder)
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

static void make_merge(struct builder *builder)
{
    struct weir_merge_args args = {.at = WEIR_AT};
    json_t *others = json_object_get(builder->op, "others");
    for (size_t i = 0; i < json_array_size(others); i++)
        args.with[i] = named(builder, json_string_value(json_array_get(others, i)))->stream;
    builder_made_stream(builder, weir_merge_with(builder_in(builder)->stream, args));
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
    *made = (struct build_internal){builder_suffixed(builder, builder_text(builder, "name"), suffix), map, 0};
    return made;
}

static struct build_internal *add_repartition(struct builder *builder, weir_mapper *map)
{
    return add_internal(builder, "-repartition", map);
}

static void make_rekey(struct builder *builder)
{
    struct build_internal *through = add_repartition(builder, FUNCTION(key, builder));
    builder_made_stream(builder, weir_rekey(builder_in(builder)->stream, builder_text(builder, "name"),
                                            builder->build->text, count_missing, .user = through));
}

static void make_repartition(struct builder *builder)
{
    builder->build->is_uncounted = true;
    add_repartition(builder, NULL);
    builder_made_stream(builder, weir_repartition(builder_in(builder)->stream, builder_text(builder, "name"),
                                                  .partitions = (int32_t)builder_count(builder, "partitions")));
}

static void make_to_table(struct builder *builder)
{
    made_table(builder, weir_to_table(builder_in(builder)->stream, builder_new_store(builder, true),
                                      .history = history(builder), .no_log = no_log(builder)));
}

static void make_group(struct builder *builder)
{
    made_group(builder, weir_group(builder_in(builder)->stream));
}

static void make_group_table_by(struct builder *builder)
{
    struct build_internal *through = add_repartition(builder, FUNCTION(key, builder));
    made_grouped_table(builder, weir_group_by(builder_in(builder)->table, builder_text(builder, "name"),
                                              builder->build->text, through->map, .value = value_type(builder),
                                              .map_value = function_value(builder_text(builder, "value_fn"))));
}

static void make_group_by(struct builder *builder)
{
    if (builder_in(builder)->table) {
        make_group_table_by(builder);
        return;
    }
    struct build_internal *through = add_repartition(builder, FUNCTION(key, builder));
    made_group(builder, weir_group_by(builder_in(builder)->stream, builder_text(builder, "name"), builder->build->text,
                                      count_missing, .user = through));
}

static void make_count(struct builder *builder)
{
    const struct handle *group = builder_in(builder);
    const char *store = builder_new_store(builder, true);
    made_table(builder, group->grouped_table ? weir_count(group->grouped_table, store, .history = history(builder),
                                                          .no_log = no_log(builder))
                                             : weir_count(group->grouped, store, .window = window_of(builder),
                                                          .history = history(builder), .no_log = no_log(builder)));
}

static void make_reduce(struct builder *builder)
{
    const struct handle *group = builder_in(builder);
    const char *store = builder_new_store(builder, true);
    weir_reducer *step = FUNCTION(reduce, builder);
    if (group->grouped_table)
        made_table(builder, weir_reduce(group->grouped_table, store, step,
                                        .subtract = function_reduce(builder_text(builder, "subtract")),
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
    const struct handle *group = builder_in(builder);
    const char *store = builder_new_store(builder, true);
    weir_aggregator *step = FUNCTION(aggregate, builder);
    const struct weir_window window = window_of(builder);
    if (group->grouped_table)
        made_table(builder, weir_aggregate(group->grouped_table, store, step, .value = value_type(builder),
                                           .subtract = function_aggregate(builder_text(builder, "subtract")),
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
        weir_cogroup(builder_in(builder)->grouped, function_aggregate(json_string_value(json_array_get(steps, 0))));
    for (size_t i = 0; i < json_array_size(others); i++)
        all = weir_cogroup_add(all, named(builder, json_string_value(json_array_get(others, i)))->grouped,
                               function_aggregate(json_string_value(json_array_get(steps, i + 1))));
    return all;
}

static void make_cogroup(struct builder *builder)
{
    const struct weir_window window = window_of(builder);
    builder->build->is_uncounted |= json_object_get(builder->op, "window") != NULL;
    made_table(builder, weir_cogroup_aggregate(cogrouped(builder), builder_new_store(builder, true),
                                               value_type(builder), .window = window, .no_log = no_log(builder),
                                               .merge = window.gap.ms > 0 ? merger(value_type(builder)) : NULL));
}

static void make_suppress(struct builder *builder)
{
    struct build *build = builder->build;
    const char *name = builder_text(builder, "label");
    made_table(builder,
               weir_suppress(builder_in(builder)->table, name,
                             .until_window_closes = json_is_true(json_object_get(builder->op, "until_window_closes")),
                             .until = builder_ms(builder->op, "until"),
                             .max_records = builder_count(builder, "max_records"),
                             .max_bytes = builder_count(builder, "max_bytes")));
    build->stores[build->store_count++] =
        (struct build_store){.name = builder_suffixed(builder, name, "-store"), .is_held = true};
}

static void make_changes(struct builder *builder)
{
    builder_made_stream(builder, weir_changes(builder_in(builder)->table));
}

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

static void make_join(struct builder *builder)
{
    add_logs(builder);
    builder->build->is_uncounted = true;
    builder_made_stream(
        builder, weir_join(builder_in(builder)->stream, other(builder)->stream, builder_text(builder, "name"),
                           FUNCTION(join, builder), .value = builder->build->text, .kind = join_kind(builder),
                           .within = builder_ms(builder->op, "within"), .before = builder_ms(builder->op, "before"),
                           .after = builder_ms(builder->op, "after"), .grace = builder_ms(builder->op, "grace")));
}

static void make_join_table(struct builder *builder)
{
    struct build *build = builder->build;
    const char *name = builder_text(builder, "as");
    if (name)
        build->stores[build->store_count++] =
            (struct build_store){.name = builder_text(builder, "store"), .is_held = true};
    builder_made_stream(builder,
                        weir_join_table(builder_in(builder)->stream, other(builder)->table, FUNCTION(join, builder),
                                        .value = build->text, .kind = join_kind(builder), .name = name,
                                        .grace = builder_ms(builder->op, "grace")));
}

static void make_join_tables(struct builder *builder)
{
    made_table(builder, weir_join_tables(builder_in(builder)->table, other(builder)->table, FUNCTION(join, builder),
                                         .value = builder->build->text, .kind = join_kind(builder),
                                         .store = builder_new_store(builder, true), .history = history(builder),
                                         .no_log = no_log(builder)));
}

static void make_join_foreign(struct builder *builder)
{
    struct build *build = builder->build;
    const char *name = builder_text(builder, "name");
    add_internal(builder, "-subscription-registration-topic", NULL);
    add_internal(builder, "-subscription-response-topic", NULL);
    build->stores[build->store_count++] =
        (struct build_store){.name = builder_suffixed(builder, name, "-subscription-store")};
    made_table(builder, weir_join_foreign(builder_in(builder)->table, other(builder)->table, name,
                                          function_key(builder_text(builder, "by")), FUNCTION(join, builder),
                                          .value = build->text, .kind = join_kind(builder),
                                          .store = builder_new_store(builder, true), .history = history(builder),
                                          .no_log = no_log(builder)));
}

static void make_join_global(struct builder *builder)
{
    builder_made_stream(builder, weir_join_global(builder_in(builder)->stream, other(builder)->global,
                                                  function_key(builder_text(builder, "by")), FUNCTION(join, builder),
                                                  .value = builder->build->text, .kind = join_kind(builder)));
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
        choice->topics[i] = builder_suffixed(builder, json_string_value(json_array_get(topics, i)), "");
        add_output(build, choice->topics[i]);
    }
    weir_to_computed(builder_in(builder)->stream, function_topic, .user = choice);
}

static void make_to(struct builder *builder)
{
    const char *topic = builder_text(builder, "topic");
    add_output(builder->build, topic);
    weir_to(builder_in(builder)->stream, topic);
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
        {"route", build_route},
        {"shelve", build_shelve},
        {"survey", build_survey},
        {"global_store", build_global_store},
        {"consult", build_consult},
        {"process", build_process},
        {"process_values", build_process_values},
        {"to", make_to},
        {"to_computed", make_to_computed},
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

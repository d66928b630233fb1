/* builder.c: see builder.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oracle/builder.h"

#include <stdlib.h>
#include <string.h>

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

const struct handle *builder_named(const struct builder *builder, const char *id)
{
    for (size_t i = 0; id && i < builder->handle_count; i++)
        if (strcmp(builder->handles[i].id, id) == 0)
            return &builder->handles[i];
    builder_refuse(builder, "an input is not there");
}

static const struct handle *find(const struct builder *builder, const char *name)
{
    return builder_named(builder, builder_text(builder, name));
}

const struct handle *builder_in(const struct builder *builder)
{
    return find(builder, "in");
}

const struct handle *builder_other(const struct builder *builder)
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

void builder_made_table(struct builder *builder, weir_table *table)
{
    builder_add(builder, builder_text(builder, "id"), (struct handle){.table = table});
}

void builder_made_group(struct builder *builder, weir_grouped *grouped)
{
    builder_add(builder, builder_text(builder, "id"), (struct handle){.grouped = grouped});
}

void builder_made_grouped_table(struct builder *builder, weir_grouped_table *grouped)
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

const struct weir_type *builder_type(const struct builder *builder, const char *letter)
{
    return letter && letter[0] == 'L' ? &weir_i64_type : builder->build->text;
}

const struct weir_type *builder_value_type(const struct builder *builder)
{
    return builder_type(builder, builder_text(builder, "value"));
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

weir_duration builder_history(const struct builder *builder)
{
    return builder_ms(builder->op, "history");
}

bool builder_no_log(const struct builder *builder)
{
    return json_is_true(json_object_get(builder->op, "no_log"));
}

struct weir_window builder_window(const struct builder *builder)
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

struct build_internal *builder_add_internal(struct builder *builder, const char *suffix, weir_mapper *map)
{
    struct build_internal *made = &builder->build->internals[builder->build->internal_count++];
    *made = (struct build_internal){builder_suffixed(builder, builder_text(builder, "name"), suffix), map, 0};
    return made;
}

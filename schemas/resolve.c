/* resolve.c: see resolve.h: which schemas fit which types.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "schemas/problem.h"
#include "schemas/resolve_private.h"
#include "schemas/type.h"

struct known { /* records are resolved once, so that they may contain themselves */
    struct known *next;
    struct resolution *resolution;
};

enum { KNOWN_BUCKETS = 256 };

struct compiler {
    weir_arena *arena;
    struct known *known[KNOWN_BUCKETS];
    struct problem *gap; /* the first one; NULL: none yet */
    int depth;
};

static struct resolution *resolve(struct compiler *, const struct schema *, const struct weir_type *, bool is_optional);

__attribute__((format(printf, 3, 4))) static struct resolution *
refuse(struct compiler *compiler, struct resolution *resolution, const char *format, ...)
{
    char text[100];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    resolution->how = RESOLVE_REFUSE;
    resolution->refusal = arena_text(compiler->arena, text);
    if (!compiler->gap) {
        compiler->gap = arena_alloc(compiler->arena, sizeof *compiler->gap);
        problem_init(compiler->gap);
        problem_set(compiler->gap, "%s", text);
    }
    return resolution;
}

/* For what is wrong with some of the values: there is a gap, but nothing is refused for it. */
static struct resolution *in_part(struct resolution *none)
{
    *none = (struct resolution){0};
    return none;
}

/* ---- scalars ---- */

static bool is_number(const struct schema *writer, enum schema_kind widest)
{
    return writer->kind == SCHEMA_INT || (writer->kind == SCHEMA_LONG && widest >= SCHEMA_LONG) ||
           (writer->kind == SCHEMA_FLOAT && widest == SCHEMA_FLOAT);
}

static bool is_text(const struct schema *writer)
{
    return writer->kind == SCHEMA_STRING || writer->kind == SCHEMA_BYTES;
}

/* Those that have one form of bytes each. */
static bool is_same_scalar(const struct schema *writer, const struct weir_type *type)
{
    switch (type->kind) {
    case WEIR_KIND_BOOL:
        return writer->kind == SCHEMA_BOOLEAN;
    case WEIR_KIND_I32:
        return writer->kind == SCHEMA_INT;
    case WEIR_KIND_I64:
    case WEIR_KIND_TIMESTAMP:
        return writer->kind == SCHEMA_LONG;
    case WEIR_KIND_FLOAT:
        return writer->kind == SCHEMA_FLOAT;
    case WEIR_KIND_DOUBLE:
        return writer->kind == SCHEMA_DOUBLE;
    case WEIR_KIND_STRING:
    case WEIR_KIND_BYTES:
    case WEIR_KIND_JSON:
        return is_text(writer);
    case WEIR_KIND_DECIMAL:
        return type->symbol_count ? writer->kind == SCHEMA_FIXED && writer->size == type->symbol_count
                                  : writer->kind == SCHEMA_BYTES;
    case WEIR_KIND_ENUM:
    case WEIR_KIND_RECORD:
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        break;
    }
    return false;
}

static bool is_wider_number(const struct schema *writer, const struct weir_type *type)
{
    if (type->kind == WEIR_KIND_I64 || type->kind == WEIR_KIND_TIMESTAMP)
        return is_number(writer, SCHEMA_INT);
    if (type->kind == WEIR_KIND_FLOAT)
        return is_number(writer, SCHEMA_LONG);
    return type->kind == WEIR_KIND_DOUBLE && is_number(writer, SCHEMA_FLOAT);
}

static struct resolution *resolve_decimal(struct compiler *compiler, struct resolution *resolution)
{
    const struct schema *writer = resolution->writer;
    if (writer->kind != SCHEMA_BYTES && writer->kind != SCHEMA_FIXED)
        return refuse(compiler, resolution, "expected a decimal, found '%.40s'", writer->name);
    if (writer->logical != SCHEMA_DECIMAL)
        return refuse(compiler, resolution, "expected a decimal, found '%.40s' that is none", writer->name);
    if (writer->scale != resolution->type->scale)
        return refuse(compiler, resolution, "expected a decimal of scale %d, found scale %d",
                      (int)resolution->type->scale, (int)writer->scale);
    resolution->how = is_same_scalar(writer, resolution->type) ? RESOLVE_SAME : RESOLVE_DECIMAL;
    return resolution;
}

static struct resolution *resolve_scalar(struct compiler *compiler, struct resolution *resolution)
{
    const struct schema *writer = resolution->writer;
    const struct weir_type *type = resolution->type;
    struct resolution none;
    if (type->kind == WEIR_KIND_TIMESTAMP && writer->logical == SCHEMA_OTHER_TIME)
        return refuse(compiler, resolution, "expected a time in milliseconds, found another unit");
    if (type->kind == WEIR_KIND_JSON && is_text(writer) && writer->logical != SCHEMA_JSON)
        refuse(compiler, in_part(&none), "expected a JSON text, found a '%.40s' that need not be one", writer->name);
    if (is_same_scalar(writer, type))
        resolution->how = RESOLVE_SAME;
    else if (is_wider_number(writer, type))
        resolution->how = RESOLVE_NUMBER;
    else
        return refuse(compiler, resolution, "expected '%.40s', found '%.40s'", type->name, writer->name);
    return resolution;
}

static struct resolution *resolve_enum(struct compiler *compiler, struct resolution *resolution)
{
    const struct schema *writer = resolution->writer;
    const struct weir_type *type = resolution->type;
    if (writer->kind != SCHEMA_ENUM)
        return refuse(compiler, resolution, "expected '%.40s', found '%.40s'", type->name, writer->name);
    int32_t *symbols = arena_alloc(compiler->arena, writer->count * sizeof *symbols);
    struct resolution none;
    bool is_same = writer->count == type->symbol_count;
    for (size_t i = 0; i < writer->count; i++) {
        symbols[i] = type_symbol(type, (weir_bytes){writer->symbols[i], strlen(writer->symbols[i])});
        is_same = is_same && symbols[i] == (int32_t)i;
        if (symbols[i] < 0)
            refuse(compiler, in_part(&none), "there is no symbol '%.60s' any more", writer->symbols[i]);
    }
    resolution->symbols = symbols;
    resolution->how = is_same ? RESOLVE_SAME : RESOLVE_SYMBOL;
    return resolution;
}

/* ---- records ---- */

/* The index in the writer's fields, or their number. */
static size_t find_written(const struct schema *writer, const char *name)
{
    size_t i = 0;
    while (i < writer->count && strcmp(writer->fields[i].name, name) != 0)
        i++;
    return i;
}

static size_t find_written_field(const struct schema *writer, const struct weir_field *field)
{
    size_t index = find_written(writer, field->name);
    for (const char *const *alias = field->aliases; alias && *alias && index == writer->count; alias++)
        index = find_written(writer, *alias);
    return index;
}

static bool set_initial(struct compiler *compiler, struct resolution *resolution, const struct weir_field *field,
                        struct resolve_initial *out)
{
    out->field = field;
    if (field->initial && type_field_is_optional(field) && strcmp(field->initial, "null") == 0)
        return true;
    if (field->initial)
        out->value =
            json_read(field->type, (weir_bytes){field->initial, strlen(field->initial)}, compiler->arena, NULL);
    if (!out->value)
        refuse(compiler, resolution, "'%.60s' was not written, and it has no default", field->name);
    return out->value != NULL;
}

static const struct resolution *resolve_field(struct compiler *compiler, const struct schema *writer,
                                              const struct weir_field *field)
{
    bool had_gap = compiler->gap != NULL;
    const struct resolution *value = resolve(compiler, writer, field->type, type_field_is_optional(field));
    if (!had_gap && compiler->gap)
        problem_in_field(compiler->gap, field->name);
    return value;
}

static bool is_same_field(const struct schema *writer, const struct weir_field *field, const struct resolution *value)
{
    if (!type_field_is_optional(field))
        return value->how == RESOLVE_SAME;
    if (writer->kind != SCHEMA_UNION || writer->count != 2)
        return false;
    size_t null = type_null_is_last(field);
    return value->branches[null]->how == RESOLVE_NULL && value->branches[1 - null]->how == RESOLVE_SAME;
}

/* Which of our fields takes each of the writer's. False: one of ours has neither a value nor a default. */
static bool assign_fields(struct compiler *compiler, struct resolution *resolution, struct resolve_step *steps)
{
    const struct weir_type *type = resolution->type;
    struct resolve_initial *initials = arena_alloc(compiler->arena, type->field_count * sizeof *initials);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct weir_field *field = &type->fields[i];
        size_t index = find_written_field(resolution->writer, field);
        if (index < resolution->writer->count && !steps[index].field)
            steps[index].field = field;
        else if (!set_initial(compiler, resolution, field, &initials[resolution->initial_count++]))
            return false;
    }
    resolution->initials = initials;
    return true;
}

static struct resolution *resolve_record(struct compiler *compiler, struct resolution *resolution)
{
    const struct schema *writer = resolution->writer;
    const struct weir_type *type = resolution->type;
    if (writer->kind != SCHEMA_RECORD)
        return refuse(compiler, resolution, "expected '%.40s', found '%.40s'", type->name, writer->name);
    struct resolve_step *steps = arena_alloc(compiler->arena, writer->count * sizeof *steps);
    resolution->how = RESOLVE_RECORD;
    resolution->steps = steps;
    if (!assign_fields(compiler, resolution, steps))
        return resolution;
    bool is_same = writer->count == type->field_count;
    for (size_t i = 0; i < writer->count; i++) {
        if (steps[i].field)
            steps[i].value = resolve_field(compiler, writer->fields[i].type, steps[i].field);
        else
            steps[i].skip = writer->fields[i].type;
        is_same = is_same && steps[i].field && steps[i].field == &type->fields[i] &&
                  is_same_field(writer->fields[i].type, steps[i].field, steps[i].value);
    }
    if (is_same)
        resolution->how = RESOLVE_SAME;
    return resolution;
}

/* ---- all ---- */

static struct resolution *resolve_items(struct compiler *compiler, struct resolution *resolution)
{
    const struct schema *writer = resolution->writer;
    const struct weir_type *type = resolution->type;
    if (writer->kind != (type->kind == WEIR_KIND_ARRAY ? SCHEMA_ARRAY : SCHEMA_MAP))
        return refuse(compiler, resolution, "expected %s, found '%.40s'",
                      type->kind == WEIR_KIND_ARRAY ? "an array" : "a map", writer->name);
    resolution->item = resolve(compiler, writer->item, type->item, false);
    resolution->how = resolution->item->how == RESOLVE_SAME ? RESOLVE_SAME : RESOLVE_ITEMS;
    return resolution;
}

static struct resolution *resolve_union(struct compiler *compiler, struct resolution *resolution, bool is_optional)
{
    const struct schema *writer = resolution->writer;
    const struct resolution **branches = arena_alloc(compiler->arena, writer->count * sizeof(struct resolution *));
    for (size_t i = 0; i < writer->count; i++)
        branches[i] = resolve(compiler, writer->branches[i], resolution->type, is_optional);
    resolution->branches = branches;
    resolution->how = RESOLVE_UNION;
    return resolution;
}

static struct resolution *resolve_null(struct compiler *compiler, struct resolution *resolution, bool is_optional)
{
    if (!is_optional)
        return refuse(compiler, resolution, "null was allowed, and is not any more");
    resolution->how = RESOLVE_NULL;
    return resolution;
}

static struct resolution *resolve_kind(struct compiler *compiler, struct resolution *resolution, bool is_optional)
{
    if (resolution->writer->kind == SCHEMA_UNION)
        return resolve_union(compiler, resolution, is_optional);
    if (resolution->writer->kind == SCHEMA_NULL)
        return resolve_null(compiler, resolution, is_optional);
    switch (resolution->type->kind) {
    case WEIR_KIND_RECORD:
        return resolve_record(compiler, resolution);
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        return resolve_items(compiler, resolution);
    case WEIR_KIND_ENUM:
        return resolve_enum(compiler, resolution);
    case WEIR_KIND_DECIMAL:
        return resolve_decimal(compiler, resolution);
    case WEIR_KIND_BOOL:
    case WEIR_KIND_I32:
    case WEIR_KIND_I64:
    case WEIR_KIND_FLOAT:
    case WEIR_KIND_DOUBLE:
    case WEIR_KIND_STRING:
    case WEIR_KIND_BYTES:
    case WEIR_KIND_TIMESTAMP:
    case WEIR_KIND_JSON:
        break;
    }
    return resolve_scalar(compiler, resolution);
}

static struct known **bucket_of(struct compiler *compiler, const struct schema *writer)
{
    return &compiler->known[(uintptr_t)writer / sizeof(struct schema) % KNOWN_BUCKETS];
}

static struct resolution *find_known(struct compiler *compiler, const struct schema *writer,
                                     const struct weir_type *type)
{
    for (struct known *known = *bucket_of(compiler, writer); known; known = known->next)
        if (known->resolution->writer == writer && known->resolution->type == type)
            return known->resolution;
    return NULL;
}

static void know(struct compiler *compiler, struct resolution *resolution)
{
    struct known **bucket = bucket_of(compiler, resolution->writer);
    struct known *known = arena_alloc(compiler->arena, sizeof *known);
    *known = (struct known){*bucket, resolution};
    *bucket = known;
}

static struct resolution *resolve(struct compiler *compiler, const struct schema *writer, const struct weir_type *type,
                                  bool is_optional)
{
    bool is_record = writer->kind == SCHEMA_RECORD;
    struct resolution *resolution = is_record ? find_known(compiler, writer, type) : NULL;
    if (resolution)
        return resolution;
    resolution = arena_alloc(compiler->arena, sizeof *resolution);
    resolution->writer = writer;
    resolution->type = type;
    resolution->how = RESOLVE_RECORD; /* while it is not known better */
    if (is_record)
        know(compiler, resolution);
    if (compiler->depth >= CODEC_DEPTH_MAX)
        return refuse(compiler, resolution, "nested deeper than %d", CODEC_DEPTH_MAX);
    compiler->depth++;
    resolve_kind(compiler, resolution, is_optional);
    compiler->depth--;
    return resolution;
}

const struct resolution *resolution_new(const struct schema *writer, const struct weir_type *type, weir_arena *arena)
{
    struct compiler compiler = {.arena = arena};
    struct resolution *resolution = resolve(&compiler, writer, type, false);
    resolution->gap = compiler.gap;
    return resolution;
}

bool resolution_is_total(const struct resolution *resolution, struct weir_error *error)
{
    if (!resolution->gap)
        return true;
    struct weir_error cause = {0};
    problem_report(resolution->gap, -1, &cause);
    return error_set(error, WEIR_INVALID, "%s", cause.message);
}

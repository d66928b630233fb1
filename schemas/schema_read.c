/* schema_read.c: see schema.h. A node of a schema is a name, an array (a union) or an object; objects are read by the codec
 * with a type table of their attributes, in which whatever may have several forms is JSON that is looked into later.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "schemas/codec.h"
#include "schemas/schema.h"
#include "schemas/type.h"

enum { SCHEMA_FIXED_BYTES_MAX = CODEC_VALUE_BYTES_MAX, SCHEMA_SCALE_MAX = 18, SCHEMA_NAMES_MAX = 2000 };

/* ---- the attributes of an object ---- */

struct field_attributes {
    weir_bytes name, type;
};

struct attributes {
    weir_bytes type, name, namespace, items, values, logical, scale;
    weir_array fields, symbols;
    int64_t size;
    bool has_name, has_namespace, has_items, has_values, has_logical, has_scale, has_fields, has_symbols, has_size;
};

static const struct weir_type symbols_type = {
    .name = "symbols", .kind = WEIR_KIND_ARRAY, .size = sizeof(weir_array), .item = &weir_str_type};
static const struct weir_type branches_type = {
    .name = "union", .kind = WEIR_KIND_ARRAY, .size = sizeof(weir_array), .item = &weir_json_type};

/* clang-format off */
#define REQUIRED(name_, type_) \
    {.name = #name_, .type = (type_), .offset = offsetof(struct field_attributes, name_), .presence = WEIR_NO_PRESENCE}
#define OPTIONAL(name_, member_, type_) \
    {.name = (name_), .type = (type_), .offset = offsetof(struct attributes, member_), \
     .presence = offsetof(struct attributes, has_##member_)}
static const struct weir_field field_fields[] = {
    REQUIRED(name, &weir_str_type),
    REQUIRED(type, &weir_json_type),
};
static const struct weir_type field_type = {.name = "field", .kind = WEIR_KIND_RECORD,
                                            .size = sizeof(struct field_attributes), .fields = field_fields,
                                            .field_count = sizeof field_fields / sizeof *field_fields};
static const struct weir_type fields_type = {.name = "fields", .kind = WEIR_KIND_ARRAY, .size = sizeof(weir_array),
                                             .item = &field_type};
static const struct weir_field attribute_fields[] = {
    {.name = "type", .type = &weir_json_type, .offset = offsetof(struct attributes, type), .presence = WEIR_NO_PRESENCE},
    OPTIONAL("name", name, &weir_str_type),
    OPTIONAL("namespace", namespace, &weir_str_type),
    OPTIONAL("fields", fields, &fields_type),
    OPTIONAL("symbols", symbols, &symbols_type),
    OPTIONAL("items", items, &weir_json_type),
    OPTIONAL("values", values, &weir_json_type),
    OPTIONAL("size", size, &weir_i64_type),
    OPTIONAL("logicalType", logical, &weir_json_type),
    OPTIONAL("scale", scale, &weir_json_type),
};
/* clang-format on */
static const struct weir_type attributes_type = {
    .name = "schema",
    .kind = WEIR_KIND_RECORD,
    .size = sizeof(struct attributes),
    .fields = attribute_fields,
    .field_count = sizeof attribute_fields / sizeof *attribute_fields,
};

/* ---- the parser ---- */

struct parser {
    weir_arena *arena;
    struct weir_error *error;
    const struct schema **named;
    size_t named_count;
    int depth;
};

static const struct schema primitives[] = {
    {.kind = SCHEMA_NULL, .name = "null"},   {.kind = SCHEMA_BOOLEAN, .name = "boolean"},
    {.kind = SCHEMA_INT, .name = "int"},     {.kind = SCHEMA_LONG, .name = "long"},
    {.kind = SCHEMA_FLOAT, .name = "float"}, {.kind = SCHEMA_DOUBLE, .name = "double"},
    {.kind = SCHEMA_BYTES, .name = "bytes"}, {.kind = SCHEMA_STRING, .name = "string"},
};

static const struct schema *read_node(struct parser *, weir_bytes text, const char *space);

__attribute__((format(printf, 2, 3))) static const void *refuse(const struct parser *parser, const char *format, ...)
{
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_set(parser->error, WEIR_INVALID, "schema: %s", text);
    return NULL;
}

static const void *read_part(const struct parser *parser, const struct weir_type *type, weir_bytes text)
{
    struct weir_error cause = {0};
    const void *part = json_read(type, text, parser->arena, &cause);
    return part ? part : refuse(parser, "%.180s", cause.message);
}

static const struct schema *primitive(const char *name)
{
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++)
        if (strcmp(primitives[i].name, name) == 0)
            return &primitives[i];
    return NULL;
}

/* ---- names ---- */

static bool is_name(const char *name)
{
    for (const char *at = name; *at; at++) {
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_';
        bool is_inner = at != name && at[-1] != '.' && (*at >= '0' && *at <= '9');
        bool is_dot = *at == '.' && at != name && at[-1] != '.' && at[1];
        if (!is_letter && !is_inner && !is_dot)
            return false;
    }
    return *name != 0;
}

static const char *full_name(const struct parser *parser, const char *name, const char *space)
{
    return strchr(name, '.') || !*space ? name : arena_format(parser->arena, "%s.%s", space, name);
}

static const char *space_of(const struct parser *parser, const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? arena_format(parser->arena, "%.*s", (int)(dot - name), name) : "";
}

static const struct schema *find_named(const struct parser *parser, const char *name)
{
    for (size_t i = 0; i < parser->named_count; i++)
        if (strcmp(parser->named[i]->name, name) == 0)
            return parser->named[i];
    return NULL;
}

static const struct schema *refer(const struct parser *parser, const char *name, const char *space)
{
    const struct schema *schema = primitive(name);
    if (!schema)
        schema = find_named(parser, full_name(parser, name, space));
    if (!schema)
        schema = find_named(parser, name);
    return schema ? schema : refuse(parser, "there is no type '%.100s'", name);
}

/* Known by its name before what is in it is read, so that it may mention itself. */
static struct schema *define(struct parser *parser, const struct attributes *given, enum schema_kind kind,
                             const char *space)
{
    enum { FIRST = 16 };
    if (!given->has_name || !is_name(given->name.data))
        return refuse(parser, "a record, an enum or a fixed without a valid name"), NULL;
    if (given->has_namespace)
        space = given->namespace.data;
    const char *name = full_name(parser, given->name.data, space);
    if (primitive(name) || find_named(parser, name))
        return refuse(parser, "'%.100s' is defined twice", name), NULL;
    if (parser->named_count == SCHEMA_NAMES_MAX)
        return refuse(parser, "more than %d named types", SCHEMA_NAMES_MAX), NULL;
    size_t count = parser->named_count;
    if (count == 0 || (count >= FIRST && (count & (count - 1)) == 0)) {
        const struct schema **more =
            arena_alloc(parser->arena, (count < FIRST ? FIRST : count * 2) * sizeof(struct schema *));
        for (size_t i = 0; i < count; i++)
            more[i] = parser->named[i];
        parser->named = more;
    }
    struct schema *schema = arena_alloc(parser->arena, sizeof *schema);
    schema->kind = kind;
    schema->name = name;
    parser->named[parser->named_count++] = schema;
    return schema;
}

/* ---- logical types; one that does not fit is ignored, as the specification says ---- */

static bool is_text(weir_bytes json, const char *text)
{
    const char *data = json.data;
    size_t size = strlen(text);
    return json.size == size + 2 && data[0] == '"' && memcmp(data + 1, text, size) == 0;
}

static bool read_scale(const struct parser *parser, const struct attributes *given, int32_t *scale)
{
    *scale = 0;
    if (!given->has_scale)
        return true;
    const int32_t *read = json_read(&weir_i32_type, given->scale, parser->arena, NULL);
    if (read)
        *scale = *read;
    return read && *read >= 0 && *read <= SCHEMA_SCALE_MAX;
}

static enum schema_logical logical_of_long(weir_bytes logical)
{
    static const char *const others[] = {"timestamp-micros", "timestamp-nanos", "local-timestamp-millis",
                                         "local-timestamp-micros", "local-timestamp-nanos"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (is_text(logical, others[i]))
            return SCHEMA_OTHER_TIME;
    return is_text(logical, "timestamp-millis") ? SCHEMA_MILLIS : SCHEMA_PLAIN;
}

static void set_logical(const struct parser *parser, const struct attributes *given, struct schema *schema)
{
    if (!given->has_logical)
        return;
    if (schema->kind == SCHEMA_LONG)
        schema->logical = logical_of_long(given->logical);
    else if (schema->kind == SCHEMA_STRING && is_text(given->logical, "json"))
        schema->logical = SCHEMA_JSON;
    else if ((schema->kind == SCHEMA_BYTES || schema->kind == SCHEMA_FIXED) && is_text(given->logical, "decimal") &&
             read_scale(parser, given, &schema->scale))
        schema->logical = SCHEMA_DECIMAL;
}

/* ---- nodes ---- */

static const struct schema *read_record(struct parser *parser, const struct attributes *given, const char *space)
{
    struct schema *schema = define(parser, given, SCHEMA_RECORD, space);
    if (!schema)
        return NULL;
    if (!given->has_fields)
        return refuse(parser, "record '%.100s' has no fields", schema->name);
    const struct field_attributes *fields = given->fields.items;
    struct schema_field *read = arena_alloc(parser->arena, given->fields.count * sizeof *read);
    const char *inner = space_of(parser, schema->name);
    for (size_t i = 0; i < given->fields.count; i++) {
        read[i].name = arena_bytes(parser->arena, fields[i].name).data;
        read[i].type = read_node(parser, fields[i].type, inner);
        if (!read[i].type)
            return NULL;
    }
    schema->fields = read;
    schema->count = given->fields.count;
    return schema;
}

static const struct schema *read_enum(struct parser *parser, const struct attributes *given, const char *space)
{
    struct schema *schema = define(parser, given, SCHEMA_ENUM, space);
    if (!schema)
        return NULL;
    if (!given->has_symbols)
        return refuse(parser, "enum '%.100s' has no symbols", schema->name);
    const weir_bytes *symbols = given->symbols.items;
    const char **read = arena_alloc(parser->arena, given->symbols.count * sizeof(char *));
    for (size_t i = 0; i < given->symbols.count; i++)
        read[i] = arena_bytes(parser->arena, symbols[i]).data;
    schema->symbols = read;
    schema->count = given->symbols.count;
    return schema;
}

static const struct schema *read_fixed(struct parser *parser, const struct attributes *given, const char *space)
{
    struct schema *schema = define(parser, given, SCHEMA_FIXED, space);
    if (!schema)
        return NULL;
    if (!given->has_size || given->size < 0 || given->size > SCHEMA_FIXED_BYTES_MAX)
        return refuse(parser, "fixed '%.100s' has no size between 0 and %d", schema->name, SCHEMA_FIXED_BYTES_MAX);
    schema->size = (size_t)given->size;
    set_logical(parser, given, schema);
    return schema;
}

static const struct schema *read_items(struct parser *parser, enum schema_kind kind, bool has_item, weir_bytes item,
                                       const char *space)
{
    const char *name = kind == SCHEMA_ARRAY ? "array" : "map";
    if (!has_item)
        return refuse(parser, "an %s without its %s", name, kind == SCHEMA_ARRAY ? "items" : "values");
    struct schema *schema = arena_alloc(parser->arena, sizeof *schema);
    schema->kind = kind;
    schema->name = name;
    schema->item = read_node(parser, item, space);
    return schema->item ? schema : NULL;
}

static const struct schema *read_primitive(struct parser *parser, const struct attributes *given, const char *name,
                                           const char *space)
{
    const struct schema *plain = refer(parser, name, space);
    if (!plain || plain != primitive(name) || !given->has_logical)
        return plain;
    struct schema *schema = arena_alloc(parser->arena, sizeof *schema);
    *schema = *plain;
    set_logical(parser, given, schema);
    return schema;
}

static const struct schema *read_object(struct parser *parser, weir_bytes text, const char *space)
{
    struct attributes *given = arena_alloc(parser->arena, sizeof *given);
    const struct attributes *read = read_part(parser, &attributes_type, text);
    if (!read)
        return NULL;
    *given = *read; /* names need the NUL behind them */
    given->name = arena_bytes(parser->arena, read->name);
    given->namespace = arena_bytes(parser->arena, read->namespace);
    if (*(const char *)given->type.data != '"')
        return read_node(parser, given->type, space);
    const weir_bytes *type = read_part(parser, &weir_str_type, given->type);
    if (!type)
        return NULL;
    const char *name = arena_bytes(parser->arena, *type).data;
    if (strcmp(name, "record") == 0 || strcmp(name, "error") == 0)
        return read_record(parser, given, space);
    if (strcmp(name, "enum") == 0)
        return read_enum(parser, given, space);
    if (strcmp(name, "fixed") == 0)
        return read_fixed(parser, given, space);
    if (strcmp(name, "array") == 0)
        return read_items(parser, SCHEMA_ARRAY, given->has_items, given->items, space);
    if (strcmp(name, "map") == 0)
        return read_items(parser, SCHEMA_MAP, given->has_values, given->values, space);
    return read_primitive(parser, given, name, space);
}

static const struct schema *read_union(struct parser *parser, weir_bytes text, const char *space)
{
    const weir_array *given = read_part(parser, &branches_type, text);
    if (!given)
        return NULL;
    const weir_bytes *texts = given->items;
    const struct schema **branches = arena_alloc(parser->arena, given->count * sizeof(struct schema *));
    for (size_t i = 0; i < given->count; i++) {
        branches[i] = read_node(parser, texts[i], space);
        if (!branches[i])
            return NULL;
        if (branches[i]->kind == SCHEMA_UNION)
            return refuse(parser, "a union directly inside a union");
    }
    struct schema *schema = arena_alloc(parser->arena, sizeof *schema);
    *schema = (struct schema){.kind = SCHEMA_UNION, .name = "union", .branches = branches, .count = given->count};
    return schema;
}

static const struct schema *read_reference(const struct parser *parser, weir_bytes text, const char *space)
{
    const weir_bytes *name = read_part(parser, &weir_str_type, text);
    return name ? refer(parser, arena_bytes(parser->arena, *name).data, space) : NULL;
}

static const struct schema *read_node(struct parser *parser, weir_bytes text, const char *space)
{
    if (parser->depth >= CODEC_DEPTH_MAX)
        return refuse(parser, "nested deeper than %d", CODEC_DEPTH_MAX);
    parser->depth++;
    const char *data = text.data;
    const struct schema *schema = data[0] == '{'   ? read_object(parser, text, space)
                                  : data[0] == '[' ? read_union(parser, text, space)
                                                   : read_reference(parser, text, space);
    parser->depth--;
    return schema;
}

const struct schema *schema_read(weir_bytes text, weir_arena *arena, struct weir_error *error)
{
    struct parser parser = {.arena = arena, .error = error};
    /* Strings of the schema must not point into memory the caller may free. */
    const weir_bytes *whole = json_read(&weir_json_type, arena_bytes(arena, text), arena, NULL);
    return whole ? read_node(&parser, *whole, "") : refuse(&parser, "not a JSON text of at most 1 MiB");
}

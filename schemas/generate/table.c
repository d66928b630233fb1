/* table.c: the generated source: type tables, and assertions that tie them to the structs.
 *
 * A type is written before the first table that points to it; records and enums are declared in the headers, so a
 * record may hold an array of itself.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model.h"
#include "schemas/fingerprint.h"

struct table {
    struct buffer *out;
    char **written; /* names of the static types that stand there already */
    size_t count, capacity;
};

static void write_literal(const char *text, struct buffer *out)
{
    buffer_byte(out, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            buffer_format(out, "\\%c", c);
        else if (c < ' ' || c > '~' || c == '?')
            buffer_format(out, "\\%03o", c);
        else
            buffer_byte(out, c);
    }
    buffer_byte(out, '"');
}

/* C compilers need to take string literals of 4095 characters only; longer schemas are arrays of characters. */
static bool is_long(const char *text)
{
    return strlen(text) > 4000;
}

static void write_long_schema(const char *name, const char *schema, struct buffer *out)
{
    buffer_format(out, "static const char %s_schema[] = {", name);
    for (size_t i = 0; schema[i]; i++)
        buffer_format(out, "%s%d,", i % 24 ? " " : "\n    ", schema[i]);
    buffer_text(out, "\n    0,\n};\n");
}

static bool is_written(struct table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->written[i], name) == 0)
            return true;
    table->written = memory_grow(table->written, &table->capacity, table->count + 1, sizeof *table->written);
    table->written[table->count++] = memory_text(name);
    return false;
}

/* Members that every type has, from the name to the fingerprint; `linkage` is "static " or empty. */
static void open_type(const struct model_type *type, const char *name, const char *linkage, struct buffer *out)
{
    static const char *const kinds[] = {
        [WEIR_KIND_BOOL] = "BOOL",           [WEIR_KIND_I32] = "I32",       [WEIR_KIND_I64] = "I64",
        [WEIR_KIND_FLOAT] = "FLOAT",         [WEIR_KIND_DOUBLE] = "DOUBLE", [WEIR_KIND_STRING] = "STRING",
        [WEIR_KIND_BYTES] = "BYTES",         [WEIR_KIND_ENUM] = "ENUM",     [WEIR_KIND_DECIMAL] = "DECIMAL",
        [WEIR_KIND_TIMESTAMP] = "TIMESTAMP", [WEIR_KIND_JSON] = "JSON",     [WEIR_KIND_RECORD] = "RECORD",
        [WEIR_KIND_ARRAY] = "ARRAY",         [WEIR_KIND_MAP] = "MAP",
    };
    static const char *const names[] = {
        [WEIR_KIND_BOOL] = "boolean",        [WEIR_KIND_FLOAT] = "float", [WEIR_KIND_DECIMAL] = "decimal",
        [WEIR_KIND_TIMESTAMP] = "timestamp", [WEIR_KIND_ARRAY] = "array", [WEIR_KIND_MAP] = "map",
    };
    char *schema = canonical_text(type);
    const char *c_type = layout_c_type(type);
    if (is_long(schema))
        write_long_schema(name, schema, out);
    buffer_format(out, "%sconst struct weir_type %s = {\n", linkage, name);
    buffer_format(out, "    .name = \"%s\",\n", type->full_name ? type->full_name : names[type->kind]);
    buffer_format(out, "    .kind = WEIR_KIND_%s,\n    .size = sizeof(%s),\n", kinds[type->kind], c_type);
    buffer_text(out, "    .schema = ");
    if (is_long(schema))
        buffer_format(out, "%s_schema", name);
    else
        write_literal(schema, out);
    uint64_t fingerprint = fingerprint_of((weir_bytes){schema, strlen(schema)});
    buffer_format(out, ",\n    .fingerprint = UINT64_C(0x%016llx),\n", (unsigned long long)fingerprint);
    free(schema);
}

/* The C identifier of a type; anonymous arrays and maps are called after where they stand (`place`). */
static char *identifier_of(const struct model_type *type, const char *place)
{
    switch (type->kind) {
    case WEIR_KIND_BOOL:
        return memory_text("scalar_boolean");
    case WEIR_KIND_I32:
        return memory_text("weir_i32_type");
    case WEIR_KIND_I64:
        return memory_text("weir_i64_type");
    case WEIR_KIND_FLOAT:
        return memory_text("scalar_float");
    case WEIR_KIND_DOUBLE:
        return memory_text("weir_double_type");
    case WEIR_KIND_STRING:
        return memory_text("weir_str_type");
    case WEIR_KIND_BYTES:
        return memory_text("weir_bytes_type");
    case WEIR_KIND_TIMESTAMP:
        return memory_text("scalar_timestamp");
    case WEIR_KIND_JSON:
        return memory_text("weir_json_type");
    case WEIR_KIND_DECIMAL:
        return type->fixed_size ? memory_format("fixed_%s", type->c_name)
                                : memory_format("scalar_decimal_%d_%d", (int)type->precision, (int)type->scale);
    case WEIR_KIND_ENUM:
    case WEIR_KIND_RECORD:
        return memory_format("%s_type", type->c_name);
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        break;
    }
    return memory_text(place);
}

/* Types that are not declared in any header. */
static bool is_static(const struct model_type *type)
{
    return type->item || type->kind == WEIR_KIND_BOOL || type->kind == WEIR_KIND_FLOAT ||
           type->kind == WEIR_KIND_TIMESTAMP || type->kind == WEIR_KIND_DECIMAL;
}

/* Writes the static types that `type` needs, itself included. */
static void write_static(struct table *table, const struct model_type *type, const char *place)
{
    char *item_place = memory_format("%s_item", place);
    char *name = identifier_of(type, place);
    if (type->item)
        write_static(table, type->item, item_place);
    if (is_static(type) && !is_written(table, name)) {
        open_type(type, name, "static ", table->out);
        if (type->kind == WEIR_KIND_DECIMAL)
            buffer_format(table->out, "    .scale = %d,\n    .symbol_count = %zu,\n", (int)type->scale,
                          type->fixed_size);
        if (type->item) {
            char *item = identifier_of(type->item, item_place);
            buffer_format(table->out, "    .item = &%s,\n", item);
            free(item);
        }
        buffer_text(table->out, "};\n");
    }
    free(name);
    free(item_place);
}

static void write_enum(const struct model_type *type, struct buffer *out)
{
    buffer_format(out, "\nstatic const char *const %s_symbols[] = {\n", type->c_name);
    for (size_t i = 0; i < type->symbol_count; i++)
        buffer_format(out, "    \"%s\",\n", type->symbols[i]);
    buffer_text(out, "};\n");
    char *name = identifier_of(type, "");
    open_type(type, name, "", out);
    buffer_format(out, "    .symbols = %s_symbols,\n    .symbol_count = %zu,\n};\n", type->c_name, type->symbol_count);
    free(name);
}

static char *place_of(const struct model_type *record, const struct model_field *field)
{
    return memory_format("%s__%s", record->c_name, field->c_name);
}

static void write_aliases(const struct model_type *record, const struct model_field *field, struct buffer *out)
{
    if (field->alias_count == 0)
        return;
    buffer_format(out, "static const char *const %s__%s_aliases[] = {", record->c_name, field->c_name);
    for (size_t i = 0; i < field->alias_count; i++)
        buffer_format(out, "\"%s\", ", field->aliases[i]);
    buffer_text(out, "NULL};\n");
}

static void write_field(const struct model_type *record, const struct model_field *field, struct buffer *out)
{
    char *place = place_of(record, field);
    char *type = identifier_of(field->type, place);
    buffer_format(out, "    {\n        .name = \"%s\",\n        .type = &%s,\n", field->name, type);
    buffer_format(out, "        .offset = offsetof(struct %s, %s),\n", record->c_name, field->c_name);
    if (field->is_optional)
        buffer_format(out, "        .presence = offsetof(struct %s, has_%s),\n", record->c_name, field->c_name);
    else
        buffer_text(out, "        .presence = WEIR_NO_PRESENCE,\n");
    if (field->initial) {
        buffer_text(out, "        .initial = ");
        write_literal(field->initial, out);
        buffer_text(out, ",\n");
    }
    if (field->alias_count)
        buffer_format(out, "        .aliases = %s_aliases,\n", place);
    buffer_text(out, "    },\n");
    free(type);
    free(place);
}

static void write_layout_checks(const struct model_type *record, struct buffer *out)
{
    struct layout layout = layout_of(record);
    buffer_format(out, "_Static_assert(sizeof(struct %s) == %zu, \"layout\");\n", record->c_name, layout.size);
    for (size_t i = 0; i < layout.count; i++) {
        const struct layout_member *member = &layout.members[i];
        buffer_format(out, "_Static_assert(offsetof(struct %s, %s%s) == %zu, \"layout\");\n", record->c_name,
                      member->is_presence ? "has_" : "", member->field->c_name, member->offset);
    }
    for (size_t i = 0; i < record->field_count; i++) {
        const struct model_field *field = &record->fields[i];
        if (field->type->kind == WEIR_KIND_MAP)
            buffer_format(out, "_Static_assert(offsetof(struct %s_%s_entry, value) == 16, \"layout\");\n",
                          record->c_name, field->c_name);
    }
    layout_done(&layout);
}

static void write_record(struct table *table, const struct model_type *record)
{
    struct buffer *out = table->out;
    buffer_text(out, "\n");
    write_layout_checks(record, out);
    for (size_t i = 0; i < record->field_count; i++) {
        char *place = place_of(record, &record->fields[i]);
        write_static(table, record->fields[i].type, place);
        write_aliases(record, &record->fields[i], out);
        free(place);
    }
    if (record->field_count) {
        buffer_format(out, "static const struct weir_field %s_fields[] = {\n", record->c_name);
        for (size_t i = 0; i < record->field_count; i++)
            write_field(record, &record->fields[i], out);
        buffer_text(out, "};\n");
    }
    char *name = identifier_of(record, "");
    open_type(record, name, "", out);
    if (record->field_count)
        buffer_format(out, "    .fields = %s_fields,\n    .field_count = %zu,\n", record->c_name, record->field_count);
    buffer_text(out, "};\n");
    free(name);
}

void table_write(const struct model_file *file, struct buffer *out)
{
    struct table table = {.out = out};
    buffer_format(out, "/* Generated by weir-schema from %s.avsc; do not edit. */\n", file->stem);
    buffer_format(out, "#include \"%s.h\"\n", file->stem);
    for (size_t i = 0; i < file->type_count; i++) {
        if (file->types[i]->kind == WEIR_KIND_ENUM)
            write_enum(file->types[i], out);
        else
            write_record(&table, file->types[i]);
    }
    for (size_t i = 0; i < table.count; i++)
        free(table.written[i]);
    free(table.written);
}

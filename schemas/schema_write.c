/* schema_write.c: the Avro schema of a type table (schema.h). A named type is written where it is met first, and mentioned by its
 * full name from then on. Defaults go back from the codec's JSON to Avro's: bytes and decimals are strings of code points.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "schemas/avro_number.h"
#include "schemas/codec.h"
#include "schemas/schema.h"
#include "schemas/text.h"
#include "schemas/type.h"

enum { NAMES_MAX = 1000 };

struct schema_writer {
    struct buffer *out;
    const struct weir_type *written[NAMES_MAX];
    size_t count;
};

static void write_type(struct schema_writer *, const struct weir_type *);
static void write_initial(struct buffer *, const struct weir_type *, const void *value);

/* False: it was not, but is now. */
static bool is_written(struct schema_writer *writer, const struct weir_type *type)
{
    for (size_t i = 0; i < writer->count; i++)
        if (writer->written[i] == type)
            return true;
    assert(writer->count < NAMES_MAX);
    writer->written[writer->count++] = type;
    return false;
}

static void write_text(struct buffer *out, const char *text)
{
    json_write_string((weir_bytes){text, strlen(text)}, out);
}

/* ---- defaults ---- */

static void write_code_points(struct buffer *out, const unsigned char *bytes, size_t size)
{
    struct buffer text = {0};
    char character[4];
    for (size_t i = 0; i < size; i++)
        buffer_append(&text, character, text_put_character(bytes[i], character));
    json_write_string(buffer_bytes(&text), out);
    buffer_done(&text);
}

static void write_initial_decimal(struct buffer *out, const struct weir_type *type, int64_t unscaled)
{
    unsigned char bytes[8], all[CODEC_DEPTH_MAX];
    size_t size = avro_put_decimal(unscaled, bytes), fixed = type->symbol_count;
    size_t pad = fixed > size && fixed <= sizeof all ? fixed - size : 0;
    memset(all, bytes[0] & 0x80 ? 0xFF : 0, pad);
    memcpy(all + pad, bytes, size);
    write_code_points(out, all, pad + size);
}

static void write_initial_items(struct buffer *out, const struct weir_type *type, const weir_array *array)
{
    bool is_map = type->kind == WEIR_KIND_MAP;
    buffer_byte(out, is_map ? '{' : '[');
    for (size_t i = 0; i < array->count; i++) {
        const char *item = (const char *)array->items + i * type_stride(type);
        if (i)
            buffer_byte(out, ',');
        if (is_map) {
            json_write_string(*(const weir_bytes *)(const void *)item, out);
            buffer_byte(out, ':');
        }
        write_initial(out, type->item, item + type_item_offset(type));
    }
    buffer_byte(out, is_map ? '}' : ']');
}

static void write_initial_record(struct buffer *out, const struct weir_type *type, const void *record)
{
    buffer_byte(out, '{');
    for (size_t i = 0; i < type->field_count; i++) {
        const struct weir_field *field = &type->fields[i];
        if (i)
            buffer_byte(out, ',');
        write_text(out, field->name);
        buffer_byte(out, ':');
        if (type_is_present(record, field))
            write_initial(out, field->type, type_field_in(record, field));
        else
            buffer_text(out, "null");
    }
    buffer_byte(out, '}');
}

static void write_initial(struct buffer *out, const struct weir_type *type, const void *value)
{
    const weir_bytes *bytes = value;
    switch (type->kind) {
    case WEIR_KIND_BYTES:
        write_code_points(out, bytes->data, bytes->size);
        return;
    case WEIR_KIND_JSON:
        json_write_string(*bytes, out);
        return;
    case WEIR_KIND_DECIMAL:
        write_initial_decimal(out, type, ((const weir_decimal *)value)->unscaled);
        return;
    case WEIR_KIND_TIMESTAMP:
        json_write(&weir_i64_type, value, out, NULL);
        return;
    case WEIR_KIND_RECORD:
        write_initial_record(out, type, value);
        return;
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        write_initial_items(out, type, value);
        return;
    case WEIR_KIND_BOOL:
    case WEIR_KIND_I32:
    case WEIR_KIND_I64:
    case WEIR_KIND_FLOAT:
    case WEIR_KIND_DOUBLE:
    case WEIR_KIND_STRING:
    case WEIR_KIND_ENUM:
        json_write(type, value, out, NULL);
        return;
    }
}

/* ---- fields ---- */

static bool is_null_initial(const struct weir_field *field)
{
    return type_field_is_optional(field) && strcmp(field->initial, "null") == 0;
}

static void write_default(struct buffer *out, const struct weir_field *field)
{
    weir_arena arena;
    if (!field->initial)
        return;
    buffer_text(out, ",\"default\":");
    if (is_null_initial(field)) {
        buffer_text(out, "null");
        return;
    }
    arena_init(&arena);
    const void *value = json_read(field->type, (weir_bytes){field->initial, strlen(field->initial)}, &arena, NULL);
    assert(value && "a default of a type table");
    write_initial(out, field->type, value);
    arena_done(&arena);
}

static void write_aliases(struct buffer *out, const struct weir_field *field)
{
    if (!field->aliases || !field->aliases[0])
        return;
    buffer_text(out, ",\"aliases\":[");
    for (size_t i = 0; field->aliases[i]; i++) {
        if (i)
            buffer_byte(out, ',');
        write_text(out, field->aliases[i]);
    }
    buffer_byte(out, ']');
}

static void write_field(struct schema_writer *writer, const struct weir_field *field)
{
    struct buffer *out = writer->out;
    bool is_optional = type_field_is_optional(field), is_null_first = is_optional && !type_null_is_last(field);
    buffer_text(out, "{\"name\":");
    write_text(out, field->name);
    buffer_text(out, ",\"type\":");
    if (is_optional)
        buffer_text(out, is_null_first ? "[\"null\"," : "[");
    write_type(writer, field->type);
    if (is_optional)
        buffer_text(out, is_null_first ? "]" : ",\"null\"]");
    write_default(out, field);
    write_aliases(out, field);
    buffer_byte(out, '}');
}

/* ---- types ---- */

static void open_named(struct buffer *out, const char *kind, const struct weir_type *type)
{
    buffer_format(out, "{\"type\":\"%s\",\"name\":", kind);
    write_text(out, type->name);
}

static void write_record(struct schema_writer *writer, const struct weir_type *type)
{
    open_named(writer->out, "record", type);
    buffer_text(writer->out, ",\"fields\":[");
    for (size_t i = 0; i < type->field_count; i++) {
        if (i)
            buffer_byte(writer->out, ',');
        write_field(writer, &type->fields[i]);
    }
    buffer_text(writer->out, "]}");
}

static void write_enum(struct buffer *out, const struct weir_type *type)
{
    open_named(out, "enum", type);
    buffer_text(out, ",\"symbols\":[");
    for (size_t i = 0; i < type->symbol_count; i++) {
        if (i)
            buffer_byte(out, ',');
        write_text(out, type->symbols[i]);
    }
    buffer_text(out, "]}");
}

/* As many digits as fit into the fixed; readers ignore a logical type that claims more. */
static int precision_of(const struct weir_type *type)
{
    static const int digits[] = {18, 2, 4, 6, 9, 11, 14, 16};
    return type->symbol_count < sizeof digits / sizeof *digits ? digits[type->symbol_count] : digits[0];
}

static void write_decimal(struct schema_writer *writer, const struct weir_type *type)
{
    if (type->symbol_count && is_written(writer, type)) {
        write_text(writer->out, type->name);
        return;
    }
    if (type->symbol_count) {
        open_named(writer->out, "fixed", type);
        buffer_format(writer->out, ",\"size\":%zu", type->symbol_count);
    } else {
        buffer_text(writer->out, "{\"type\":\"bytes\"");
    }
    buffer_format(writer->out, ",\"logicalType\":\"decimal\",\"precision\":%d,\"scale\":%d}", precision_of(type),
                  (int)type->scale);
}

static void write_named(struct schema_writer *writer, const struct weir_type *type)
{
    if (is_written(writer, type))
        write_text(writer->out, type->name);
    else if (type->kind == WEIR_KIND_RECORD)
        write_record(writer, type);
    else
        write_enum(writer->out, type);
}

static void write_items(struct schema_writer *writer, const struct weir_type *type)
{
    bool is_map = type->kind == WEIR_KIND_MAP;
    buffer_text(writer->out, is_map ? "{\"type\":\"map\",\"values\":" : "{\"type\":\"array\",\"items\":");
    write_type(writer, type->item);
    buffer_byte(writer->out, '}');
}

/* Of kinds that say all by themselves; NULL: of others. */
static const char *plain_text(enum weir_kind kind)
{
    static const char *const texts[] = {
        [WEIR_KIND_BOOL] = "\"boolean\"",
        [WEIR_KIND_I32] = "\"int\"",
        [WEIR_KIND_I64] = "\"long\"",
        [WEIR_KIND_FLOAT] = "\"float\"",
        [WEIR_KIND_DOUBLE] = "\"double\"",
        [WEIR_KIND_STRING] = "\"string\"",
        [WEIR_KIND_BYTES] = "\"bytes\"",
        [WEIR_KIND_TIMESTAMP] = "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}",
        [WEIR_KIND_JSON] = "{\"type\":\"string\",\"logicalType\":\"json\"}",
        [WEIR_KIND_MAP] = NULL,
    };
    return texts[kind];
}

static void write_type(struct schema_writer *writer, const struct weir_type *type)
{
    const char *plain = plain_text(type->kind);
    if (plain)
        buffer_text(writer->out, plain);
    else if (type->kind == WEIR_KIND_DECIMAL)
        write_decimal(writer, type);
    else if (type->kind == WEIR_KIND_ARRAY || type->kind == WEIR_KIND_MAP)
        write_items(writer, type);
    else
        write_named(writer, type);
}

void schema_of_type(const struct weir_type *type, struct buffer *out)
{
    struct schema_writer writer = {.out = out};
    write_type(&writer, type);
}

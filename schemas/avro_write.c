/* avro_write.c: values to Avro binary, walking the type table. Arrays and maps are one block without its size.
 * The buffer is as before when a value is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "schemas/avro_number.h"
#include "schemas/codec.h"
#include "schemas/problem.h"
#include "schemas/text.h"
#include "schemas/type.h"

struct writer {
    struct buffer *out;
    int depth;
    struct problem problem;
};

static bool write_value(struct writer *, const struct weir_type *, const void *value);

static bool write_long(struct writer *writer, int64_t value)
{
    unsigned char bytes[10];
    size_t size = 0;
    uint64_t bits = avro_to_zigzag(value);
    for (; bits >= 0x80; bits >>= 7)
        bytes[size++] = (unsigned char)(bits | 0x80);
    bytes[size++] = (unsigned char)bits;
    buffer_append(writer->out, bytes, size);
    return true;
}

static bool write_bytes(struct writer *writer, weir_bytes bytes)
{
    if (!bytes.data)
        return problem_set(&writer->problem, "required, but it is not set");
    write_long(writer, (int64_t)bytes.size);
    buffer_append(writer->out, bytes.data, bytes.size);
    return true;
}

static bool write_string(struct writer *writer, weir_bytes text)
{
    if (text.data && !text_is_utf8(text))
        return problem_set(&writer->problem, "a string is not valid UTF-8");
    return write_bytes(writer, text);
}

static bool write_json(struct writer *writer, weir_bytes text)
{
    struct weir_error error = {0};
    if (text.data && !json_valid(text, &error))
        return problem_set(&writer->problem, "not a JSON text: %.90s", error.message);
    return write_bytes(writer, text);
}

static bool write_enum(struct writer *writer, const struct weir_type *type, int32_t index)
{
    if (index < 0 || (size_t)index >= type->symbol_count)
        return problem_set(&writer->problem, "%d is not an index into the symbols of %.60s", (int)index, type->name);
    return write_long(writer, index);
}

static bool write_fixed_decimal(struct writer *writer, size_t fixed, const unsigned char *bytes, size_t size)
{
    if (size > fixed)
        return problem_set(&writer->problem, "a decimal does not fit into %zu bytes", fixed);
    for (size_t i = size; i < fixed; i++)
        buffer_byte(writer->out, bytes[0] & 0x80 ? 0xFF : 0);
    buffer_append(writer->out, bytes, size);
    return true;
}

static bool write_decimal(struct writer *writer, const struct weir_type *type, int64_t unscaled)
{
    const int64_t max = INT64_C(999999999999999999);
    unsigned char bytes[8];
    if (unscaled > max || unscaled < -max)
        return problem_set(&writer->problem, "a decimal has more than 18 digits");
    size_t size = avro_put_decimal(unscaled, bytes);
    if (type->symbol_count)
        return write_fixed_decimal(writer, type->symbol_count, bytes, size);
    return write_bytes(writer, (weir_bytes){bytes, size});
}

static bool enter(struct writer *writer)
{
    if (writer->depth >= CODEC_DEPTH_MAX)
        return problem_set(&writer->problem, "nested deeper than %d", CODEC_DEPTH_MAX);
    writer->depth++;
    return true;
}

static bool write_field(struct writer *writer, const struct weir_field *field, const void *record)
{
    bool is_present = type_is_present(record, field);
    if (type_field_is_optional(field))
        write_long(writer, is_present != type_null_is_last(field));
    return !is_present || write_value(writer, field->type, type_field_in(record, field));
}

static bool write_record(struct writer *writer, const struct weir_type *type, const void *record)
{
    if (!enter(writer))
        return false;
    for (size_t i = 0; i < type->field_count; i++)
        if (!write_field(writer, &type->fields[i], record))
            return problem_in_field(&writer->problem, type->fields[i].name);
    writer->depth--;
    return true;
}

static bool write_item(struct writer *writer, const struct weir_type *type, const char *item)
{
    const weir_bytes *key = (const void *)item;
    if (type->kind == WEIR_KIND_MAP && !write_string(writer, *key))
        return false;
    return write_value(writer, type->item, item + type_item_offset(type));
}

static bool write_items(struct writer *writer, const struct weir_type *type, const weir_array *array)
{
    size_t stride = type_stride(type);
    if (!enter(writer))
        return false;
    if (array->count > CODEC_ITEMS_MAX)
        return problem_set(&writer->problem, "more than %d items", CODEC_ITEMS_MAX);
    if (array->count && !array->items)
        return problem_set(&writer->problem, "%zu items, but no memory for them", array->count);
    if (array->count)
        write_long(writer, (int64_t)array->count);
    for (size_t i = 0; i < array->count; i++)
        if (!write_item(writer, type, (const char *)array->items + i * stride))
            return problem_in_item(&writer->problem, i);
    write_long(writer, 0);
    writer->depth--;
    return true;
}

static bool write_value(struct writer *writer, const struct weir_type *type, const void *value)
{
    switch (type->kind) {
    case WEIR_KIND_BOOL:
        buffer_byte(writer->out, *(const bool *)value);
        return true;
    case WEIR_KIND_I32:
        return write_long(writer, *(const int32_t *)value);
    case WEIR_KIND_I64:
    case WEIR_KIND_TIMESTAMP:
        return write_long(writer, *(const int64_t *)value);
    case WEIR_KIND_FLOAT:
        buffer_append(writer->out, value, sizeof(float));
        return true;
    case WEIR_KIND_DOUBLE:
        buffer_append(writer->out, value, sizeof(double));
        return true;
    case WEIR_KIND_STRING:
        return write_string(writer, *(const weir_bytes *)value);
    case WEIR_KIND_BYTES:
        return write_bytes(writer, *(const weir_bytes *)value);
    case WEIR_KIND_ENUM:
        return write_enum(writer, type, *(const int32_t *)value);
    case WEIR_KIND_DECIMAL:
        return write_decimal(writer, type, ((const weir_decimal *)value)->unscaled);
    case WEIR_KIND_JSON:
        return write_json(writer, *(const weir_bytes *)value);
    case WEIR_KIND_RECORD:
        return write_record(writer, type, value);
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        return write_items(writer, type, value);
    }
    assert(false && "kind of a type table");
    return false;
}

bool avro_write(const struct weir_type *type, const void *value, struct buffer *out, struct weir_error *error)
{
    struct writer writer; /* not zeroed as a whole: most of it is room for a problem */
    size_t before = out->size;
    writer.out = out;
    writer.depth = 0;
    problem_init(&writer.problem);
    if (write_value(&writer, type, value))
        return true;
    out->size = before;
    return problem_report(&writer.problem, -1, error);
}

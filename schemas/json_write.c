/* json_write.c: values to JSON text, exactly: nothing is rounded, and what JSON cannot say is refused.
 *
 * Absent optional fields are left out, unless a reader would put a default in their place. The buffer is as before when
 * a value is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "schemas/base64.h"
#include "schemas/codec.h"
#include "schemas/json_number.h"
#include "schemas/json_scan.h"
#include "schemas/problem.h"
#include "schemas/text.h"
#include "schemas/time.h"
#include "schemas/type.h"

struct writer {
    struct buffer *out;
    int depth;
    struct problem problem;
};

static bool write_value(struct writer *, const struct weir_type *, const void *value);

/* Two-character escapes by character; 0: \u00XX. */
static char short_escape(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

static void write_escape(unsigned char c, struct buffer *out)
{
    static const char hex[] = "0123456789abcdef";
    char letter = short_escape(c);
    buffer_byte(out, '\\');
    if (letter) {
        buffer_byte(out, (unsigned char)letter);
        return;
    }
    char code[] = {'u', '0', '0', hex[c >> 4], hex[c & 15]};
    buffer_append(out, code, sizeof code);
}

/* Whether the text was valid UTF-8; U+FFFD stands for each byte that was not. */
static bool write_string(weir_bytes text, struct buffer *out)
{
    const unsigned char *at = text.data;
    const unsigned char *end = at + text.size;
    bool is_valid = true;
    buffer_reserve(out, text.size + 2);
    buffer_byte(out, '"');
    for (;;) {
        const unsigned char *plain = text_plain_end(at, end);
        buffer_append(out, at, (size_t)(plain - at));
        at = plain;
        if (at == end)
            break;
        size_t bytes = text_character_bytes(at, end);
        if (*at < 0x80)
            write_escape(*at, out);
        else if (bytes)
            buffer_append(out, at, bytes);
        else
            buffer_text(out, "\xEF\xBF\xBD");
        is_valid = is_valid && bytes;
        at += bytes ? bytes : 1;
    }
    buffer_byte(out, '"');
    return is_valid;
}

void json_write_string(weir_bytes text, struct buffer *out)
{
    write_string(text, out);
}

static bool is_there(struct writer *writer, weir_bytes bytes)
{
    return bytes.data || problem_set(&writer->problem, "required, but it is not set");
}

static bool write_text(struct writer *writer, weir_bytes text)
{
    if (!is_there(writer, text))
        return false;
    return write_string(text, writer->out) || problem_set(&writer->problem, "a string is not valid UTF-8");
}

static bool write_bytes(struct writer *writer, weir_bytes bytes)
{
    if (!is_there(writer, bytes))
        return false;
    buffer_byte(writer->out, '"');
    base64_write(bytes, writer->out);
    buffer_byte(writer->out, '"');
    return true;
}

static bool write_json(struct writer *writer, weir_bytes text)
{
    struct weir_error error = {0};
    if (!is_there(writer, text))
        return false;
    if (!json_valid_inside(text, writer->depth, &error))
        return problem_set(&writer->problem, "not a JSON text: %.90s", error.message);
    buffer_append(writer->out, text.data, text.size);
    return true;
}

static bool write_enum(struct writer *writer, const struct weir_type *type, int32_t index)
{
    if (index < 0 || (size_t)index >= type->symbol_count)
        return problem_set(&writer->problem, "%d is not an index into the symbols of %.60s", (int)index, type->name);
    buffer_byte(writer->out, '"');
    buffer_text(writer->out, type->symbols[index]);
    buffer_byte(writer->out, '"');
    return true;
}

static bool write_integer(struct writer *writer, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        digits[--at] = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        digits[--at] = '-';
    buffer_append(writer->out, digits + at, sizeof digits - at);
    return true;
}

/* Instants without an ISO-8601 text go as milliseconds, which a reader takes as well. */
static bool write_timestamp(struct writer *writer, int64_t ms)
{
    char text[27] = "\"";
    if (!time_has_text(ms))
        return write_integer(writer, ms);
    time_write(ms, text + 1);
    text[25] = '"';
    buffer_append(writer->out, text, 26);
    return true;
}

static bool write_decimal(struct writer *writer, const struct weir_type *type, int64_t unscaled)
{
    const int64_t max = INT64_C(999999999999999999);
    char text[32];
    if (unscaled > max || unscaled < -max)
        return problem_set(&writer->problem, "a decimal has more than 18 digits");
    buffer_append(writer->out, text, decimal_write(unscaled, type->scale, text));
    return true;
}

static bool write_double(struct writer *writer, double value)
{
    char text[32];
    if (!isfinite(value))
        return problem_set(&writer->problem, "JSON has no NaN and no infinity");
    buffer_append(writer->out, text, json_double_text(value, text));
    return true;
}

static bool write_float(struct writer *writer, float value)
{
    char text[32];
    if (!isfinite(value))
        return problem_set(&writer->problem, "JSON has no NaN and no infinity");
    buffer_append(writer->out, text, json_float_text(value, text));
    return true;
}

static bool enter(struct writer *writer)
{
    if (writer->depth >= CODEC_DEPTH_MAX)
        return problem_set(&writer->problem, "nested deeper than %d", CODEC_DEPTH_MAX);
    writer->depth++;
    return true;
}

/* `{"name":` or `,"name":`. Names of fields need no escapes. */
static void write_name(char before, const char *name, struct buffer *out)
{
    size_t size = bytes_of_text(name).size;
    if (out->capacity - out->size < size + 4)
        buffer_reserve(out, size + 4);
    char *at = out->data + out->size;
    at[0] = before;
    at[1] = '"';
    memcpy(at + 2, name, size);
    at[size + 2] = '"';
    at[size + 3] = ':';
    out->size += size + 4;
}

/* Left out, the field would come back as its default. */
static bool needs_null(const struct weir_field *field)
{
    return field->initial && field->initial[0] != 'n';
}

static bool write_record(struct writer *writer, const struct weir_type *type, const void *record)
{
    if (!enter(writer))
        return false;
    char before = '{';
    for (size_t i = 0; i < type->field_count; i++) {
        const struct weir_field *field = &type->fields[i];
        bool is_present = type_is_present(record, field);
        if (!is_present && !needs_null(field))
            continue;
        write_name(before, field->name, writer->out);
        before = ',';
        if (!is_present)
            buffer_text(writer->out, "null");
        else if (!write_value(writer, field->type, type_field_in(record, field)))
            return problem_in_field(&writer->problem, field->name);
    }
    if (before == '{')
        buffer_byte(writer->out, '{');
    buffer_byte(writer->out, '}');
    writer->depth--;
    return true;
}

static bool write_entry_key(struct writer *writer, const void *entry)
{
    const weir_bytes *key = entry;
    if (!write_text(writer, *key))
        return false;
    buffer_byte(writer->out, ':');
    return true;
}

static bool write_items(struct writer *writer, const struct weir_type *type, const weir_array *array)
{
    bool is_map = type->kind == WEIR_KIND_MAP;
    size_t stride = type_stride(type);
    if (!enter(writer))
        return false;
    if (array->count && !array->items)
        return problem_set(&writer->problem, "%zu items, but no memory for them", array->count);
    buffer_byte(writer->out, is_map ? '{' : '[');
    for (size_t i = 0; i < array->count; i++) {
        const char *item = (const char *)array->items + i * stride;
        if (i)
            buffer_byte(writer->out, ',');
        if ((is_map && !write_entry_key(writer, item)) ||
            !write_value(writer, type->item, item + type_item_offset(type)))
            return problem_in_item(&writer->problem, i);
    }
    buffer_byte(writer->out, is_map ? '}' : ']');
    writer->depth--;
    return true;
}

static bool write_value(struct writer *writer, const struct weir_type *type, const void *value)
{
    switch (type->kind) {
    case WEIR_KIND_BOOL:
        buffer_text(writer->out, *(const bool *)value ? "true" : "false");
        return true;
    case WEIR_KIND_I32:
        return write_integer(writer, *(const int32_t *)value);
    case WEIR_KIND_I64:
        return write_integer(writer, *(const int64_t *)value);
    case WEIR_KIND_FLOAT:
        return write_float(writer, *(const float *)value);
    case WEIR_KIND_DOUBLE:
        return write_double(writer, *(const double *)value);
    case WEIR_KIND_STRING:
        return write_text(writer, *(const weir_bytes *)value);
    case WEIR_KIND_BYTES:
        return write_bytes(writer, *(const weir_bytes *)value);
    case WEIR_KIND_ENUM:
        return write_enum(writer, type, *(const int32_t *)value);
    case WEIR_KIND_DECIMAL:
        return write_decimal(writer, type, ((const weir_decimal *)value)->unscaled);
    case WEIR_KIND_TIMESTAMP:
        return write_timestamp(writer, *(const int64_t *)value);
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

bool json_write(const struct weir_type *type, const void *value, struct buffer *out, struct weir_error *error)
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

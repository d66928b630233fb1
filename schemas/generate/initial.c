/* initial.c: defaults. Avro writes bytes and decimals as strings of code points 0 to 255; the codec's JSON has base64
 * and numbers. Everything is checked against the type here, so that a reader never meets a default that does not fit.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "schemas/base64.h"
#include "schemas/codec.h"

static bool write_scalar(const json_t *value, struct buffer *out)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    if (!text)
        return false;
    buffer_text(out, text);
    free(text);
    return true;
}

/* Code points 0 to 255 of a UTF-8 string as bytes. */
static bool read_bytes(const json_t *value, struct buffer *bytes)
{
    const unsigned char *text = (const unsigned char *)json_string_value(value);
    size_t size = json_string_length(value);
    if (!text)
        return false;
    for (size_t i = 0; i < size; i++) {
        unsigned byte = text[i];
        if (byte >= 0xC4)
            return false;
        if (byte >= 0xC2)
            byte = ((byte & 3u) << 6) | (text[++i] & 0x3Fu);
        buffer_byte(bytes, (unsigned char)byte);
    }
    return true;
}

static bool write_decimal(const struct model_type *type, const struct buffer *bytes, struct buffer *out)
{
    if (bytes->size == 0 || bytes->size > 8)
        return false;
    int64_t unscaled = (signed char)bytes->data[0];
    for (size_t i = 1; i < bytes->size; i++)
        unscaled = (int64_t)((uint64_t)unscaled << 8) | (unsigned char)bytes->data[i];
    char text[32];
    int64_t again;
    size_t size = decimal_write(unscaled, type->scale, text);
    buffer_append(out, text, size);
    return decimal_read((weir_bytes){text, size}, type->scale, &again) && again == unscaled;
}

static bool write_bytes(const struct model_type *type, const json_t *value, struct buffer *out)
{
    struct buffer bytes = {0};
    bool is_good = read_bytes(value, &bytes);
    if (is_good && type->kind == WEIR_KIND_DECIMAL) {
        is_good = write_decimal(type, &bytes, out);
    } else if (is_good) {
        buffer_byte(out, '"');
        base64_write(buffer_bytes(&bytes), out);
        buffer_byte(out, '"');
    }
    buffer_done(&bytes);
    return is_good;
}

static bool write_items(const struct model_type *type, const json_t *value, struct buffer *out)
{
    if (!json_is_array(value))
        return false;
    buffer_byte(out, '[');
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i)
            buffer_byte(out, ',');
        if (!initial_read(type->item, json_array_get(value, i), out))
            return false;
    }
    buffer_byte(out, ']');
    return true;
}

static bool write_member(const struct model_type *type, const char *name, const json_t *value, struct buffer *out)
{
    if (out->data[out->size - 1] != '{')
        buffer_byte(out, ',');
    json_write_string((weir_bytes){name, strlen(name)}, out);
    buffer_byte(out, ':');
    return initial_read(type, value, out);
}

static bool write_map(const struct model_type *type, json_t *value, struct buffer *out)
{
    const char *key;
    json_t *item;
    if (!json_is_object(value))
        return false;
    buffer_byte(out, '{');
    json_object_foreach(value, key, item)
    {
        if (!write_member(type->item, key, item, out))
            return false;
    }
    buffer_byte(out, '}');
    return true;
}

/* Members that the default leaves out must have defaults of their own. */
static bool write_record(const struct model_type *type, const json_t *value, struct buffer *out)
{
    if (!json_is_object(value))
        return false;
    buffer_byte(out, '{');
    for (size_t i = 0; i < type->field_count; i++) {
        const struct model_field *field = &type->fields[i];
        const json_t *member = json_object_get(value, field->name);
        bool is_left_out = !member || (json_is_null(member) && field->is_optional);
        if (is_left_out && (field->is_optional || field->initial))
            continue;
        if (is_left_out || !write_member(field->type, field->name, member, out))
            return false;
    }
    buffer_byte(out, '}');
    return true;
}

static bool is_symbol(const struct model_type *type, const char *name)
{
    for (size_t i = 0; name && i < type->symbol_count; i++)
        if (strcmp(type->symbols[i], name) == 0)
            return true;
    return false;
}

static bool is_json_text(const json_t *value)
{
    const char *text = json_string_value(value);
    return text && json_valid((weir_bytes){text, strlen(text)}, NULL);
}

bool initial_read(const struct model_type *type, const struct json_t *given, struct buffer *out)
{
    json_t *value = (json_t *)(uintptr_t)given; /* jansson's iterators take no const; nothing is changed */
    switch (type->kind) {
    case WEIR_KIND_BOOL:
        return json_is_boolean(value) && write_scalar(value, out);
    case WEIR_KIND_I32:
        return json_is_integer(value) && json_integer_value(value) == (int32_t)json_integer_value(value) &&
               write_scalar(value, out);
    case WEIR_KIND_I64:
    case WEIR_KIND_TIMESTAMP:
        return json_is_integer(value) && write_scalar(value, out);
    case WEIR_KIND_FLOAT:
    case WEIR_KIND_DOUBLE:
        return json_is_number(value) && write_scalar(value, out);
    case WEIR_KIND_STRING:
        return json_is_string(value) && write_scalar(value, out);
    case WEIR_KIND_BYTES:
    case WEIR_KIND_DECIMAL:
        return write_bytes(type, value, out);
    case WEIR_KIND_ENUM:
        return is_symbol(type, json_string_value(value)) && write_scalar(value, out);
    case WEIR_KIND_JSON:
        if (!is_json_text(value))
            return false;
        buffer_text(out, json_string_value(value));
        return true;
    case WEIR_KIND_RECORD:
        return write_record(type, value, out);
    case WEIR_KIND_ARRAY:
        return write_items(type, value, out);
    case WEIR_KIND_MAP:
        return write_map(type, value, out);
    }
    return false;
}

/* avro_read.c: Avro binary (Avro specification 1.11, "Binary Encoding") to values, walking the type table.
 *
 * Strings and bytes point into the input. No byte is trusted: every length is compared with what is left, every count
 * with what the bytes left can hold, so that a short message never takes much memory or time (a 5-byte one that claims
 * 500 million items took avro-c 1.9 GB).
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "schemas/avro_number.h"
#include "schemas/reader.h"
#include "schemas/text.h"
#include "schemas/type.h"

static bool read_value(struct reader *, const struct weir_type *, void *out);

static size_t bytes_left(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

static bool cut_off(struct reader *reader)
{
    return problem_set(&reader->problem, "the value is cut off");
}

/* Up to ten bytes of seven bits, low ones first. */
static bool read_long_varint(struct reader *reader, int64_t *out)
{
    enum { BITS_LAST = 63 };
    uint64_t bits = 0;
    for (unsigned shift = 0; shift <= BITS_LAST; shift += 7) {
        if (reader->at == reader->end)
            return cut_off(reader);
        unsigned char byte = *reader->at++;
        if (shift == BITS_LAST && byte > 1)
            break;
        bits |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *out = avro_from_zigzag(bits);
            return true;
        }
    }
    return problem_set(&reader->problem, "an integer takes more than 64 bits");
}

static inline bool read_long(struct reader *reader, int64_t *out)
{
    if (reader->at < reader->end && *reader->at < 0x80) {
        *out = avro_from_zigzag(*reader->at++);
        return true;
    }
    return read_long_varint(reader, out);
}

static bool read_int(struct reader *reader, int32_t *out)
{
    int64_t value = 0;
    if (!read_long(reader, &value))
        return false;
    if (value < INT32_MIN || value > INT32_MAX)
        return problem_set(&reader->problem, "an int takes more than 32 bits");
    *out = (int32_t)value;
    return true;
}

static bool read_bool(struct reader *reader, bool *out)
{
    if (reader->at == reader->end)
        return cut_off(reader);
    if (*reader->at > 1)
        return problem_set(&reader->problem, "a boolean is neither 0 nor 1");
    *out = *reader->at++ == 1;
    return true;
}

/* IEEE 754, little-endian, as in memory here. */
static bool read_fixed(struct reader *reader, void *out, size_t size)
{
    if (bytes_left(reader) < size)
        return cut_off(reader);
    memcpy(out, reader->at, size);
    reader->at += size;
    return true;
}

static inline bool read_bytes(struct reader *reader, weir_bytes *out)
{
    int64_t size = 0;
    if (!read_long(reader, &size))
        return false;
    if (size < 0 || (uint64_t)size > bytes_left(reader))
        return problem_set(&reader->problem, "a length of %lld, but %zu bytes are left", (long long)size,
                           bytes_left(reader));
    *out = (weir_bytes){reader->at, (size_t)size};
    reader->at += size;
    return true;
}

static bool read_string(struct reader *reader, weir_bytes *out)
{
    if (!read_bytes(reader, out))
        return false;
    return text_is_utf8(*out) || problem_set(&reader->problem, "a string is not valid UTF-8");
}

static bool read_json(struct reader *reader, weir_bytes *out)
{
    if (!read_bytes(reader, out))
        return false;
    return json_valid(*out, NULL) || problem_set(&reader->problem, "a string is not a JSON text");
}

static bool read_enum(struct reader *reader, const struct weir_type *type, int32_t *out)
{
    int64_t index = 0;
    if (!read_long(reader, &index))
        return false;
    if (index < 0 || (uint64_t)index >= type->symbol_count)
        return problem_set(&reader->problem, "%lld is not an index into the symbols of %.60s", (long long)index,
                           type->name);
    *out = (int32_t)index;
    return true;
}

static bool read_decimal(struct reader *reader, const struct weir_type *type, weir_decimal *out)
{
    weir_bytes bytes = {reader->at, type->symbol_count};
    if (type->symbol_count == 0) {
        if (!read_bytes(reader, &bytes))
            return false;
    } else {
        if (bytes_left(reader) < bytes.size)
            return cut_off(reader);
        reader->at += bytes.size;
    }
    return avro_get_decimal(bytes, &out->unscaled) ||
           problem_set(&reader->problem, "not a decimal number of at most 18 digits");
}

static bool read_field(struct reader *reader, const struct weir_field *field, void *record)
{
    if (type_field_is_optional(field)) {
        int64_t branch = 0;
        if (!read_long(reader, &branch))
            return false;
        if (branch != 0 && branch != 1)
            return problem_set(&reader->problem, "branch %lld of a union of two", (long long)branch);
        if (branch == type_null_is_last(field))
            return true;
        type_set_present(record, field, true);
    }
    return read_value(reader, field->type, type_field_of(record, field));
}

static bool read_record(struct reader *reader, const struct weir_type *type, void *record)
{
    if (!reader_enter(reader))
        return false;
    memset(record, 0, type->size);
    for (size_t i = 0; i < type->field_count; i++)
        if (!read_field(reader, &type->fields[i], record))
            return problem_in_field(&reader->problem, type->fields[i].name);
    reader_leave(reader);
    return true;
}

/* The head of a block: how many items, and where they must end (NULL: the writer did not say). */
static bool read_block_head(struct reader *reader, int64_t *count, const unsigned char **end)
{
    int64_t size = 0;
    *end = NULL;
    if (!read_long(reader, count))
        return false;
    if (*count >= 0)
        return true;
    if (*count < -(int64_t)CODEC_ITEMS_MAX)
        return problem_set(&reader->problem, "more than %d items", CODEC_ITEMS_MAX);
    *count = -*count;
    if (!read_long(reader, &size))
        return false;
    if (size < 0 || (uint64_t)size > bytes_left(reader))
        return problem_set(&reader->problem, "a block of %lld bytes, but %zu are left", (long long)size,
                           bytes_left(reader));
    *end = reader->at + size;
    return true;
}

static bool read_item(struct reader *reader, const struct weir_type *type, char *item)
{
    if (type->kind == WEIR_KIND_MAP && !read_string(reader, (weir_bytes *)(void *)item))
        return false;
    return read_value(reader, type->item, item + type_item_offset(type));
}

static bool read_block(struct reader *reader, const struct weir_type *type, size_t count, struct items *items)
{
    size_t stride = type_stride(type);
    size_t bytes_min = type_avro_bytes_min(type->item) + (type->kind == WEIR_KIND_MAP);
    if (bytes_min && count > bytes_left(reader) / bytes_min)
        return problem_set(&reader->problem, "%zu items, but %zu bytes are left", count, bytes_left(reader));
    if (!reader_reserve(reader, items, count, stride))
        return false;
    for (; count > 0; count--, items->count++)
        if (!read_item(reader, type, items->data + items->count * stride))
            return problem_in_item(&reader->problem, items->count);
    return true;
}

static bool read_items(struct reader *reader, const struct weir_type *type, weir_array *out)
{
    struct items items = {0};
    const unsigned char *end = NULL;
    int64_t count = 0;
    if (!reader_enter(reader))
        return false;
    for (;;) {
        if (!read_block_head(reader, &count, &end))
            return false;
        if (count == 0 && !end)
            break;
        if (!read_block(reader, type, (size_t)count, &items))
            return false;
        if (end && reader->at != end)
            return problem_set(&reader->problem, "a block does not end where its size says");
    }
    *out = reader_items(type, &items);
    reader_leave(reader);
    return true;
}

static bool read_value(struct reader *reader, const struct weir_type *type, void *out)
{
    switch (type->kind) {
    case WEIR_KIND_BOOL:
        return read_bool(reader, out);
    case WEIR_KIND_I32:
        return read_int(reader, out);
    case WEIR_KIND_I64:
    case WEIR_KIND_TIMESTAMP:
        return read_long(reader, out);
    case WEIR_KIND_FLOAT:
        return read_fixed(reader, out, sizeof(float));
    case WEIR_KIND_DOUBLE:
        return read_fixed(reader, out, sizeof(double));
    case WEIR_KIND_STRING:
        return read_string(reader, out);
    case WEIR_KIND_BYTES:
        return read_bytes(reader, out);
    case WEIR_KIND_ENUM:
        return read_enum(reader, type, out);
    case WEIR_KIND_DECIMAL:
        return read_decimal(reader, type, out);
    case WEIR_KIND_JSON:
        return read_json(reader, out);
    case WEIR_KIND_RECORD:
        return read_record(reader, type, out);
    case WEIR_KIND_ARRAY:
    case WEIR_KIND_MAP:
        return read_items(reader, type, out);
    }
    assert(false && "kind of a type table");
    return false;
}

const void *avro_read(const struct weir_type *type, weir_bytes bytes, weir_arena *arena, struct weir_error *error)
{
    struct reader reader;
    if (!reader_init(&reader, bytes, arena, error))
        return NULL;
    void *value = reader_alloc(&reader, type->size);
    if (value && read_value(&reader, type, value)) {
        if (reader.at == reader.end)
            return value;
        problem_set(&reader.problem, "%zu bytes behind the value", bytes_left(&reader));
    }
    reader_report(&reader, error);
    return NULL;
}

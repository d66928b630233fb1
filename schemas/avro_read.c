/* avro_read.c: Avro binary (Avro specification 1.11, "Binary Encoding") to values, walking the type table.
 *
 * Strings and bytes point into the input. No byte is trusted: every length is compared with what is left, every count
 * with what the bytes left can hold, so that a short message never takes much memory or time (a 5-byte one that claims
 * 500 million items took avro-c 1.9 GB).
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "schemas/avro_number.h"
#include "schemas/avro_scan.h"
#include "schemas/type.h"

static bool read_enum(struct reader *reader, const struct weir_type *type, int32_t *out)
{
    int64_t index = 0;
    if (!avro_scan_long(reader, &index))
        return false;
    if (index < 0 || (uint64_t)index >= type->symbol_count)
        return problem_set(&reader->problem, "%lld is not an index into the symbols of %.60s", (long long)index,
                           type->name);
    *out = (int32_t)index;
    return true;
}

static bool read_field(struct reader *reader, const struct weir_field *field, void *record)
{
    if (type_field_is_optional(field)) {
        int64_t branch = 0;
        if (!avro_scan_long(reader, &branch))
            return false;
        if (branch != 0 && branch != 1)
            return problem_set(&reader->problem, "branch %lld of a union of two", (long long)branch);
        if (branch == type_null_is_last(field))
            return true;
        type_set_present(record, field, true);
    }
    return avro_read_into(reader, field->type, type_field_of(record, field));
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

static bool read_item(struct reader *reader, const struct weir_type *type, char *item)
{
    if (type->kind == WEIR_KIND_MAP && !avro_scan_string(reader, (weir_bytes *)(void *)item))
        return false;
    return avro_read_into(reader, type->item, item + type_item_offset(type));
}

static bool read_block(struct reader *reader, const struct weir_type *type, size_t count, struct items *items)
{
    size_t stride = type_stride(type);
    size_t bytes_min = type_avro_bytes_min(type->item) + (type->kind == WEIR_KIND_MAP);
    if (bytes_min && count > avro_scan_left(reader) / bytes_min)
        return problem_set(&reader->problem, "%zu items, but %zu bytes are left", count, avro_scan_left(reader));
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
        if (!avro_scan_block(reader, &count, &end))
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

bool avro_read_into(struct reader *reader, const struct weir_type *type, void *out)
{
    switch (type->kind) {
    case WEIR_KIND_BOOL:
        return avro_scan_bool(reader, out);
    case WEIR_KIND_I32:
        return avro_scan_int(reader, out);
    case WEIR_KIND_I64:
    case WEIR_KIND_TIMESTAMP:
        return avro_scan_long(reader, out);
    case WEIR_KIND_FLOAT:
        return avro_scan_plain(reader, out, sizeof(float));
    case WEIR_KIND_DOUBLE:
        return avro_scan_plain(reader, out, sizeof(double));
    case WEIR_KIND_STRING:
        return avro_scan_string(reader, out);
    case WEIR_KIND_BYTES:
        return avro_scan_bytes(reader, out);
    case WEIR_KIND_ENUM:
        return read_enum(reader, type, out);
    case WEIR_KIND_DECIMAL:
        return avro_scan_decimal(reader, type->symbol_count, out);
    case WEIR_KIND_JSON:
        return avro_scan_json(reader, out);
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
    if (value && avro_read_into(&reader, type, value)) {
        if (reader.at == reader.end)
            return value;
        problem_set(&reader.problem, "%zu bytes behind the value", avro_scan_left(&reader));
    }
    reader_report(&reader, error);
    return NULL;
}

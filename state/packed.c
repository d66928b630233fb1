/* packed.c: see packed.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/packed.h"

#include <assert.h>

#include "base/field.h"

enum { FORMAT = 1, ROW_BYTES = 2 * FIELD_SIZE_BYTES };

static size_t size_of(const struct store_row *row)
{
    return ROW_BYTES + row->key.size + row->value.size;
}

bool packed_has_room(const struct packed *packed, const struct store_row *logged)
{
    return packed->count == 0 ||
           (packed->count < PACKED_ROWS_MAX && packed->bytes.size + size_of(logged) <= PACKED_BYTES_MAX);
}

void packed_add(struct packed *packed, const struct store_row *logged)
{
    if (packed->count == 0)
        buffer_byte(&packed->bytes, FORMAT);
    if (packed->count++ == 0 || packed->newest_ms < logged->timestamp_ms)
        packed->newest_ms = logged->timestamp_ms;
    buffer_reserve(&packed->bytes, size_of(logged));
    char *end = packed->bytes.data + packed->bytes.size;
    end = field_put(field_put(end, logged->key), logged->value);
    packed->bytes.size = (size_t)(end - packed->bytes.data);
}

void packed_clear(struct packed *packed)
{
    buffer_clear(&packed->bytes);
    packed->count = 0;
}

void packed_done(struct packed *packed)
{
    buffer_done(&packed->bytes);
    packed->count = 0;
}

struct store_row packed_record(const struct packed *packed)
{
    struct store_row record = {.value = buffer_bytes(&packed->bytes)};
    assert(packed->count > 0);
    if (packed->count == 1) {
        weir_bytes rows = {(const char *)record.value.data + 1, record.value.size - 1};
        packed_next(&rows, &record);
    }
    record.timestamp_ms = packed->newest_ms;
    return record;
}

bool packed_next(weir_bytes *rows, struct store_row *row)
{
    *row = (struct store_row){0};
    return field_take(rows, &row->key) && row->key.data && field_take(rows, &row->value);
}

bool packed_read(const struct store_row *record, weir_bytes *rows)
{
    const char *data = record->value.data;
    if (record->key.data || record->value.size == 0 || *data != FORMAT)
        return false;
    *rows = (weir_bytes){data + 1, record->value.size - 1};
    weir_bytes rest = *rows;
    struct store_row row;
    while (rest.size > 0)
        if (!packed_next(&rest, &row))
            return false;
    return true;
}

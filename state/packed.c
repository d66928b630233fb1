/* packed.c: see packed.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/packed.h"

#include <assert.h>

#include "base/bytes.h"

enum { FORMAT = 1, SIZE_BYTES = 4, ROW_BYTES = 2 * SIZE_BYTES };
static const uint32_t deleted = UINT32_MAX;

static size_t size_of(const struct store_row *row)
{
    return ROW_BYTES + row->key.size + row->value.size;
}

bool packed_has_room(const struct packed *packed, const struct store_row *logged)
{
    return packed->count == 0 ||
           (packed->count < PACKED_ROWS_MAX && packed->bytes.size + size_of(logged) <= PACKED_BYTES_MAX);
}

static void add_size(struct buffer *bytes, uint32_t size)
{
    char field[SIZE_BYTES];
    bytes_put_u32(field, size);
    buffer_append(bytes, field, sizeof field);
}

void packed_add(struct packed *packed, const struct store_row *logged)
{
    if (packed->count == 0)
        buffer_byte(&packed->bytes, FORMAT);
    if (packed->count++ == 0 || packed->newest_ms < logged->timestamp_ms)
        packed->newest_ms = logged->timestamp_ms;
    add_size(&packed->bytes, (uint32_t)logged->key.size);
    buffer_append(&packed->bytes, logged->key.data, logged->key.size);
    if (!logged->value.data) {
        add_size(&packed->bytes, deleted);
        return;
    }
    add_size(&packed->bytes, (uint32_t)logged->value.size);
    buffer_append(&packed->bytes, logged->value.data, logged->value.size);
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

/* A size, and as many bytes; of a deletion none. */
static bool take_field(weir_bytes *rest, weir_bytes *field)
{
    const char *data = rest->data;
    if (rest->size < SIZE_BYTES)
        return false;
    uint32_t size = bytes_get_u32(data);
    bool is_deleted = size == deleted;
    size_t taken = is_deleted ? 0 : size;
    if (rest->size - SIZE_BYTES < taken)
        return false;
    *field = (weir_bytes){is_deleted ? NULL : data + SIZE_BYTES, taken};
    *rest = (weir_bytes){data + SIZE_BYTES + taken, rest->size - SIZE_BYTES - taken};
    return true;
}

bool packed_next(weir_bytes *rows, struct store_row *row)
{
    *row = (struct store_row){0};
    return take_field(rows, &row->key) && row->key.data && take_field(rows, &row->value);
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

/* join_store.c: see join_store.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/join_store.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "operators/typed_store.h"
#include "state/keys.h"
#include "state/packed.h"

/* The changelog has grown by at least one record per PACKED_ROWS_MAX numbers. */
uint32_t join_store_sequence(int64_t position)
{
    return position > 0 ? (uint32_t)(position * PACKED_ROWS_MAX & JOIN_STORE_SEQUENCE_MAX) : 0;
}

void join_store_put(struct weir_store *handle, const struct weir_record *record, uint32_t sequence)
{
    struct typed_scratch *scratch = typed_scratch();
    assert(handle->spec->kind == STORE_JOIN && record->key && record->value);
    if (!typed_write(handle, handle->spec->key_type, record->key, &scratch->key) ||
        !typed_write(handle, handle->spec->value_type, record->value, &scratch->value))
        return;
    keys_join_write(buffer_bytes(&scratch->key), record->timestamp_ms, sequence, &scratch->stored);
    store_put(handle->store, buffer_bytes(&scratch->stored), buffer_bytes(&scratch->value), record->timestamp_ms);
}

/* The bounds of a fetch, one behind the other in scratch->stored: from the first row of from_ms to before the first row
 * behind to_ms. */
static bool write_bounds(struct weir_store *handle, const void *key, int64_t from_ms, int64_t to_ms, weir_bytes *from,
                         weir_bytes *to)
{
    struct typed_scratch *scratch = typed_scratch();
    if (!typed_write(handle, handle->spec->key_type, key, &scratch->key))
        return false;
    keys_join_write(buffer_bytes(&scratch->key), from_ms, 0, &scratch->stored);
    size_t size = scratch->stored.size;
    if (to_ms < INT64_MAX)
        keys_join_write(buffer_bytes(&scratch->key), to_ms + 1, 0, &scratch->stored);
    else
        keys_join_write(buffer_bytes(&scratch->key), to_ms, UINT32_MAX, &scratch->stored);
    *from = (weir_bytes){scratch->stored.data, size};
    *to = (weir_bytes){scratch->stored.data + size, scratch->stored.size - size};
    return true;
}

/* The array doubles in the arena; what it outgrew is given back with the record. */
static struct weir_record *add_row(struct join_rows *rows, weir_arena *arena)
{
    enum { FIRST = 4 };
    bool is_full = rows->count == 0 || (rows->count >= FIRST && (rows->count & (rows->count - 1)) == 0);
    if (is_full) {
        size_t capacity = rows->count == 0 ? FIRST : rows->count * 2;
        struct weir_record *items = arena_alloc_raw(arena, capacity * sizeof *items);
        if (rows->count)
            memcpy(items, rows->items, rows->count * sizeof *items);
        rows->items = items;
    }
    return &rows->items[rows->count++];
}

static bool read_row(struct weir_store *handle, const void *key, const struct store_row *row, struct join_rows *rows)
{
    weir_arena *arena = handle->execution->arena;
    const void *value = typed_read(handle, handle->spec->value_type, arena_bytes(arena, row->value), arena);
    if (!value)
        return false;
    *add_row(rows, arena) = (struct weir_record){.key = key,
                                                 .value = value,
                                                 .timestamp_ms = row->timestamp_ms,
                                                 .key_type = handle->spec->key_type,
                                                 .value_type = handle->spec->value_type};
    return true;
}

bool join_store_fetch(struct weir_store *handle, const void *key, int64_t from_ms, int64_t to_ms,
                      struct join_rows *rows)
{
    weir_bytes from, to;
    struct store_row row;
    struct weir_error error;
    assert(handle->spec->kind == STORE_JOIN && from_ms >= 0);
    error_clear(&error);
    *rows = (struct join_rows){0};
    if (!write_bounds(handle, key, from_ms, to_ms, &from, &to))
        return false;
    struct store_cursor *cursor = store_scan(handle->store, from, to, false, &error);
    bool is_read = cursor != NULL;
    while (is_read && store_next(cursor, &row, &error))
        is_read = read_row(handle, key, &row, rows);
    store_cursor_close(cursor);
    return is_read && (error.code == WEIR_OK || typed_latch(handle, error.code, error.message));
}

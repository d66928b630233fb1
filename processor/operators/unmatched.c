/* unmatched.c: see unmatched.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/unmatched.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "operators/typed_store.h"

enum {
    TIME_BYTES = 8,
    SIDE_BYTES = 1,
    LIST_VARIABLE_SIZE = 1, /* ListSerde.SerializationStrategy */
    COUNT_AT = 1,
    LIST_HEAD_BYTES = 5,
    LENGTH_BYTES = 4,
};

/* ---- bytes ---- */

static bool write_key(struct weir_store *handle, const struct weir_record *record, bool is_left, struct buffer *out)
{
    char head[TIME_BYTES + SIDE_BYTES];
    bytes_put_u64(head, (uint64_t)record->timestamp_ms);
    head[TIME_BYTES] = is_left ? 1 : 0;
    buffer_append(out, head, sizeof head);
    return typed_write(handle, record->key_type, record->key, out);
}

static void write_u32(struct buffer *out, uint32_t number)
{
    char bytes[LENGTH_BYTES];
    bytes_put_u32(bytes, number);
    buffer_append(out, bytes, sizeof bytes);
}

/* A list of one more value than `old` has; NULL data: of the first. */
static void write_list(weir_bytes old, bool is_left, weir_bytes value, struct buffer *out)
{
    if (old.data) {
        buffer_append(out, old.data, old.size);
        bytes_put_u32(out->data + COUNT_AT, bytes_get_u32(out->data + COUNT_AT) + 1);
    } else {
        buffer_byte(out, LIST_VARIABLE_SIZE);
        write_u32(out, 1);
    }
    write_u32(out, (uint32_t)value.size + SIDE_BYTES);
    buffer_byte(out, is_left ? 1 : 0);
    buffer_append(out, value.data, value.size);
}

static uint32_t value_count(weir_bytes list)
{
    return list.size >= LIST_HEAD_BYTES ? bytes_get_u32((const char *)list.data + COUNT_AT) : 0;
}

bool unmatched_value(const struct unmatched_row *row, size_t *at, weir_bytes *value)
{
    const char *data = row->values.data;
    if (*at == 0)
        *at = LIST_HEAD_BYTES;
    if (row->values.size < *at + LENGTH_BYTES + SIDE_BYTES)
        return false;
    uint32_t size = bytes_get_u32(data + *at);
    *at += LENGTH_BYTES;
    if (size < SIDE_BYTES || size > row->values.size - *at)
        return false;
    *value = (weir_bytes){data + *at + SIDE_BYTES, size - SIDE_BYTES};
    *at += size;
    return true;
}

static bool read_key(struct weir_store *handle, weir_bytes stored, struct unmatched_row *row)
{
    if (stored.size < TIME_BYTES + SIDE_BYTES)
        return typed_latch(handle, WEIR_CORRUPT, "a row has no time in its key");
    const char *data = stored.data;
    row->timestamp_ms = (int64_t)bytes_get_u64(data);
    row->is_left = data[TIME_BYTES] != 0;
    row->key = (weir_bytes){data + TIME_BYTES + SIDE_BYTES, stored.size - TIME_BYTES - SIDE_BYTES};
    return true;
}

/* ---- single rows ---- */

static bool get(struct weir_store *handle, weir_bytes key, struct store_row *row)
{
    struct weir_error error;
    error_clear(&error);
    if (store_get(handle->store, key, handle->execution->arena, row, &error))
        return true;
    if (error.code != WEIR_OK)
        typed_latch(handle, error.code, error.message);
    return false;
}

void unmatched_add(struct weir_store *handle, const struct weir_record *record, bool is_left)
{
    struct typed_scratch *scratch = typed_scratch();
    struct store_row old = {0};
    if (!write_key(handle, record, is_left, &scratch->key) ||
        !typed_write(handle, record->value_type, record->value, &scratch->value))
        return;
    get(handle, buffer_bytes(&scratch->key), &old);
    if (handle->execution->error.code != WEIR_OK)
        return;
    write_list(old.value, is_left, buffer_bytes(&scratch->value), &scratch->stored);
    store_put(handle->store, buffer_bytes(&scratch->key), buffer_bytes(&scratch->stored), record->timestamp_ms);
}

void unmatched_forget(struct weir_store *handle, const struct weir_record *record, bool is_left, int64_t now_ms)
{
    struct typed_scratch *scratch = typed_scratch();
    struct store_row row;
    if (!write_key(handle, record, is_left, &scratch->key) || !get(handle, buffer_bytes(&scratch->key), &row))
        return;
    store_put(handle->store, buffer_bytes(&scratch->key), (weir_bytes){0}, now_ms);
}

void unmatched_delete(struct weir_store *handle, const struct unmatched_row *row, int64_t now_ms)
{
    store_put(handle->store, row->stored_key, (weir_bytes){0}, now_ms);
}

/* ---- the walk ---- */

static bool is_open(const struct unmatched_walk *walk, const struct unmatched_row *row)
{
    int64_t lasts_ms = row->is_left ? walk->left_lasts_ms : walk->right_lasts_ms, end_ms;
    return __builtin_add_overflow(row->timestamp_ms, lasts_ms, &end_ms) || end_ms >= walk->stream_time_ms;
}

int64_t unmatched_due(struct weir_store *handle, const struct unmatched_walk *walk)
{
    struct weir_error error;
    struct store_row first;
    struct unmatched_row row = {0};
    int64_t due_ms = INT64_MAX;
    error_clear(&error);
    struct store_cursor *cursor = store_scan(handle->store, (weir_bytes){0}, (weir_bytes){0}, false, &error);
    if (cursor && store_next(cursor, &first, &error) && read_key(handle, first.key, &row) &&
        __builtin_add_overflow(row.timestamp_ms, (row.is_left ? walk->left_lasts_ms : walk->right_lasts_ms) + 1,
                               &due_ms))
        due_ms = INT64_MAX;
    store_cursor_close(cursor);
    if (error.code != WEIR_OK)
        typed_latch(handle, error.code, error.message);
    return due_ms;
}

/* The time of the last row of all, which is where a walk ends that nothing stops. */
static void go_to_the_end(struct weir_store *handle, struct unmatched_walk *walk)
{
    struct weir_error error;
    struct store_row last;
    struct unmatched_row row = {0};
    error_clear(&error);
    struct store_cursor *cursor = store_scan(handle->store, (weir_bytes){0}, (weir_bytes){0}, true, &error);
    if (cursor && store_next(cursor, &last, &error) && read_key(handle, last.key, &row))
        walk->reached_ms = row.timestamp_ms;
    store_cursor_close(cursor);
    if (error.code != WEIR_OK)
        typed_latch(handle, error.code, error.message);
}

/* Kafka Streams walks on until it has met an open row of either side and comes to the value behind, which may be another
 * of the same row (ListValueStore). The time it has come to decides when it looks again, so it matters. */
static bool is_over(struct unmatched_walk *walk, const struct unmatched_row *row, weir_bytes values)
{
    walk->reached_ms = row->timestamp_ms;
    walk->is_done = walk->left_open && walk->right_open;
    if (walk->is_done)
        return false;
    if (!is_open(walk, row))
        return true;
    if (row->is_left)
        walk->left_open = true;
    else
        walk->right_open = true;
    walk->is_done = walk->left_open && walk->right_open && value_count(values) > 1;
    return false;
}

static void keep(struct weir_store *handle, const struct store_row *stored, struct unmatched_row *row)
{
    weir_arena *arena = handle->execution->arena;
    row->stored_key = arena_bytes(arena, stored->key);
    row->values = arena_bytes(arena, stored->value);
    read_key(handle, row->stored_key, row);
}

/* The smallest key behind the one: with a zero byte more, which arena_bytes has put there. */
static weir_bytes key_behind(weir_bytes key)
{
    return (weir_bytes){key.data, key.size + 1};
}

size_t unmatched_next(struct weir_store *handle, struct unmatched_walk *walk,
                      struct unmatched_row rows[UNMATCHED_ROWS_MAX])
{
    struct weir_error error;
    struct store_row stored;
    struct unmatched_row row = {0};
    size_t count = 0;
    error_clear(&error);
    if (walk->is_done || handle->execution->error.code != WEIR_OK)
        return 0;
    struct store_cursor *cursor = store_scan(handle->store, walk->next, (weir_bytes){0}, false, &error);
    while (cursor && count < UNMATCHED_ROWS_MAX && !walk->is_done) {
        if (!store_next(cursor, &stored, &error) || !read_key(handle, stored.key, &row))
            walk->is_done = true;
        else if (is_over(walk, &row, stored.value))
            keep(handle, &stored, &rows[count++]);
        else if (walk->is_left_only)
            break;
    }
    store_cursor_close(cursor);
    if (error.code != WEIR_OK)
        typed_latch(handle, error.code, error.message);
    else if (walk->is_left_only && walk->left_open) {
        go_to_the_end(handle, walk);
        walk->is_done = true;
    }
    if (count > 0)
        walk->next = key_behind(rows[count - 1].stored_key);
    return count;
}

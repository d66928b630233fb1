/* rocks_rows.c: reading and writing rows of a column family. See rocks.h.
 *
 * An iterator that meets a damaged block just ends; only its status tells. So every end of a walk asks for it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "state/rocks_private.h"

void rocks_key(struct buffer *buffer, unsigned char kind, const void *data, size_t size)
{
    buffer_clear(buffer);
    buffer_byte(buffer, kind);
    buffer_append(buffer, data, size);
}

void rocks_value(struct buffer *buffer, const struct store_row *row)
{
    char timestamp[ROCKS_TIMESTAMP_BYTES];
    bytes_put_u64(timestamp, (uint64_t)row->timestamp_ms);
    buffer_clear(buffer);
    buffer_append(buffer, timestamp, sizeof timestamp);
    buffer_append(buffer, row->value.data, row->value.size);
}

/* ---- single rows ---- */

static rocksdb_pinnableslice_t *pin(struct rocks_family *family, weir_bytes stored, struct weir_error *error)
{
    char *message = NULL;
    struct rocks *rocks = family->rocks;
    rocksdb_pinnableslice_t *slice =
        rocksdb_get_pinned_cf(rocks->database, rocks->read, family->handle, stored.data, stored.size, &message);
    rocks_check(message, family->name, error);
    return slice;
}

static bool read_value(struct rocks_family *family, weir_bytes stored, struct store_row *out, struct weir_error *error)
{
    if (stored.size < ROCKS_TIMESTAMP_BYTES)
        return error_set(error, WEIR_CORRUPT, "store %s: a row of %zu bytes has no timestamp", family->name,
                         stored.size);
    out->timestamp_ms = (int64_t)bytes_get_u64(stored.data);
    out->value = (weir_bytes){(const char *)stored.data + ROCKS_TIMESTAMP_BYTES, stored.size - ROCKS_TIMESTAMP_BYTES};
    return true;
}

bool rocks_disk_get(struct rocks_family *family, weir_bytes key, weir_arena *arena, struct store_row *out,
                    struct weir_error *error)
{
    char *stored = arena_alloc_raw(arena, key.size + 1);
    stored[0] = ROCKS_ROW;
    if (key.size)
        memcpy(stored + 1, key.data, key.size);
    rocksdb_pinnableslice_t *slice = pin(family, (weir_bytes){stored, key.size + 1}, error);
    if (!slice)
        return false;
    weir_bytes value;
    struct store_row row = {.key = {stored + 1, key.size}};
    value.data = rocksdb_pinnableslice_value(slice, &value.size);
    bool is_read = read_value(family, value, &row, error);
    if (is_read) {
        row.value = arena_bytes(arena, row.value);
        *out = row;
    }
    rocksdb_pinnableslice_destroy(slice);
    return is_read;
}

static bool read_mark(struct rocks_family *family, const char *name, int64_t *mark, struct weir_error *error)
{
    struct weir_error failure = {0};
    rocks_key(&family->key, ROCKS_META, name, strlen(name));
    rocksdb_pinnableslice_t *slice = pin(family, buffer_bytes(&family->key), &failure);
    if (!slice)
        return failure.code == WEIR_OK || error_set(error, failure.code, "%s", failure.message);
    size_t size;
    const char *data = rocksdb_pinnableslice_value(slice, &size);
    bool is_whole = size == sizeof(uint64_t);
    if (is_whole)
        *mark = (int64_t)bytes_get_u64(data);
    rocksdb_pinnableslice_destroy(slice);
    return is_whole || error_set(error, WEIR_CORRUPT, "store %s: its %s has %zu bytes", family->name, name, size);
}

bool rocks_disk_family_marks(struct rocks_family *family, struct rocks_marks *marks, struct weir_error *error)
{
    *marks = (struct rocks_marks){-1, EXPIRY_NO_TIME, EXPIRY_NO_TIME};
    return read_mark(family, ROCKS_POSITION, &marks->position, error) &&
           read_mark(family, ROCKS_STREAM_TIME, &marks->stream_time_ms, error) &&
           read_mark(family, ROCKS_WRITTEN_TIME, &marks->written_ms, error);
}

/* ---- batches ---- */

void rocks_disk_batch_row(struct rocks_family *family, const struct store_row *row)
{
    struct buffer *key = &family->key, *value = &family->value;
    rocks_key(key, ROCKS_ROW, row->key.data, row->key.size);
    if (!row->value.data) {
        rocksdb_writebatch_delete_cf(family->batch, family->handle, key->data, key->size);
        return;
    }
    rocks_value(value, row);
    rocksdb_writebatch_put_cf(family->batch, family->handle, key->data, key->size, value->data, value->size);
}

static void put_mark(struct rocks_family *family, const char *name, int64_t mark)
{
    if (mark == EXPIRY_NO_TIME)
        return;
    char value[sizeof(uint64_t)];
    bytes_put_u64(value, (uint64_t)mark);
    rocks_key(&family->key, ROCKS_META, name, strlen(name));
    rocksdb_writebatch_put_cf(family->batch, family->handle, family->key.data, family->key.size, value, sizeof value);
}

void rocks_disk_batch_marks(struct rocks_family *family, struct rocks_marks marks)
{
    put_mark(family, ROCKS_POSITION, marks.position);
    put_mark(family, ROCKS_STREAM_TIME, marks.stream_time_ms);
    put_mark(family, ROCKS_WRITTEN_TIME, marks.written_ms);
}

size_t rocks_disk_batch_bytes(struct rocks_family *family)
{
    size_t size;
    rocksdb_writebatch_data(family->batch, &size);
    return size;
}

bool rocks_disk_batch_write(struct rocks_family *family, struct weir_error *error)
{
    struct rocks *rocks = family->rocks;
    char *message = NULL;
    /* Before the write: a view that still reads `empty` afterwards would miss the rows. */
    atomic_store_explicit(&family->is_empty, false, memory_order_release);
    rocksdb_write(rocks->database, rocks->write, family->batch, &message);
    rocksdb_writebatch_clear(family->batch);
    return rocks_check(message, family->name, error);
}

/* ---- walks ---- */

struct rocks_walk {
    struct rocks_family *family;
    rocksdb_iterator_t *iterator;
    struct buffer seek;
    weir_bytes from, to;
    bool descending, is_moved; /* is_moved: the iterator stands on a row that was given out */
};

struct rocks_snapshot {
    struct rocks_family *family;
    const rocksdb_snapshot_t *snapshot;
    rocksdb_readoptions_t *read;
};

struct rocks_snapshot *rocks_disk_snapshot_open(struct rocks_family *family)
{
    struct rocks_snapshot *snapshot = memory_new(sizeof *snapshot);
    snapshot->family = family;
    snapshot->snapshot = rocksdb_create_snapshot(family->rocks->database);
    snapshot->read = rocksdb_readoptions_create();
    rocksdb_readoptions_set_verify_checksums(snapshot->read, 1);
    rocksdb_readoptions_set_snapshot(snapshot->read, snapshot->snapshot);
    return snapshot;
}

void rocks_disk_snapshot_close(struct rocks_snapshot *snapshot)
{
    if (!snapshot)
        return;
    rocksdb_readoptions_destroy(snapshot->read);
    rocksdb_release_snapshot(snapshot->family->rocks->database, snapshot->snapshot);
    free(snapshot);
}

static struct rocks_walk *walk_open(struct rocks_family *family, rocksdb_readoptions_t *read)
{
    struct rocks_walk *walk = memory_new(sizeof *walk);
    walk->family = family;
    walk->iterator = rocksdb_create_iterator_cf(family->rocks->database, read, family->handle);
    return walk;
}

struct rocks_walk *rocks_disk_walk_open(struct rocks_family *family)
{
    return walk_open(family, family->rocks->read);
}

struct rocks_walk *rocks_disk_walk_open_at(const struct rocks_snapshot *snapshot)
{
    return walk_open(snapshot->family, snapshot->read);
}

void rocks_disk_walk_close(struct rocks_walk *walk)
{
    if (!walk)
        return;
    rocksdb_iter_destroy(walk->iterator);
    buffer_done(&walk->seek);
    free(walk);
}

static bool is_row(rocksdb_iterator_t *iterator, weir_bytes *key)
{
    if (!rocksdb_iter_valid(iterator))
        return false;
    size_t size;
    const char *stored = rocksdb_iter_key(iterator, &size);
    *key = (weir_bytes){stored + 1, size - 1};
    return size > 0 && stored[0] == ROCKS_ROW;
}

/* The last row below `to`: seek_for_prev finds the last one <= it, which may be `to` itself. */
static void seek_below(struct rocks_walk *walk)
{
    weir_bytes key;
    if (walk->to.data)
        rocks_key(&walk->seek, ROCKS_ROW, walk->to.data, walk->to.size);
    else
        rocks_key(&walk->seek, ROCKS_ROW + 1, NULL, 0);
    rocksdb_iter_seek_for_prev(walk->iterator, walk->seek.data, walk->seek.size);
    if (walk->to.data && is_row(walk->iterator, &key) && bytes_equal(key, walk->to))
        rocksdb_iter_prev(walk->iterator);
}

void rocks_disk_walk_seek(struct rocks_walk *walk, weir_bytes from, weir_bytes to, bool descending)
{
    walk->from = from;
    walk->to = to;
    walk->descending = descending;
    walk->is_moved = false;
    if (descending) {
        seek_below(walk);
        return;
    }
    rocks_key(&walk->seek, ROCKS_ROW, from.data, from.size);
    rocksdb_iter_seek(walk->iterator, walk->seek.data, walk->seek.size);
}

static void step(struct rocks_walk *walk)
{
    if (walk->descending)
        rocksdb_iter_prev(walk->iterator);
    else
        rocksdb_iter_next(walk->iterator);
}

static bool is_inside(const struct rocks_walk *walk, weir_bytes key)
{
    if (walk->descending)
        return !walk->from.data || bytes_compare(key, walk->from) >= 0;
    return !walk->to.data || bytes_compare(key, walk->to) < 0;
}

bool rocks_disk_walk_next(struct rocks_walk *walk, struct store_row *out, struct weir_error *error)
{
    if (walk->is_moved && rocksdb_iter_valid(walk->iterator))
        step(walk);
    walk->is_moved = true;
    struct store_row row;
    if (!is_row(walk->iterator, &row.key) || !is_inside(walk, row.key)) {
        char *message = NULL;
        rocksdb_iter_get_error(walk->iterator, &message);
        return !rocks_check(message, walk->family->name, error) && false;
    }
    weir_bytes value;
    value.data = rocksdb_iter_value(walk->iterator, &value.size);
    if (!read_value(walk->family, value, &row, error))
        return false;
    *out = row;
    return true;
}

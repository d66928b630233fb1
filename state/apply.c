/* apply.c: writing committed rows and restored rows to RocksDB. See store.h.
 *
 * Rows go in sorted, in batches that are atomic each; the marks (position, stream time) ride in the last one. A crash
 * between two batches therefore leaves rows ahead of the position, never behind it, and the replay from the position
 * writes the same rows again: the last writer wins.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "state/store_private.h"

enum { BATCH_BYTES_MAX = 1 << 20 };

/* A row to be written, with the first bytes of its key as a number, which decides most comparisons. */
struct entry {
    uint64_t prefix;
    const struct store_row *row;
};

static bool write_full_batch(struct store *store, struct weir_error *error)
{
    return rocks_batch_bytes(store->family) < BATCH_BYTES_MAX || rocks_batch_write(store->family, error);
}

static bool write_last_batch(struct store *store, struct rocks_marks marks, struct weir_error *error)
{
    rocks_batch_marks(store->family, marks);
    if (!rocks_batch_write(store->family, error))
        return false;
    store->applied = marks;
    return true;
}

/* An expired window row is expired in every version, so it need not be written. A row past its ttl may hide an older
 * version that is not, so it is written as deleted. */
static bool write_row(struct store *store, struct store_row row, int64_t stream_time_ms, struct weir_error *error)
{
    if (store_has_expired(store, &row, stream_time_ms)) {
        if (store->spec->kind == STORE_WINDOW)
            return true;
        row.value = (weir_bytes){0};
    }
    rocks_batch_row(store->family, &row);
    return write_full_batch(store, error);
}

/* ---- committed rows ---- */

bool store_apply_due(const struct store *store, int64_t now_us)
{
    const struct committed *committed = &store->committed;
    const struct database_limits *limits = &store->database->limits;
    if (!store->family)
        return false;
    if (table_bytes(&committed->rows->table) > limits->committed_bytes_max)
        return true;
    bool is_behind = committed->dirty > 0 || committed->marks.position != store->applied.position;
    return is_behind && now_us - store->applied_us >= limits->apply_interval_ms * 1000;
}

static bool write_dirty(struct store *store, struct rocks_marks marks, struct weir_error *error)
{
    size_t count;
    struct table_row **rows = table_dirty_sorted(&store->committed.rows->table, &count);
    bool done = true;
    for (size_t i = 0; done && i < count; i++)
        done = write_row(store, table_row_at(rows[i], &rows[i]->last), marks.stream_time_ms, error);
    free(rows);
    return done && write_last_batch(store, marks, error);
}

static bool is_applied(const struct store *store)
{
    const struct rocks_marks *marks = &store->committed.marks;
    return store->committed.dirty == 0 && marks->position == store->applied.position &&
           marks->stream_time_ms == store->applied.stream_time_ms;
}

static bool apply(struct store *store, bool evict, int64_t now_us, struct weir_error *error)
{
    if (!store->family)
        return true;
    if (!is_applied(store) && !write_dirty(store, store->committed.marks, error))
        return false;
    store->applied_us = now_us;
    committed_applied(&store->committed, evict);
    store_forget_below(store);
    return true;
}

size_t store_evictable_bytes(const struct store *store)
{
    return store->family && store->committed.rows->table.count > 0 ? table_bytes(&store->committed.rows->table) : 0;
}

bool store_apply(struct store *store, int64_t now_us, struct weir_error *error)
{
    bool is_full = table_bytes(&store->committed.rows->table) > store->database->limits.committed_bytes_max;
    return apply(store, is_full, now_us, error);
}

bool store_evict(struct store *store, int64_t now_us, struct weir_error *error)
{
    return apply(store, true, now_us, error);
}

/* ---- restore ---- */

static uint64_t prefix_of(weir_bytes key)
{
    unsigned char bytes[8] = {0};
    if (key.size)
        memcpy(bytes, key.data, key.size < sizeof bytes ? key.size : sizeof bytes);
    return bytes_get_u64(bytes);
}

/* Rows of one key stay in the order of their offsets: they lie in one array in that order. */
static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    int order = bytes_compare(a->row->key, b->row->key);
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

static struct entry *sort_rows(const struct store_row *rows, size_t count)
{
    struct entry *entries = memory_new((count + 1) * sizeof *entries);
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct entry){prefix_of(rows[i].key), &rows[i]};
    qsort(entries, count, sizeof *entries, compare_entries);
    return entries;
}

static bool is_overwritten(const struct entry *entries, size_t i, size_t count)
{
    return i + 1 < count && entries[i].prefix == entries[i + 1].prefix &&
           bytes_equal(entries[i].row->key, entries[i + 1].row->key);
}

static bool restore_durable(struct store *store, const struct store_row *rows, size_t count, struct rocks_marks marks,
                            struct weir_error *error)
{
    struct entry *entries = sort_rows(rows, count);
    bool done = true;
    for (size_t i = 0; done && i < count; i++)
        if (!is_overwritten(entries, i, count))
            done = write_row(store, *entries[i].row, marks.stream_time_ms, error);
    free(entries);
    return done && write_last_batch(store, marks, error);
}

/* A window store's stream time comes back with its rows, as in Kafka Streams; otherwise expired windows would be seen
 * until the first record. Timestamps of plain rows may be anything their author chose, so they do not move it. */
static void observe_restored(struct store *store, const struct store_row *rows, size_t count)
{
    if (store->spec->kind != STORE_WINDOW)
        return;
    for (size_t i = 0; i < count; i++)
        if (rows[i].value.data)
            store_observe_time(store, rows[i].timestamp_ms);
}

bool store_restore(struct store *store, const struct store_row *rows, size_t count, int64_t next_position,
                   struct weir_error *error)
{
    assert(store->overlay.count == 0);
    observe_restored(store, rows, count);
    struct rocks_marks marks = {next_position, store->observed_ms};
    if (!store->family) {
        committed_write(&store->committed, rows, count, marks);
        store_forget_below(store);
        return true;
    }
    if (!restore_durable(store, rows, count, marks, error))
        return false;
    /* Committed rows that were never applied come again: the restore goes on from the applied position. */
    committed_replaced(&store->committed, marks);
    rocks_family_expire(store->family, store->expiry, marks.stream_time_ms);
    store_forget_below(store);
    return true;
}

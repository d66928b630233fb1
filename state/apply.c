/* apply.c: writing committed rows to RocksDB. See store.h.
 *
 * Rows go in sorted: many as a file with their marks (position, times), few in batches that are atomic each, of which the
 * last one has the marks. A crash between two batches therefore leaves rows ahead of the position, never behind it, and
 * the replay from the position writes the same rows again: the last writer wins.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "state/store_private.h"

enum {
    BATCH_BYTES_MAX = 1 << 20,
    FETCHED_AHEAD = 8,
    EVICTED_FILE_BYTES_MIN = 2 << 20,
    EVICTED_WINDOWS_BYTES_MIN = 1 << 20,
    GATHERED_AT_ONCE = 64,  /* rows, under one lock */
    DEPARTED_PARTS = 8,     /* of the rows that leave, for what is remembered of all that have left */
    WRITTEN_DOWN_PARTS = 2, /* where that spares RocksDB, it is worth more than the rows */
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
bool store_row_to_write(const struct store *store, const struct store_row *row, int64_t stream_time_ms,
                        struct store_row *out)
{
    *out = *row;
    if (!store_has_expired(store, row, stream_time_ms))
        return true;
    out->value = (weir_bytes){0};
    return store->expiry.retention_ms == 0;
}

static bool write_row(struct store *store, const struct store_row *row, int64_t stream_time_ms,
                      struct weir_error *error)
{
    struct store_row out;
    if (!store_row_to_write(store, row, stream_time_ms, &out))
        return true;
    rocks_batch_row(store->family, &out);
    return write_full_batch(store, error);
}

/* Sorted rows lie anywhere in memory, so those to come are asked for early. */
static struct store_row row_at(struct store_rows rows, size_t i)
{
    if (i + FETCHED_AHEAD < rows.count)
        __builtin_prefetch(rows.items[i + FETCHED_AHEAD]);
    return rows.row_of(rows.items[i]);
}

static bool write_batches(struct store *store, struct store_rows rows, struct rocks_marks marks,
                          struct weir_error *error)
{
    bool done = true;
    for (size_t i = 0; done && i < rows.count; i++) {
        struct store_row row = row_at(rows, i);
        done = write_row(store, &row, marks.stream_time_ms, error);
    }
    return done && write_last_batch(store, marks, error);
}

static bool write_bulk(struct store *store, struct store_rows rows, struct rocks_marks marks, struct weir_error *error)
{
    struct rocks_bulk *bulk = rocks_bulk_open(store->family, marks);
    for (size_t i = 0; i < rows.count; i++) {
        struct store_row row = row_at(rows, i), out;
        if (store_row_to_write(store, &row, marks.stream_time_ms, &out))
            rocks_bulk_row(bulk, &out);
    }
    if (!rocks_bulk_close(bulk, error))
        return false;
    store->applied = marks;
    return true;
}

bool store_write_rows(struct store *store, struct store_rows rows, bool in_bulk, struct rocks_marks marks,
                      struct weir_error *error)
{
    if (rows.count > 0)
        store_tell_durable(store, rows.row_of(rows.items[rows.count - 1]).key);
    return in_bulk ? write_bulk(store, rows, marks, error) : write_batches(store, rows, marks, error);
}

/* ---- committed rows ---- */

static bool is_full(struct store *store)
{
    const struct database_limits *limits = &store->database->limits;
    bool leaves_early = store_leaves_early(store->spec);
    return committed_bytes(&store->committed) >
           (leaves_early ? limits->windows_bytes_max : limits->committed_bytes_max);
}

bool store_apply_due(struct store *store, int64_t now_us)
{
    const struct committed *committed = &store->committed;
    const struct database_limits *limits = &store->database->limits;
    if (!store->family || store->leaving.bulk)
        return false;
    if (is_full(store))
        return true;
    bool is_behind = committed->dirty > 0 || committed->marks.position != store->applied.position;
    return is_behind && now_us - store->applied_us >= limits->apply_interval_ms * 1000;
}

static struct store_row row_of(const void *item)
{
    const struct table_row *row = item;
    return table_row_at(row, &row->last);
}

/* Many rows would be flushed as a file anyway; they are cheaper written as one at once. But a memtable is synced to the
 * disk behind the task's back, and for a file it waits, so a small one is not worth it. An eviction comes seldom, and what
 * it writes may be looked for soon: there a memtable costs twice, when it is filled and when it is searched (a join
 * of streams with 256 MiB: 5.5 CPU-s per million instead of 6.9). Of others, files so small would be merged too often. */
static bool are_a_file(struct store *store, size_t rows, bool evict)
{
    size_t least = store->database->limits.file_bytes_min,
           evicted = store_leaves_early(store->spec) ? EVICTED_WINDOWS_BYTES_MIN : EVICTED_FILE_BYTES_MIN;
    if (evict && least > evicted)
        least = evicted;
    return rows > 0 && committed_row_bytes(&store->committed) * rows >= least;
}

static bool write_dirty(struct store *store, struct weir_error *error)
{
    size_t count;
    struct table_row **rows = table_dirty(&store->committed.rows->table, &count);
    table_sort(rows, count);
    bool done = store_write_rows(store, (struct store_rows){(void **)rows, count, row_of}, false,
                                 store->committed.marks, error);
    free(rows);
    return done;
}

static bool is_applied(const struct store *store)
{
    const struct rocks_marks *marks = &store->committed.marks;
    return store->committed.dirty == 0 && marks->position == store->applied.position &&
           marks->stream_time_ms == store->applied.stream_time_ms;
}

/* RocksDB alone will hold what was committed so far. */
static void note_departure(struct store *store)
{
    const struct table *table = &store->committed.rows->table;
    struct departed *departed = &store->departed;
    int64_t stream_time_ms = store->committed.marks.stream_time_ms, retention_ms = store->expiry.retention_ms;
    bool is_written_down = scratch_is_open(&departed->rows);
    if (retention_ms <= 0)
        return;
    if (stream_time_ms != EXPIRY_NO_TIME && stream_time_ms > retention_ms)
        departed_forget(departed, stream_time_ms - retention_ms);
    if (is_written_down && !store->is_read_seldom)
        rocks_family_read_seldom(store->family);
    store->is_read_seldom = is_written_down;
    departed_add(departed, table, store->committed_times.written_ms,
                 table_bytes(table) / (is_written_down ? WRITTEN_DOWN_PARTS : DEPARTED_PARTS));
}

size_t store_evictable_bytes(struct store *store)
{
    bool has_rows = store->family && store->committed.rows->table.count > 0;
    return has_rows ? committed_bytes(&store->committed) + store->departed.bytes : 0;
}

/* ---- beside the task ---- */

/* On a thread of its own, while the task goes on. */
static void gather_leaving(void *self, struct rocks_bulk *bulk)
{
    struct store *store = self;
    const struct leaving *leaving = &store->leaving;
    struct store_row rows[GATHERED_AT_ONCE], out;
    weir_arena arena;
    arena_init(&arena);
    table_sort(leaving->rows, leaving->count);
    for (size_t at = 0, count; at < leaving->count; at += count) {
        size_t left = leaving->count - at;
        count = left < GATHERED_AT_ONCE ? left : GATHERED_AT_ONCE;
        committed_leaving_read(&store->committed, leaving->rows + at, count, &arena, rows);
        for (size_t i = 0; i < count; i++)
            if (store_row_to_write(store, &rows[i], leaving->marks.stream_time_ms, &out))
                rocks_bulk_row(bulk, &out);
        arena_clear(&arena);
    }
    arena_done(&arena);
}

/* Rows stay in memory, so that nobody looks for them in the file. */
static void begin_leaving(struct store *store, bool evict, int64_t now_us)
{
    store->leaving.evict = evict;
    store->applied_us = now_us;
    store->leaving.marks = store->committed.marks;
    store->leaving.rows = committed_leaving(&store->committed, &store->leaving.count);
    store->leaving.bulk = rocks_bulk_open(store->family, store->leaving.marks);
    rocks_bulk_finish(store->leaving.bulk, gather_leaving, store);
}

bool store_settle(struct store *store, struct weir_error *error)
{
    struct leaving *leaving = &store->leaving;
    if (!leaving->bulk)
        return true;
    bool arrived = rocks_bulk_close(leaving->bulk, error);
    leaving->bulk = NULL;
    if (leaving->count > 0)
        store_tell_durable(store, table_key(leaving->rows[leaving->count - 1]));
    if (arrived)
        store->applied = leaving->marks;
    if (arrived && leaving->evict)
        note_departure(store);
    committed_left(&store->committed, arrived ? NULL : leaving->rows, leaving->count, leaving->evict);
    free(leaving->rows);
    leaving->rows = NULL;
    store_forget_below(store);
    return arrived;
}

static bool apply(struct store *store, bool evict, int64_t now_us, struct weir_error *error)
{
    if (!store->family)
        return true;
    if (!store_settle(store, error))
        return false;
    if (are_a_file(store, store->committed.dirty, evict)) {
        begin_leaving(store, evict, now_us);
        return store_settle(store, error);
    }
    if (!is_applied(store) && !write_dirty(store, error))
        return false;
    store->applied_us = now_us;
    if (evict)
        note_departure(store);
    committed_applied(&store->committed, evict);
    store_forget_below(store);
    return true;
}

bool store_apply_go_on(struct store *store, struct weir_error *error)
{
    return !store->leaving.bulk || !rocks_bulk_is_finished(store->leaving.bulk) || store_settle(store, error);
}

bool store_apply_aside(struct store *store, int64_t now_us, struct weir_error *error)
{
    if (store->leaving.bulk)
        return true;
    if (store->family && is_full(store))
        return store_evict_aside(store, now_us, error);
    if (!store->family || !are_a_file(store, store->committed.dirty, false))
        return store_apply(store, now_us, error);
    begin_leaving(store, false, now_us);
    return true;
}

bool store_evict_aside(struct store *store, int64_t now_us, struct weir_error *error)
{
    if (store->leaving.bulk)
        return true;
    if (!store->family || !are_a_file(store, store->committed.dirty, true))
        return store_evict(store, now_us, error);
    begin_leaving(store, true, now_us);
    return true;
}

bool store_apply(struct store *store, int64_t now_us, struct weir_error *error)
{
    return apply(store, is_full(store), now_us, error);
}

bool store_evict(struct store *store, int64_t now_us, struct weir_error *error)
{
    bool leave_already = store->leaving.bulk && store->leaving.evict;
    return leave_already ? store_settle(store, error) : apply(store, true, now_us, error);
}

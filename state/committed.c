/* committed.c: see committed.h.
 *
 * Locks: `lock` is taken for writing by the task only while a publish or the end of an apply changes rows, and by
 * whoever builds the ordered index first; for reading by views. walks_lock is taken last and for a few instructions.
 * Invariant: a walk at commit c finds, for every key, either its version of c here or nothing newer in its RocksDB
 * iterator: both are taken under one read lock, versions it needs are kept (table_write_commit), and an eviction
 * replaces the table and leaves the old one to the walks that use it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/committed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

enum {
    PREFETCH_AHEAD = 8,
    SWEEP_MIN = 64,        /* rows looked at per publish, beside two for each row written */
    CHUNK_ROWS_FIRST = 16, /* a page of a query is small; a long walk works up to full chunks */
    CHUNK_BYTES_MAX = 1 << 18,
    CHUNK_VISITS_MAX = 2048, /* rows looked at under one read lock */
};

static struct committed_rows *rows_new(bool is_ordered, size_t tail_bytes)
{
    struct committed_rows *rows = memory_new(sizeof *rows);
    table_init(&rows->table);
    table_group(&rows->table, tail_bytes);
    rows->table.is_ordered = is_ordered;
    rows->users = 1;
    return rows;
}

/* Under the reader-preferring default a crowd of views would keep the task from publishing. */
static void lock_init(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

void committed_init(struct committed *committed, struct rocks_family *family, struct expiry expiry,
                    struct rocks_marks marks)
{
    memset(committed, 0, sizeof *committed);
    lock_init(&committed->lock);
    pthread_mutex_init(&committed->walks_lock, NULL);
    committed->rows = rows_new(false, expiry.time_at);
    committed->family = family;
    committed->expiry = expiry;
    committed->marks = marks;
    committed->commit = 1;
}

/* Rows change under both locks. */
static void begin_change(struct committed *committed)
{
    if (committed->guard)
        pthread_rwlock_wrlock(committed->guard);
    pthread_rwlock_wrlock(&committed->lock);
}

static void end_change(struct committed *committed)
{
    pthread_rwlock_unlock(&committed->lock);
    if (committed->guard)
        pthread_rwlock_unlock(committed->guard);
}

static void give_up(struct committed *committed, struct committed_rows *rows)
{
    pthread_mutex_lock(&committed->walks_lock);
    bool is_last = --rows->users == 0;
    pthread_mutex_unlock(&committed->walks_lock);
    if (!is_last)
        return;
    table_done(&rows->table);
    free(rows);
}

void committed_done(struct committed *committed)
{
    assert(!committed->walks);
    give_up(committed, committed->rows);
    pthread_rwlock_destroy(&committed->lock);
    pthread_mutex_destroy(&committed->walks_lock);
}

/* ---- writing ---- */

static void add_walk(struct table_walks *walks, uint64_t commit)
{
    walks->is_open = true;
    if (commit < walks->oldest)
        walks->oldest = commit;
    if (commit > walks->newest)
        walks->newest = commit;
}

/* Walks can close meanwhile but not open, since that needs the read lock: the answer errs on the side of keeping. Rows that
 * leave are as good as a walk. */
static struct table_walks open_walks(struct committed *committed)
{
    struct table_walks walks = {false, UINT64_MAX, 0};
    pthread_mutex_lock(&committed->walks_lock);
    for (const struct committed_walk *walk = committed->walks; walk; walk = walk->next_open)
        add_walk(&walks, walk->commit);
    pthread_mutex_unlock(&committed->walks_lock);
    if (committed->leaving_commit)
        add_walk(&walks, committed->leaving_commit);
    return walks;
}

static bool is_fresh(const struct table_row *row)
{
    return row->is_new && row->last.value;
}

static void write_row(struct committed *committed, struct table_row *row, const struct store_row *from,
                      struct table_walks walks)
{
    committed->fresh -= is_fresh(row);
    table_write_commit(&committed->rows->table, row, from, committed->commit, walks);
    committed->fresh += is_fresh(row);
    if (!row->is_dirty && committed->family) {
        row->is_dirty = true;
        committed->dirty++;
    }
}

static void merge(struct committed *committed, const struct table_row *from, bool below_known, struct table_walks walks)
{
    struct table *table = &committed->rows->table;
    struct store_row row = table_row_at(from, &from->last);
    struct table_row *into = below_known ? from->last.below : NULL;
    if (!into) {
        uint64_t hash = table_hash(table, row.key);
        into = table_find(table, row.key, hash);
        if (table->wants_order)
            table_make_ordered(table);
        if (!into) {
            into = table_insert(table, row.key, hash, row.value.size);
            into->is_new = from->is_new;
        }
    }
    write_row(committed, into, &row, walks);
}

static bool is_dead(const struct committed *committed, const struct table_row *row)
{
    return !row->last.value || expiry_has_expired(committed->expiry, table_key(row), row->last.timestamp_ms,
                                                  committed->marks.stream_time_ms);
}

/* Removes deleted and expired rows, a few per publish: the work is bounded by the work of the commit. */
static void sweep(struct committed *committed, size_t visits)
{
    struct table *table = &committed->rows->table;
    for (; visits > 0 && table->count > 0; visits--) {
        if (committed->swept >= table->count)
            committed->swept = 0;
        struct table_row *row = table->rows[committed->swept];
        if (is_dead(committed, row)) {
            committed->fresh -= is_fresh(row);
            table_remove(table, row);
        } else {
            committed->swept++;
        }
    }
}

static void end_write(struct committed *committed, size_t written, struct rocks_marks marks, struct table_walks walks)
{
    committed->marks = marks;
    table_move_on(&committed->rows->table);
    if (walks.is_open)
        return;
    table_forget_versions(&committed->rows->table);
    if (!committed->family)
        sweep(committed, written * 2 + SWEEP_MIN);
}

/* Rows are visited in order of insertion, so the memory of those to come can be asked for early. */
static void prefetch(const struct committed *committed, const struct table *overlay, size_t i)
{
    if (i + PREFETCH_AHEAD >= overlay->count)
        return;
    const struct table_row *row = overlay->rows[i + PREFETCH_AHEAD];
    if (row->last.below)
        table_fetch(row->last.below);
    else
        table_fetch_slot(&committed->rows->table, table_hash(&committed->rows->table, table_key(row)));
}

void committed_publish(struct committed *committed, const struct table *overlay, bool below_known,
                       struct rocks_marks marks)
{
    begin_change(committed);
    committed->commit++;
    struct table_walks walks = open_walks(committed);
    for (size_t i = 0; i < overlay->count; i++) {
        prefetch(committed, overlay, i);
        merge(committed, overlay->rows[i], below_known, walks);
    }
    end_write(committed, overlay->count, marks, walks);
    end_change(committed);
}

void committed_write(struct committed *committed, const struct store_row *rows, size_t count, struct rocks_marks marks)
{
    assert(!committed->family);
    begin_change(committed);
    committed->commit++;
    struct table_walks walks = open_walks(committed);
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = table_hash(&committed->rows->table, rows[i].key);
        struct table_row *row = table_find(&committed->rows->table, rows[i].key, hash);
        if (!row) {
            row = table_insert(&committed->rows->table, rows[i].key, hash, rows[i].value.size);
            row->is_new = true;
        }
        write_row(committed, row, &rows[i], walks);
    }
    end_write(committed, count, marks, walks);
    end_change(committed);
}

static struct committed_rows *replace_rows(struct committed *committed)
{
    struct committed_rows *old = committed->rows;
    assert(!committed->leaving_commit);
    committed->rows = rows_new(table_keeps_order(&old->table), old->table.tail_bytes);
    committed->dirty = 0;
    committed->fresh = 0;
    committed->swept = 0;
    return old;
}

/* Rows that RocksDB does not have yet go on in the table that follows. */
static void keep_dirty(struct committed *committed, const struct table *from)
{
    static const struct table_walks none = {.oldest = UINT64_MAX};
    struct table *table = &committed->rows->table;
    for (size_t i = 0; i < from->count; i++) {
        const struct table_row *row = from->rows[i];
        if (!row->is_dirty)
            continue;
        struct store_row kept = table_row_at(row, &row->last);
        struct table_row *into = table_insert(table, kept.key, table_hash(table, kept.key), kept.value.size);
        into->is_new = row->is_new;
        table_write_commit(table, into, &kept, row->last.commit, none);
        into->is_dirty = true;
        committed->dirty++;
        committed->fresh += is_fresh(into);
    }
}

static void mark_clean(struct committed *committed)
{
    struct table *table = &committed->rows->table;
    for (size_t i = 0; i < table->count; i++)
        table->rows[i]->is_dirty = table->rows[i]->is_new = false;
    committed->dirty = 0;
    committed->fresh = 0;
}

static void mark_dirty(struct committed *committed, struct table_row *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        committed->dirty += !rows[i]->is_dirty;
        rows[i]->is_dirty = true;
    }
}

void committed_applied(struct committed *committed, bool evict)
{
    struct committed_rows *old = NULL;
    begin_change(committed);
    if (evict)
        old = replace_rows(committed);
    else
        mark_clean(committed);
    end_change(committed);
    if (old) /* Outside of the lock: freeing many rows takes a while. */
        give_up(committed, old);
}

struct table_row **committed_leaving(struct committed *committed, size_t *count)
{
    begin_change(committed);
    struct table_row **rows = table_dirty(&committed->rows->table, count);
    committed->leaving = committed->fresh;
    committed->leaving_commit = committed->commit;
    mark_clean(committed);
    end_change(committed);
    return rows;
}

void committed_leaving_read(struct committed *committed, struct table_row *const *rows, size_t count, weir_arena *arena,
                            struct store_row *out)
{
    pthread_rwlock_rdlock(&committed->lock);
    for (size_t i = 0; i < count; i++) {
        const struct table_version *version = table_version_at(rows[i], committed->leaving_commit);
        assert(version); /* kept for them */
        out[i] = table_row_at(rows[i], version);
        if (out[i].value.data)
            out[i].value = arena_bytes(arena, out[i].value);
    }
    pthread_rwlock_unlock(&committed->lock);
}

void committed_left(struct committed *committed, struct table_row *const *lost, size_t lost_count, bool evict)
{
    struct committed_rows *old = NULL;
    begin_change(committed);
    committed->leaving_commit = 0;
    if (lost) {
        mark_dirty(committed, lost, lost_count);
        committed->fresh += committed->leaving;
    } else if (evict) {
        old = replace_rows(committed);
        keep_dirty(committed, &old->table);
    }
    committed->leaving = 0;
    end_change(committed);
    if (old)
        give_up(committed, old);
}

void committed_replaced(struct committed *committed, struct rocks_marks marks)
{
    begin_change(committed);
    committed->commit++;
    committed->marks = marks;
    struct committed_rows *old = committed->rows->table.count > 0 ? replace_rows(committed) : NULL;
    end_change(committed);
    if (old)
        give_up(committed, old);
}

/* ---- reading ---- */

bool committed_get(struct committed *committed, weir_bytes key, weir_arena *arena, struct store_row *out,
                   int64_t *stream_time_ms)
{
    pthread_rwlock_rdlock(&committed->lock);
    struct table *table = &committed->rows->table;
    *stream_time_ms = committed->marks.stream_time_ms;
    const struct table_row *row = table_find(table, key, table_hash(table, key));
    bool wants_order = table->wants_order;
    if (row) {
        *out = table_row_at(row, &row->last);
        out->key = arena_bytes(arena, out->key);
        if (out->value.data)
            out->value = arena_bytes(arena, out->value);
    }
    pthread_rwlock_unlock(&committed->lock);
    if (wants_order)
        committed_ordered(committed);
    return row != NULL;
}

size_t committed_bytes(struct committed *committed)
{
    pthread_rwlock_rdlock(&committed->lock);
    size_t bytes = table_bytes(&committed->rows->table);
    pthread_rwlock_unlock(&committed->lock);
    return bytes;
}

size_t committed_row_bytes(struct committed *committed)
{
    pthread_rwlock_rdlock(&committed->lock);
    const struct table *table = &committed->rows->table;
    size_t bytes = table->count > 0 ? table->slab.used / table->count : 0;
    pthread_rwlock_unlock(&committed->lock);
    return bytes;
}

int64_t committed_fresh(struct committed *committed)
{
    pthread_rwlock_rdlock(&committed->lock);
    int64_t fresh = committed->fresh + committed->leaving;
    pthread_rwlock_unlock(&committed->lock);
    return fresh;
}

/* Read lock held on return, and the index there. Tables that follow inherit one that was used. */
static void lock_ordered(struct committed *committed)
{
    pthread_rwlock_rdlock(&committed->lock);
    while (!committed->rows->table.is_ordered) {
        pthread_rwlock_unlock(&committed->lock);
        pthread_rwlock_wrlock(&committed->lock);
        table_make_ordered(&committed->rows->table);
        pthread_rwlock_unlock(&committed->lock);
        pthread_rwlock_rdlock(&committed->lock);
    }
    atomic_store_explicit(&committed->rows->table.is_order_used, true, memory_order_relaxed);
}

const struct table *committed_ordered(struct committed *committed)
{
    lock_ordered(committed);
    pthread_rwlock_unlock(&committed->lock);
    return &committed->rows->table;
}

/* ---- walks ---- */

static void enlist(struct committed *committed, struct committed_walk *walk)
{
    pthread_mutex_lock(&committed->walks_lock);
    walk->rows->users++;
    walk->next_open = committed->walks;
    if (committed->walks)
        committed->walks->previous_open = walk;
    committed->walks = walk;
    pthread_mutex_unlock(&committed->walks_lock);
}

static void strike_off(struct committed *committed, struct committed_walk *walk)
{
    pthread_mutex_lock(&committed->walks_lock);
    if (walk->previous_open)
        walk->previous_open->next_open = walk->next_open;
    else
        committed->walks = walk->next_open;
    if (walk->next_open)
        walk->next_open->previous_open = walk->previous_open;
    pthread_mutex_unlock(&committed->walks_lock);
}

static void begin_walk(struct committed *committed, struct committed_walk *walk, weir_bytes from, weir_bytes to,
                       bool descending)
{
    memset(walk, 0, sizeof *walk);
    walk->committed = committed;
    walk->from = from;
    walk->to = to;
    walk->descending = descending;
    walk->want = CHUNK_ROWS_FIRST;
    arena_init(&walk->arena);
}

/* Under the read lock: from here on the walk keeps what it sees. */
static void see_now(struct committed *committed, struct committed_walk *walk)
{
    walk->rows = committed->rows;
    walk->commit = committed->commit;
    walk->stream_time_ms = committed->marks.stream_time_ms;
    enlist(committed, walk);
}

static bool has_durable_rows(const struct committed *committed)
{
    return committed->family && !rocks_family_is_empty(committed->family);
}

void committed_walk_open(struct committed *committed, struct committed_walk *walk, weir_bytes from, weir_bytes to,
                         bool descending)
{
    begin_walk(committed, walk, from, to, descending);
    lock_ordered(committed);
    see_now(committed, walk);
    if (has_durable_rows(committed))
        walk->durable = rocks_walk_open(committed->family);
    pthread_rwlock_unlock(&committed->lock);
    if (walk->durable)
        rocks_walk_seek(walk->durable, from, to, descending);
}

void committed_snapshot_open(struct committed *committed, struct committed_snapshot *snapshot)
{
    begin_walk(committed, &snapshot->at, (weir_bytes){0}, (weir_bytes){0}, false);
    lock_ordered(committed);
    see_now(committed, &snapshot->at);
    snapshot->durable = has_durable_rows(committed) ? rocks_snapshot_open(committed->family) : NULL;
    pthread_rwlock_unlock(&committed->lock);
}

void committed_snapshot_close(struct committed_snapshot *snapshot)
{
    committed_walk_close(&snapshot->at);
    rocks_snapshot_close(snapshot->durable);
}

void committed_walk_open_at(const struct committed_snapshot *snapshot, struct committed_walk *walk, weir_bytes from,
                            weir_bytes to, bool descending)
{
    struct committed *committed = snapshot->at.committed;
    begin_walk(committed, walk, from, to, descending);
    walk->rows = snapshot->at.rows;
    walk->commit = snapshot->at.commit;
    walk->stream_time_ms = snapshot->at.stream_time_ms;
    enlist(committed, walk);
    if (!snapshot->durable)
        return;
    walk->durable = rocks_walk_open_at(snapshot->durable);
    rocks_walk_seek(walk->durable, from, to, descending);
}

static struct table_row *first_ascending(const struct committed_walk *walk)
{
    const struct order *order = &walk->rows->table.order;
    if (!walk->is_resumed)
        return walk->from.data ? order_seek(order, walk->from) : order_first(order);
    weir_bytes resume = buffer_bytes(&walk->resume);
    struct table_row *row = order_seek(order, resume);
    return row && bytes_equal(table_key(row), resume) ? order_next(row) : row;
}

static struct table_row *first_descending(const struct committed_walk *walk)
{
    const struct order *order = &walk->rows->table.order;
    if (walk->is_resumed)
        return order_before(order, buffer_bytes(&walk->resume));
    return walk->to.data ? order_before(order, walk->to) : order_last(order);
}

static bool is_inside(const struct committed_walk *walk, weir_bytes key)
{
    if (walk->descending)
        return !walk->from.data || bytes_compare(key, walk->from) >= 0;
    return !walk->to.data || bytes_compare(key, walk->to) < 0;
}

static void copy_row(struct committed_walk *walk, const struct table_row *row)
{
    const struct table_version *version = table_version_at(row, walk->commit);
    if (!version)
        return;
    struct store_row *copy = &walk->chunk[walk->count++];
    *copy = table_row_at(row, version);
    walk->bytes += copy->key.size + copy->value.size;
    copy->key = arena_bytes(&walk->arena, copy->key);
    if (copy->value.data)
        copy->value = arena_bytes(&walk->arena, copy->value);
}

static void remember(struct committed_walk *walk, const struct table_row *row)
{
    buffer_clear(&walk->resume);
    buffer_append(&walk->resume, row->key, row->key_size);
    walk->is_resumed = true;
}

/* Under the read lock. */
static void fill_chunk(struct committed_walk *walk)
{
    struct table_row *row = walk->descending ? first_descending(walk) : first_ascending(walk);
    struct table_row *last = NULL;
    for (size_t visits = 0; row && is_inside(walk, table_key(row)); visits++) {
        bool is_full = walk->count == walk->want || visits == CHUNK_VISITS_MAX || walk->bytes > CHUNK_BYTES_MAX;
        if (last && is_full) { /* every chunk takes at least one step */
            remember(walk, last);
            return;
        }
        copy_row(walk, row);
        last = row;
        row = walk->descending ? order_previous(row) : order_next(row);
    }
    walk->is_done = true;
}

static void next_chunk(struct committed_walk *walk)
{
    arena_clear(&walk->arena);
    walk->next = walk->count = walk->bytes = 0;
    pthread_rwlock_rdlock(&walk->committed->lock);
    fill_chunk(walk);
    pthread_rwlock_unlock(&walk->committed->lock);
    walk->want = walk->want * 2 < COMMITTED_CHUNK_ROWS ? walk->want * 2 : COMMITTED_CHUNK_ROWS;
}

bool committed_walk_next(struct committed_walk *walk, struct store_row *out)
{
    while (walk->next == walk->count) {
        if (walk->is_done)
            return false;
        next_chunk(walk);
    }
    *out = walk->chunk[walk->next++];
    return true;
}

void committed_walk_close(struct committed_walk *walk)
{
    rocks_walk_close(walk->durable);
    strike_off(walk->committed, walk);
    give_up(walk->committed, walk->rows);
    buffer_done(&walk->resume);
    arena_done(&walk->arena);
}

/* cursor.c: walks over a store: up to three ordered sources become one. See store.h.
 *
 * Sources are ranked newest first. Of the heads with the smallest key (the largest, descending) the newest is the row;
 * all heads of that key are stepped over. Sources are stepped at the start of the next call, so that a row stays valid
 * until then.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "state/keys.h"
#include "state/store_private.h"

enum { SOURCES_MAX = 3 };

struct source {
    bool (*step)(struct store_cursor *, struct source *, struct weir_error *); /* false: at the end, or an error */
    const struct table *table;                                                 /* the task's: overlay or committed */
    struct table_row *row;
    struct store_row head;
    bool has_head, is_stale, is_started;
};

struct store_cursor {
    struct store *store;
    weir_bytes from, to;
    bool descending, is_failed;
    int64_t stream_time_ms;
    struct committed_walk *view; /* of a view; NULL: the task's own walk */
    struct rocks_walk *durable;  /* of the task; NULL: nothing there */
    struct source sources[SOURCES_MAX];
    size_t count;
    struct departed_rows departed; /* of the task: rows of one group that have left memory */
    size_t next_departed;
    struct buffer range; /* memory of from and to */
    bool is_grouped;     /* the task's tables are walked along the list of one group */
};

/* ---- sources ---- */

static struct table_row *first_row(const struct store_cursor *cursor, const struct table *table)
{
    const struct order *order = &table->order;
    if (cursor->descending)
        return cursor->to.data ? order_before(order, cursor->to) : order_last(order);
    return cursor->from.data ? order_seek(order, cursor->from) : order_first(order);
}

static bool is_inside(const struct store_cursor *cursor, weir_bytes key)
{
    if (cursor->descending)
        return !cursor->from.data || bytes_compare(key, cursor->from) >= 0;
    return !cursor->to.data || bytes_compare(key, cursor->to) < 0;
}

static struct table_row *next_row(const struct store_cursor *cursor, struct table_row *row)
{
    if (!cursor->is_grouped)
        return cursor->descending ? order_previous(row) : order_next(row);
    return cursor->descending ? table_links(row)->older : table_links(row)->newer;
}

static bool step_table(struct store_cursor *cursor, struct source *source, struct weir_error *error)
{
    (void)error;
    if (source->is_started)
        source->row = next_row(cursor, source->row);
    else if (!cursor->is_grouped)
        source->row = first_row(cursor, source->table);
    source->is_started = true;
    if (!source->row || !is_inside(cursor, table_key(source->row)))
        return false;
    source->head = table_row_at(source->row, &source->row->last);
    return true;
}

static bool step_view(struct store_cursor *cursor, struct source *source, struct weir_error *error)
{
    (void)error;
    return committed_walk_next(cursor->view, &source->head);
}

static bool step_durable(struct store_cursor *cursor, struct source *source, struct weir_error *error)
{
    return rocks_walk_next(cursor->view ? cursor->view->durable : cursor->durable, &source->head, error);
}

static bool step_departed(struct store_cursor *cursor, struct source *source, struct weir_error *error)
{
    (void)error;
    if (cursor->next_departed == cursor->departed.count)
        return false;
    source->head = cursor->departed.items[cursor->next_departed++];
    return true;
}

static void add_source(struct store_cursor *cursor,
                       bool (*step)(struct store_cursor *, struct source *, struct weir_error *),
                       const struct table *table)
{
    cursor->sources[cursor->count++] = (struct source){.step = step, .table = table, .is_stale = true};
}

/* ---- opening and closing ---- */

static void set_range(struct store_cursor *cursor, weir_bytes from, weir_bytes to)
{
    buffer_clear(&cursor->range);
    buffer_reserve(&cursor->range, from.size + to.size + 1);
    buffer_append(&cursor->range, from.data, from.size);
    buffer_append(&cursor->range, to.data, to.size);
    cursor->from = cursor->to = (weir_bytes){0};
    if (from.data)
        cursor->from = (weir_bytes){cursor->range.data, from.size};
    if (to.data)
        cursor->to = (weir_bytes){cursor->range.data + from.size, to.size};
}

static void begin(struct store_cursor *cursor, weir_bytes from, weir_bytes to, bool descending)
{
    set_range(cursor, from, to);
    cursor->descending = descending;
    cursor->is_failed = cursor->is_grouped = false;
    cursor->count = 0;
}

static struct store_cursor *cursor_new(struct store *store)
{
    struct store_cursor *cursor = memory_new(sizeof *cursor);
    cursor->store = store;
    return cursor;
}

void store_cursor_free(struct store_cursor *cursor)
{
    if (!cursor)
        return;
    buffer_done(&cursor->range);
    departed_rows_done(&cursor->departed);
    free(cursor->view);
    free(cursor);
}

static void seek_durable(struct store_cursor *cursor)
{
    struct store *store = cursor->store;
    if (!store->family || rocks_family_is_empty(store->family))
        return;
    cursor->durable = store->idle_walk ? store->idle_walk : rocks_walk_open(store->family);
    store->idle_walk = NULL;
    rocks_walk_seek(cursor->durable, cursor->from, cursor->to, cursor->descending);
    add_source(cursor, step_durable, NULL);
}

/* A task walks again and again, so it keeps a cursor. */
static struct store_cursor *take_idle(struct store *store)
{
    struct store_cursor *cursor = store->idle_cursor;
    store->idle_cursor = NULL;
    return cursor ? cursor : cursor_new(store);
}

/* Its size, where both ends lie in one group of the tables; else 0. */
static size_t group_size(const struct store_cursor *cursor)
{
    size_t tail = cursor->store->expiry.time_at;
    if (tail == 0 || cursor->from.size <= tail || cursor->to.size < cursor->from.size)
        return 0;
    weir_bytes group = {cursor->from.data, cursor->from.size - tail};
    return keys_is_window_prefix(group) && memcmp(cursor->to.data, group.data, group.size) == 0 ? group.size : 0;
}

static void add_table(struct store_cursor *cursor, const struct table *table, struct table_row *row)
{
    if (table->count == 0 || (cursor->is_grouped && !row))
        return;
    add_source(cursor, step_table, table);
    cursor->sources[cursor->count - 1].row = row;
}

static void add_groups(struct store_cursor *cursor, size_t size)
{
    struct store *store = cursor->store;
    weir_bytes bound = cursor->descending ? cursor->to : cursor->from;
    struct table *committed = &store->committed.rows->table;
    cursor->is_grouped = true;
    add_table(cursor, &store->overlay, table_group_seek(&store->overlay, bound, size, cursor->descending));
    add_table(cursor, committed, table_group_seek(committed, bound, size, cursor->descending));
    store_order_if_wanted(store);
}

static void add_ordered(struct store_cursor *cursor)
{
    struct store *store = cursor->store;
    table_make_ordered(&store->overlay);
    add_table(cursor, &store->overlay, NULL);
    add_table(cursor, committed_ordered(&store->committed), NULL);
}

/* Of a group that has left memory the rows may be at hand. */
static void seek_departed(struct store_cursor *cursor)
{
    const struct store *store = cursor->store;
    int64_t time_ms = expiry_key_time(store->expiry, cursor->from);
    uint64_t hash = table_hash(&store->overlay, cursor->from);
    cursor->next_departed = 0;
    enum departed_answer answer =
        time_ms == EXPIRY_NO_TIME
            ? DEPARTED_UNKNOWN
            : departed_find(&store->departed, hash, time_ms, cursor->from, cursor->to, &cursor->departed);
    if (answer == DEPARTED_FOUND)
        add_source(cursor, step_departed, NULL);
    else if (answer == DEPARTED_UNKNOWN)
        seek_durable(cursor);
}

struct store_cursor *store_scan(struct store *store, weir_bytes from, weir_bytes to, bool descending,
                                struct weir_error *error)
{
    (void)error;
    struct store_cursor *cursor = take_idle(store);
    begin(cursor, from, to, descending);
    cursor->stream_time_ms = store->observed_ms;
    size_t size = group_size(cursor);
    if (size > 0)
        add_groups(cursor, size);
    else
        add_ordered(cursor);
    if (size > 0 && !descending)
        seek_departed(cursor);
    else if (size == 0 || store_may_be_durable(store, cursor->from))
        seek_durable(cursor);
    return cursor;
}

static struct store_cursor *view_cursor(struct store *store, weir_bytes from, weir_bytes to, bool descending)
{
    struct store_cursor *cursor = cursor_new(store);
    begin(cursor, from, to, descending);
    cursor->view = memory_new(sizeof *cursor->view);
    return cursor;
}

static struct store_cursor *view_opened(struct store_cursor *cursor)
{
    cursor->stream_time_ms = cursor->view->stream_time_ms;
    add_source(cursor, step_view, NULL);
    if (cursor->view->durable)
        add_source(cursor, step_durable, NULL);
    return cursor;
}

struct store_cursor *store_view_scan(struct store *store, weir_bytes from, weir_bytes to, bool descending,
                                     struct weir_error *error)
{
    (void)error;
    struct store_cursor *cursor = view_cursor(store, from, to, descending);
    committed_walk_open(&store->committed, cursor->view, cursor->from, cursor->to, descending);
    return view_opened(cursor);
}

/* ---- snapshots ---- */

struct store_snapshot {
    struct store *store;
    struct committed_snapshot rows;
};

struct store_snapshot *store_snapshot_open(struct store *store)
{
    struct store_snapshot *snapshot = memory_new(sizeof *snapshot);
    snapshot->store = store;
    committed_snapshot_open(&store->committed, &snapshot->rows);
    return snapshot;
}

struct store_cursor *store_snapshot_scan(struct store_snapshot *snapshot, weir_bytes from, weir_bytes to,
                                         bool descending)
{
    struct store_cursor *cursor = view_cursor(snapshot->store, from, to, descending);
    committed_walk_open_at(&snapshot->rows, cursor->view, cursor->from, cursor->to, descending);
    return view_opened(cursor);
}

void store_snapshot_close(struct store_snapshot *snapshot)
{
    if (!snapshot)
        return;
    committed_snapshot_close(&snapshot->rows);
    free(snapshot);
}

/* A walk over RocksDB costs more to open than to use, so the task keeps one. */
static void keep_walk(struct store *store, struct rocks_walk *walk)
{
    if (store->idle_walk)
        rocks_walk_close(walk);
    else
        store->idle_walk = walk;
}

static void close_task(struct store_cursor *cursor)
{
    struct store *store = cursor->store;
    if (cursor->durable && cursor->is_failed)
        rocks_walk_close(cursor->durable);
    else if (cursor->durable)
        keep_walk(store, cursor->durable);
    cursor->durable = NULL;
    if (store->idle_cursor)
        store_cursor_free(cursor);
    else
        store->idle_cursor = cursor;
}

int64_t store_cursor_time(const struct store_cursor *cursor)
{
    return cursor->stream_time_ms;
}

void store_cursor_close(struct store_cursor *cursor)
{
    if (!cursor)
        return;
    if (!cursor->view) {
        close_task(cursor);
        return;
    }
    committed_walk_close(cursor->view);
    store_cursor_free(cursor);
}

/* ---- walking ---- */

static bool step_stale(struct store_cursor *cursor, struct weir_error *error)
{
    for (size_t i = 0; i < cursor->count; i++) {
        struct source *source = &cursor->sources[i];
        struct weir_error failure = {0};
        if (!source->is_stale)
            continue;
        source->is_stale = false;
        source->has_head = source->step(cursor, source, &failure);
        if (failure.code != WEIR_OK) {
            cursor->is_failed = true;
            return error_set(error, failure.code, "%s", failure.message);
        }
    }
    return true;
}

static struct source *next_source(struct store_cursor *cursor)
{
    struct source *best = NULL;
    for (size_t i = 0; i < cursor->count; i++) {
        struct source *source = &cursor->sources[i];
        if (!source->has_head)
            continue;
        int order = best ? bytes_compare(source->head.key, best->head.key) : -1;
        if (!best || (cursor->descending ? order > 0 : order < 0))
            best = source;
    }
    return best;
}

static void mark_stale(struct store_cursor *cursor, weir_bytes key)
{
    for (size_t i = 0; i < cursor->count; i++) {
        struct source *source = &cursor->sources[i];
        source->is_stale = source->has_head && bytes_equal(source->head.key, key);
    }
}

bool store_next(struct store_cursor *cursor, struct store_row *out, struct weir_error *error)
{
    if (cursor->is_failed)
        return error_set(error, WEIR_INVALID, "store %s: a walk goes on after its failure", cursor->store->spec->name);
    while (step_stale(cursor, error)) {
        const struct source *source = next_source(cursor);
        if (!source)
            return false;
        mark_stale(cursor, source->head.key);
        if (!source->head.value.data || store_has_expired(cursor->store, &source->head, cursor->stream_time_ms))
            continue;
        *out = source->head;
        return true;
    }
    return false;
}

/* store.c: life of a store, the task's reads and writes, and the commit. See store.h.
 *
 * The hot path is a get and a put of the same key: the get remembers which committed row it met (the hint), the put
 * links its overlay row to it, and the publish follows the link instead of searching again. Links hold until the
 * committed level loses rows, which apply and restore announce with store_forget_below.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/store.h"

#include <assert.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "state/store_private.h"

enum { FETCHED_KEY_MAX = 62 };

/* ---- life ---- */

static bool read_last(struct store *store, struct weir_error *error)
{
    struct store_row row;
    struct weir_error failure = {0};
    struct rocks_walk *walk = rocks_walk_open(store->family);
    rocks_walk_seek(walk, (weir_bytes){0}, (weir_bytes){0}, true);
    if (rocks_walk_next(walk, &row, &failure))
        store_tell_durable(store, row.key);
    rocks_walk_close(walk);
    return failure.code == WEIR_OK || error_set(error, failure.code, "%s", failure.message);
}

static bool read_durable(struct store *store, struct rocks_marks *marks, struct weir_error *error)
{
    store->family = rocks_family_open(store->database->rocks, store->spec->name, error);
    return store->family && rocks_family_marks(store->family, marks, error) && read_last(store, error);
}

/* A database of a version that did not write the greatest time down yet may hold rows of any. */
static void begin_times(struct store *store, struct rocks_marks marks)
{
    bool is_known = marks.written_ms != EXPIRY_NO_TIME;
    store->times = (struct store_times){is_known ? marks.written_ms : marks.stream_time_ms, EXPIRY_NO_TIME};
    store->committed_times = store->times;
    bool may_hold_rows = store->family && !rocks_family_is_empty(store->family);
    /* rows of joins are looked for group by group, and most of them once more */
    bool keeps_rows = store->family && store->spec->kind == STORE_JOIN;
    departed_init(&store->departed, may_hold_rows && !is_known ? INT64_MAX : marks.written_ms,
                  keeps_rows ? store->database->directory : NULL);
}

struct store *store_open(struct database *database, const struct store_spec *spec, struct weir_error *error)
{
    assert(spec->name && spec->name[0]);
    struct rocks_marks marks = {-1, EXPIRY_NO_TIME, EXPIRY_NO_TIME};
    struct store *store = memory_new(sizeof *store);
    store->spec = spec;
    store->database = database;
    store->expiry = expiry_of(spec);
    if (database->rocks && !spec->in_memory && !read_durable(store, &marks, error)) {
        buffer_done(&store->durable_last);
        free(store);
        return NULL;
    }
    store->applied = marks;
    store->observed_ms = marks.stream_time_ms;
    begin_times(store, marks);
    store->below_known = true;
    table_init(&store->overlay);
    table_group(&store->overlay, store->expiry.time_at);
    run_init(&store->run);
    store->run_position = -1;
    store->restore_until_ms = INT64_MAX;
    committed_init(&store->committed, store->family, store->expiry, marks);
    if (store->family)
        rocks_family_expire(store->family, store->expiry, marks.stream_time_ms);
    database->stores++;
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    struct weir_error ignored = {0}; /* what did not arrive comes again from the changelog */
    store_settle(store, &ignored);
    rocks_walk_close(store->idle_walk);
    store_cursor_free(store->idle_cursor);
    committed_done(&store->committed);
    table_done(&store->overlay);
    departed_done(&store->departed);
    run_done(&store->run);
    versions_done(&store->versions);
    buffer_done(&store->durable_last);
    store->database->stores--;
    free(store);
}

void store_share(struct store *store, pthread_rwlock_t *guard)
{
    store->committed.guard = guard;
}

const struct store_spec *store_spec(const struct store *store)
{
    return store->spec;
}

/* ---- the task's side ---- */

void store_forget_below(struct store *store)
{
    store->hint = (struct store_hint){0};
    store->below_known = store->overlay.count == 0;
    rocks_walk_close(store->idle_walk);
    store->idle_walk = NULL;
}

static bool answer(const struct store *store, const struct store_row *row, struct store_row *out)
{
    if (!row->value.data || store_has_expired(store, row, store->observed_ms))
        return false;
    *out = *row;
    return true;
}

static bool get_durable(struct store *store, weir_bytes key, weir_arena *arena, struct store_row *out,
                        struct weir_error *error)
{
    struct weir_error failure;
    struct store_row row;
    error_clear(&failure);
    if (!store->family || rocks_family_is_empty(store->family) || !store_may_be_durable(store, key) ||
        store_is_beyond(store, key)) {
        store->hint.is_absent = true;
        return false;
    }
    if (rocks_get(store->family, key, arena, &row, &failure))
        return answer(store, &row, out);
    store->hint.is_absent = failure.code == WEIR_OK;
    return failure.code != WEIR_OK && error_set(error, failure.code, "%s", failure.message);
}

void store_order_if_wanted(struct store *store)
{
    if (store->overlay.wants_order)
        table_make_ordered(&store->overlay);
    if (store->committed.rows->table.wants_order)
        committed_ordered(&store->committed);
}

bool store_get(struct store *store, weir_bytes key, weir_arena *arena, struct store_row *out, struct weir_error *error)
{
    uint64_t hash = table_hash(&store->overlay, key);
    const struct table_row *row = table_find(&store->overlay, key, hash);
    if (!row) {
        store->hint = (struct store_hint){hash, committed_find(&store->committed, key, hash), false};
        row = store->hint.row;
    }
    store_order_if_wanted(store);
    if (!row)
        return get_durable(store, key, arena, out, error);
    struct store_row found = table_row_at(row, &row->last);
    return answer(store, &found, out);
}

/* Where the rows of a key lie. All windows of a key begin with the same bytes; zero bytes in a key, which are written as
 * two, and long keys are not worth it. */
static uint64_t fetched_hash(const struct store *store, weir_bytes key)
{
    char group[FETCHED_KEY_MAX + 2] = {0};
    if (store->expiry.time_at == 0 || key.size == 0 || key.size > FETCHED_KEY_MAX)
        return hash_table(key);
    memcpy(group, key.data, key.size);
    return hash_table((weir_bytes){group, key.size + 2});
}

void store_fetch_slot(const struct store *store, weir_bytes key)
{
    uint64_t hash = fetched_hash(store, key);
    table_fetch_slot(&store->overlay, hash);
    table_fetch_slot(&store->committed.rows->table, hash);
}

void store_fetch_row(const struct store *store, weir_bytes key)
{
    uint64_t hash = fetched_hash(store, key);
    table_fetch_row(&store->overlay, hash);
    table_fetch_row(&store->committed.rows->table, hash);
}

/* Rows of plain stores are in the cache now, because their records were seen to come (store_fetch_row); at the publish they no
 * longer are. Most rows of other kinds are new. */
static struct table_row *find_below(struct store *store, weir_bytes key, uint64_t hash, bool is_met)
{
    struct table_row *hint = store->hint.row;
    if (!is_met)
        return store->expiry.time_at == 0 ? committed_find(&store->committed, key, hash) : NULL;
    return hint && bytes_equal(table_key(hint), key) ? hint : NULL;
}

static struct table_row *insert(struct store *store, weir_bytes key, uint64_t hash, size_t value_size)
{
    const struct store_hint *hint = &store->hint;
    bool is_met = hint->hash == hash;
    struct table_row *row = table_insert(&store->overlay, key, hash, value_size);
    row->last.below = find_below(store, key, hash, is_met);
    row->is_new = !store->family || (is_met && hint->is_absent) || rocks_family_is_empty(store->family);
    return row;
}

void store_write(struct store *store, weir_bytes key, weir_bytes value, int64_t timestamp_ms)
{
    uint64_t hash = table_hash(&store->overlay, key);
    struct table_row *row = table_find(&store->overlay, key, hash);
    if (!row)
        row = insert(store, key, hash, value.size);
    table_write(&store->overlay, row, value, timestamp_ms);
}

static void tell_put(struct store *store, weir_bytes key, weir_bytes value, int64_t timestamp_ms)
{
    if (store->watch.seen)
        store->watch.seen(store->watch.self, &(struct store_row){key, value, timestamp_ms});
    store_tell_written(store, key);
}

/* False: the row is not one that may go without a trace. */
static bool remove_private(struct store *store, weir_bytes key)
{
    if (store->private_rows == 0)
        return false;
    struct table_row *row = table_find(&store->overlay, key, table_hash(&store->overlay, key));
    if (!row || !row->is_private)
        return false;
    table_remove(&store->overlay, row);
    store->private_rows--;
    return true;
}

void store_put(struct store *store, weir_bytes key, weir_bytes value, int64_t timestamp_ms)
{
    tell_put(store, key, value, timestamp_ms);
    if (value.data || !remove_private(store, key))
        store_write(store, key, value, timestamp_ms);
}

void store_put_new(struct store *store, weir_bytes key, weir_bytes value, int64_t timestamp_ms)
{
    tell_put(store, key, value, timestamp_ms);
    size_t rows = store->overlay.count;
    store_write(store, key, value, timestamp_ms);
    if (!value.data || store->overlay.count == rows) /* what another process left of the key must still be undone */
        return;
    store->overlay.rows[rows]->is_private = true;
    store->private_rows++;
}

void store_put_again(struct store *store, const struct store_row *row)
{
    store_write(store, row->key, row->value, row->timestamp_ms);
    store_tell_written(store, row->key);
}

void store_watch_puts(struct store *store, store_put_seen *seen, void *self)
{
    store->watch = (struct store_watch){seen, self};
}

void store_put_absent(struct store *store, weir_bytes key)
{
    store_write(store, key, (weir_bytes){0}, 0);
}

int64_t store_written_time(const struct store *store)
{
    return store->times.written_ms;
}

void store_emitted(struct store *store, int64_t closed_ms)
{
    store->times.emitted_ms = closed_ms;
}

int64_t store_emitted_time(const struct store *store)
{
    return store->times.emitted_ms;
}

int64_t store_observed_time(const struct store *store)
{
    return store->observed_ms;
}

void store_observe_time(struct store *store, int64_t stream_time_ms)
{
    if (stream_time_ms > store->observed_ms)
        store->observed_ms = stream_time_ms;
}

/* ---- commit ---- */

size_t store_overlay_rows(const struct store *store)
{
    return store->overlay.count;
}

size_t store_overlay_bytes(const struct store *store)
{
    return store->overlay.slab.used + store->versions.log.size;
}

void store_overlay_each(struct store *store, void (*visit)(void *self, const struct store_row *), void *self)
{
    if (store->spec->kind == STORE_VERSIONED) {
        versions_each(&store->versions, visit, self);
        return;
    }
    for (size_t i = 0; i < store->overlay.count; i++) {
        struct table_row *row = store->overlay.rows[i];
        struct store_row seen = table_row_at(row, &row->last);
        row->is_private = false;
        visit(self, &seen);
    }
    store->private_rows = 0;
}

static void clear_overlay(struct store *store)
{
    table_clear(&store->overlay);
    versions_clear(&store->versions);
    store->private_rows = 0;
    store->hint = (struct store_hint){0};
    store->below_known = true;
    atomic_store_explicit(&store->own_bytes, table_bytes(&store->overlay) + store->departed.bytes,
                          memory_order_relaxed);
}

void store_drop(struct store *store)
{
    clear_overlay(store);
    store->observed_ms = store->committed.marks.stream_time_ms;
    store->times = store->committed_times;
}

void store_publish(struct store *store, int64_t changelog_position)
{
    struct rocks_marks marks = {changelog_position, store->observed_ms, store->times.written_ms};
    committed_publish(&store->committed, &store->overlay, store->below_known, marks);
    if (store->family)
        rocks_family_expire(store->family, store->expiry, marks.stream_time_ms);
    store->committed_times = store->times;
    clear_overlay(store);
}

int64_t store_position(const struct store *store)
{
    return store->family ? store->applied.position : store->committed.marks.position;
}

bool store_durable_position(const struct store *store, int64_t *out, struct weir_error *error)
{
    struct rocks_marks marks = {-1, EXPIRY_NO_TIME, EXPIRY_NO_TIME};
    bool ok = !store->family || rocks_family_marks(store->family, &marks, error);
    *out = marks.position;
    return ok;
}

int64_t store_rows_approximate(struct store *store)
{
    int64_t rows = committed_fresh(&store->committed);
    return store->family ? rows + rocks_family_rows(store->family) : rows;
}

size_t store_bytes(struct store *store)
{
    return committed_bytes(&store->committed) + atomic_load_explicit(&store->own_bytes, memory_order_relaxed);
}

size_t store_memtable_bytes(struct store *store)
{
    return store->family ? rocks_family_memory(store->family) : 0;
}

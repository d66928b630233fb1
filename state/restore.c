/* restore.c: rows from the changelog on their way into a store. See store.h, "restore".
 *
 * They are gathered in a run and written when it is full or the changelog has ended: many rows as one sorted file, few
 * (the tail after a clean stop) as a batch, because a file for ten rows would cost more than they do. The position goes
 * with the rows, so a restore that is cut short goes on behind the last run.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "state/store_private.h"

enum { BULK_ROWS_MIN = 4096 };

/* The stream time of a window store comes back with the times in its keys, as in Kafka Streams; otherwise expired windows
 * would be seen until the first record. Timestamps of plain rows may be anything their author chose. */
static void observe(struct store *store, const struct store_row *row)
{
    int64_t time_ms = expiry_key_time(store->expiry, row->key);
    if (time_ms > store->restore_until_ms)
        return;
    if (time_ms > store->times.written_ms)
        store->times.written_ms = store->committed_times.written_ms = time_ms;
    if (!store->spec->keeps_until_told)
        store_observe_time(store, time_ms);
}

void store_restore_until(struct store *store, int64_t latest_ms)
{
    store->restore_until_ms = latest_ms;
}

void store_restore_emitted(struct store *store, int64_t closed_ms)
{
    store->times.emitted_ms = store->committed_times.emitted_ms = closed_ms;
}

static struct store_row row_of(const void *item)
{
    return *(const struct store_row *)item;
}

/* What was deleted again tells no time: it may be what a commit wrote that never finished, and was undone. */
static bool write_run(struct store *store, struct rocks_marks *marks, struct weir_error *error)
{
    size_t count;
    struct store_row **rows = run_sorted(&store->run, &count);
    for (size_t i = 0; i < count; i++)
        if (rows[i]->value.data)
            observe(store, rows[i]);
    *marks = (struct rocks_marks){store->run_position, store->observed_ms, store->times.written_ms};
    bool done = store_write_rows(store, (struct store_rows){(void **)rows, count, row_of}, count >= BULK_ROWS_MIN,
                                 *marks, error);
    free(rows);
    return done;
}

/* Committed rows that were never applied come again: the restore goes on from the applied position. */
static bool flush_run(struct store *store, struct weir_error *error)
{
    struct rocks_marks marks;
    if (!store_settle(store, error))
        return false;
    if (store->run_position <= store->applied.position)
        return true;
    if (!write_run(store, &marks, error))
        return false;
    run_clear(&store->run);
    store->applied = marks;
    committed_replaced(&store->committed, marks);
    departed_add_unknown(&store->departed, store->committed_times.written_ms);
    rocks_family_expire(store->family, store->expiry, marks.stream_time_ms);
    store_forget_below(store);
    return true;
}

/* What was put is put again: how a version fits in depends on those that are there. */
static bool put_versions(struct store *store, const struct store_row *rows, size_t count, int64_t next_position,
                         struct weir_error *error)
{
    int64_t to_ms;
    for (size_t i = 0; i < count; i++)
        if (!versions_put(store, rows[i].key, rows[i].value, rows[i].timestamp_ms, &to_ms, error))
            return false;
    store_publish(store, next_position);
    return store_evictable_bytes(store) < store->database->limits.restore_bytes_max ||
           store_evict(store, store->applied_us, error);
}

bool store_restore(struct store *store, const struct store_row *rows, size_t count, int64_t next_position,
                   struct weir_error *error)
{
    assert(store->overlay.count == 0);
    if (store->spec->kind == STORE_VERSIONED)
        return put_versions(store, rows, count, next_position, error);
    if (!store->family) {
        for (size_t i = 0; i < count; i++)
            observe(store, &rows[i]);
        struct rocks_marks marks = {next_position, store->observed_ms, store->times.written_ms};
        committed_write(&store->committed, rows, count, marks);
        store_forget_below(store);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        run_add(&store->run, &rows[i]);
    store->run_position = next_position;
    return run_bytes(&store->run) < store->database->limits.restore_bytes_max || flush_run(store, error);
}

bool store_restored(struct store *store, struct weir_error *error)
{
    return !store->family || store->spec->kind == STORE_VERSIONED || flush_run(store, error);
}

bool store_follow(struct store *store, const struct store_row *row, struct weir_error *error)
{
    int64_t to_ms;
    if (store->spec->kind == STORE_VERSIONED)
        return versions_put(store, row->key, row->value, row->timestamp_ms, &to_ms, error);
    store_write(store, row->key, row->value, row->timestamp_ms);
    return true;
}

static void observe_kept(void *self, const struct store_row *row)
{
    if (!row->value.data)
        return;
    store_tell_written(self, row->key);
    observe(self, row);
}

void store_publish_followed(struct store *store, int64_t changelog_position)
{
    if (store->spec->kind != STORE_VERSIONED)
        store_overlay_each(store, observe_kept, store);
    store_publish(store, changelog_position);
}

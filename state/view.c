/* view.c: single rows for readers on any thread. See store.h; walks are in cursor.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/store_private.h"

bool store_peek(struct store *store, weir_bytes key, weir_arena *arena, struct store_row *out, struct weir_error *error)
{
    const struct table_row *row =
        committed_find(&store->committed, key, table_hash(&store->committed.rows->table, key));
    struct store_row found;
    if (row)
        found = table_row_at(row, &row->last);
    else if (!store->family || rocks_family_is_empty(store->family) ||
             !rocks_get(store->family, key, arena, &found, error))
        return false;
    if (!found.value.data || store_has_expired(store, &found, store->committed.marks.stream_time_ms))
        return false;
    *out = found;
    return true;
}

/* The lock is not held while RocksDB reads. A row that leaves the committed level meanwhile is in RocksDB already, and
 * one that arrives there belongs to a later commit as a whole: the answer is that of one commit either way. */
bool store_view_get(struct store *store, weir_bytes key, weir_arena *arena, struct store_row *out,
                    struct weir_error *error)
{
    struct store_row row;
    int64_t stream_time_ms;
    if (!committed_get(&store->committed, key, arena, &row, &stream_time_ms)) {
        if (!store->family || rocks_family_is_empty(store->family) ||
            !rocks_get(store->family, key, arena, &row, error))
            return false;
    }
    if (!row.value.data || store_has_expired(store, &row, stream_time_ms))
        return false;
    *out = row;
    return true;
}

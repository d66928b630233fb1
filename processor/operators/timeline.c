/* timeline.c: see timeline.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/timeline.h"

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/memory.h"
#include "state/table.h"

enum { TIME_BYTES = 8 };
static const uint64_t sign_bit = UINT64_C(1) << 63;

struct timeline {
    struct table table;
    struct buffer entry; /* scratch: the time, big-endian, sign bit flipped; the key */
};

struct timeline *timeline_new(void)
{
    struct timeline *timeline = memory_new(sizeof *timeline);
    table_init(&timeline->table);
    table_make_ordered(&timeline->table);
    return timeline;
}

void timeline_free(struct timeline *timeline)
{
    if (!timeline)
        return;
    table_done(&timeline->table);
    buffer_done(&timeline->entry);
    memory_free(timeline);
}

static weir_bytes write_entry(struct timeline *timeline, int64_t time_ms, weir_bytes key)
{
    char time[TIME_BYTES];
    bytes_put_u64(time, (uint64_t)time_ms ^ sign_bit);
    buffer_clear(&timeline->entry);
    buffer_append(&timeline->entry, time, sizeof time);
    buffer_append(&timeline->entry, key.data, key.size);
    return buffer_bytes(&timeline->entry);
}

void timeline_add(struct timeline *timeline, int64_t time_ms, weir_bytes key)
{
    weir_bytes entry = write_entry(timeline, time_ms, key);
    uint64_t hash = hash_table(entry);
    if (!table_find(&timeline->table, entry, hash))
        table_insert(&timeline->table, entry, hash, 0);
}

void timeline_remove(struct timeline *timeline, int64_t time_ms, weir_bytes key)
{
    weir_bytes entry = write_entry(timeline, time_ms, key);
    struct table_row *row = table_find(&timeline->table, entry, hash_table(entry));
    if (row)
        table_remove(&timeline->table, row);
}

bool timeline_first(const struct timeline *timeline, int64_t *time_ms, weir_bytes *key)
{
    const struct table_row *row = order_first(&timeline->table.order);
    if (!row)
        return false;
    weir_bytes entry = table_key(row);
    *time_ms = (int64_t)(bytes_get_u64(entry.data) ^ sign_bit);
    *key = (weir_bytes){(const char *)entry.data + TIME_BYTES, entry.size - TIME_BYTES};
    return true;
}

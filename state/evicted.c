/* evicted.c: see evicted.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/evicted.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { EVICTIONS_PER_PART = 4 };

void evicted_init(struct evicted *evicted, int64_t unknown_until_ms, size_t bytes_max)
{
    *evicted = (struct evicted){.unknown_until_ms = unknown_until_ms, .bytes_max = bytes_max};
}

static void let_go(struct evicted *evicted, size_t oldest)
{
    size_t bytes = 0;
    for (size_t i = 0; i < oldest; i++) {
        bytes += bloom_bytes(&evicted->parts[i].groups);
        bloom_done(&evicted->parts[i].groups);
    }
    evicted->count -= oldest;
    if (oldest > 0)
        memmove(evicted->parts, evicted->parts + oldest, evicted->count * sizeof *evicted->parts);
    atomic_fetch_sub_explicit(&evicted->bytes, bytes, memory_order_relaxed);
}

void evicted_done(struct evicted *evicted)
{
    let_go(evicted, evicted->count);
    free(evicted->parts);
}

void evicted_unknown(struct evicted *evicted, int64_t newest_ms)
{
    if (newest_ms > evicted->unknown_until_ms)
        evicted->unknown_until_ms = newest_ms;
}

static void let_expired_go(struct evicted *evicted, struct expiry expiry, int64_t stream_time_ms)
{
    size_t expired = 0;
    while (expired < evicted->count && expiry_time_is_over(expiry, evicted->parts[expired].newest_ms, stream_time_ms))
        expired++;
    let_go(evicted, expired);
}

static size_t bytes_left(const struct evicted *evicted)
{
    size_t bytes = atomic_load_explicit(&evicted->bytes, memory_order_relaxed);
    return bytes < evicted->bytes_max ? evicted->bytes_max - bytes : 0;
}

static void make_room(struct evicted *evicted, size_t bytes)
{
    while (evicted->count > 0 && bytes_left(evicted) < bytes) {
        evicted_unknown(evicted, evicted->parts[0].newest_ms);
        let_go(evicted, 1);
    }
}

/* For some evictions like this one, and for half of what is known already: few parts are asked then, and not much stays for
 * long that has expired. */
static size_t room_for(const struct evicted *evicted, size_t groups)
{
    size_t room = groups * EVICTIONS_PER_PART, held = 0;
    for (size_t i = 0; i < evicted->count; i++)
        held += evicted->parts[i].held;
    if (room < held / 2)
        room = held / 2;
    size_t most = bloom_room_in(bytes_left(evicted));
    return room <= most ? room : most > groups ? most : groups;
}

static struct evicted_part *begin_part(struct evicted *evicted, size_t groups)
{
    make_room(evicted, bloom_bytes_for(groups));
    if (bytes_left(evicted) < bloom_bytes_for(groups))
        return NULL;
    evicted->parts = memory_grow(evicted->parts, &evicted->capacity, evicted->count + 1, sizeof *evicted->parts);
    struct evicted_part *part = &evicted->parts[evicted->count];
    *part = (struct evicted_part){.room = room_for(evicted, groups), .newest_ms = EXPIRY_NO_TIME};
    evicted->count++;
    bloom_init(&part->groups, part->room);
    atomic_fetch_add_explicit(&evicted->bytes, bloom_bytes(&part->groups), memory_order_relaxed);
    return part;
}

static struct evicted_part *part_for(struct evicted *evicted, size_t groups)
{
    struct evicted_part *newest = evicted->count > 0 ? &evicted->parts[evicted->count - 1] : NULL;
    return newest && newest->held + groups <= newest->room ? newest : begin_part(evicted, groups);
}

static void add_group(void *self, uint64_t hash)
{
    bloom_add(self, hash);
}

void evicted_add(struct evicted *evicted, const struct table *table, struct expiry expiry, int64_t newest_ms,
                 int64_t stream_time_ms)
{
    if (newest_ms == EXPIRY_NO_TIME || table->used == 0)
        return;
    let_expired_go(evicted, expiry, stream_time_ms);
    struct evicted_part *part = part_for(evicted, table->used);
    if (!part) {
        evicted_unknown(evicted, newest_ms);
        return;
    }
    table_each_group(table, add_group, &part->groups);
    part->held += table->used;
    part->newest_ms = newest_ms;
}

bool evicted_may_hold(const struct evicted *evicted, uint64_t group_hash, int64_t from_ms)
{
    if (from_ms <= evicted->unknown_until_ms)
        return true;
    for (size_t i = evicted->count; i > 0 && from_ms <= evicted->parts[i - 1].newest_ms; i--)
        if (bloom_may_hold(&evicted->parts[i - 1].groups, group_hash))
            return true;
    return false;
}

/* standby_places.c: where standbys belong: see peers.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "runtime/peers.h"

static uint64_t weight(const struct peer *peer, struct peer_share share)
{
    uint64_t high = 0, low = 0;
    char *text = memory_format("%s %d_%d", peer->id, share.part, share.partition);
    hash_murmur3((weir_bytes){text, strlen(text)}, &high, &low);
    memory_free(text);
    return high;
}

static size_t load(const struct peer *peer)
{
    return peer->share_count + peer->standby_count;
}

static bool holds(const struct peer *peer, struct peer_share share)
{
    return peer_is_active(peer, share) || peer_has_standby(peer, share);
}

static bool comes_before(const struct peer *peer, const struct peer *other, struct peer_share share)
{
    return load(peer) != load(other) ? load(peer) < load(other) : weight(peer, share) > weight(other, share);
}

static struct peer *place_for(struct peer *peers, size_t count, struct peer_share share)
{
    struct peer *best = NULL;
    for (size_t i = 0; i < count; i++)
        if (!holds(&peers[i], share) && (!best || comes_before(&peers[i], best, share)))
            best = &peers[i];
    return best;
}

/* ---- heirs ---- */

struct seat { /* of a member, in the order in which the leader deals */
    const char *name;
    struct peer *peer;
};
struct seats {
    struct seat *items;
    size_t count;
};

static int compare_seats(const void *a, const void *b)
{
    return strcmp(((const struct seat *)a)->name, ((const struct seat *)b)->name);
}

static struct seats seat_all(struct peer *peers, size_t count, weir_arena *arena)
{
    struct seats seats = {0};
    for (size_t i = 0; i < count; i++)
        seats.count += peers[i].member_count;
    seats.items = arena_alloc(arena, (seats.count + 1) * sizeof *seats.items);
    size_t next = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t m = 0; m < peers[i].member_count; m++)
            seats.items[next++] = (struct seat){peers[i].members[m], &peers[i]};
    qsort(seats.items, seats.count, sizeof *seats.items, compare_seats);
    return seats;
}

static const struct peer *active_of(const struct peer *peers, size_t count, struct peer_share share)
{
    for (size_t i = 0; i < count; i++)
        if (peer_is_active(&peers[i], share))
            return &peers[i];
    return NULL;
}

/* NULL: the share is nobody's yet, or there is nobody else. */
static struct peer *heir_of(const struct seats *seats, const struct peer *active, size_t turn)
{
    if (!active || active->member_count == seats->count)
        return NULL;
    size_t ahead = turn % (seats->count - active->member_count);
    for (size_t i = 0; i < seats->count; i++)
        if (seats->items[i].peer != active && ahead-- == 0)
            return seats->items[i].peer;
    return NULL;
}

/* ---- placing ---- */

static void add(struct peer *place, struct peer_share share)
{
    if (place)
        place->standbys[place->standby_count++] = share;
}

void peers_place_standbys(struct peer *peers, size_t count, const struct standby_wish *wishes, size_t wish_count,
                          size_t replicas, weir_arena *arena)
{
    struct seats seats = seat_all(peers, count, arena);
    for (size_t i = 0; i < count; i++) {
        peers[i].standbys = arena_alloc(arena, (wish_count + 1) * sizeof *peers[i].standbys);
        peers[i].standby_count = 0;
    }
    for (size_t replica = 0; replica < replicas; replica++)
        for (size_t i = 0; i < wish_count; i++) {
            struct peer_share share = wishes[i].share;
            struct peer *heir = replica == 0 ? heir_of(&seats, active_of(peers, count, share), wishes[i].turn) : NULL;
            add(heir ? heir : place_for(peers, count, share), share);
        }
}

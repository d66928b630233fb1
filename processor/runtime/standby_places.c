/* standby_places.c: where standbys belong: see peers.h.
 * SPDX-License-Identifier: Apache-2.0 */
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

void peers_place_standbys(struct peer *peers, size_t count, const struct peer_share *shares, size_t share_count,
                          size_t replicas, weir_arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        peers[i].standbys = arena_alloc(arena, (share_count + 1) * sizeof *peers[i].standbys);
        peers[i].standby_count = 0;
    }
    for (size_t replica = 0; replica < replicas; replica++)
        for (size_t i = 0; i < share_count; i++) {
            struct peer *place = place_for(peers, count, shares[i]);
            if (place)
                place->standbys[place->standby_count++] = shares[i];
        }
}

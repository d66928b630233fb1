/* places.c: see places.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/places.h"

#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "http/resume.h"
#include "http/retell.h"

enum {
    LOOK_US = 1000 * 1000, /* whether partitions have moved: what is known of other instances is as old */
    AGAIN_US = 500 * 1000, /* for one that nobody has */
    AWAY_US = 1500 * 1000, /* so long a client is not told: a rebalance takes all partitions for a moment */
};

void places_init(struct follower *follower, int64_t now_us)
{
    for (int32_t p = 0; p < follower->part_count; p++) {
        follower->parts[p].place = FOLLOWER_NOWHERE;
        follower->parts[p].lost_us = now_us;
    }
}

static void tell_away(struct follower *follower, int64_t now_us)
{
    for (int32_t p = 0; p < follower->part_count; p++) {
        struct follower_part *part = &follower->parts[p];
        if (part->lost_us == 0 || part->is_told_away || now_us - part->lost_us < AWAY_US)
            continue;
        part->is_told_away = true;
        buffer_format(&follower->text, "event: away\ndata: {\"partition\":%d}\n\n", p);
    }
}

/* ---- what is known of places ---- */

static const struct weir_copies active = {0};

/* By partition; in the reader's arena. */
static bool *held_here(struct follower *follower)
{
    bool *held = arena_alloc(&follower->arena, (size_t)follower->part_count * sizeof *held);
    int32_t *partitions = arena_alloc(&follower->arena, ((size_t)follower->part_count + 1) * sizeof *partitions);
    size_t count = weir_view_held(follower->view.view, active, partitions);
    for (size_t i = 0; i < count; i++)
        held[partitions[i]] = true;
    return held;
}

/* NULL: nobody is known to have it. */
static const char *holder_of(struct follower *follower, int32_t partition)
{
    const char *address;
    size_t found = weir_view_holders(follower->view.view, partition, false, &follower->arena, &address, 1);
    return found > 0 ? address : NULL;
}

/* ---- those that nobody tells ---- */

static void remember_relay(struct follower *follower, struct relay *relay)
{
    relay->next = follower->relays;
    follower->relays = relay;
    for (size_t i = 0; i < relay->partitions.count; i++)
        follower->parts[relay->partitions.items[i]].place = FOLLOWER_THERE;
}

/* Where the reader is in these partitions, as an id; in the reader's arena. */
static const char *id_of(struct follower *follower, struct peer_partitions partitions)
{
    size_t size = (size_t)follower->part_count * sizeof *follower->marks;
    int64_t *marks = arena_alloc(&follower->arena, size);
    struct buffer text = {0};
    for (int32_t p = 0; p < follower->part_count; p++)
        marks[p] = WEIR_MARK_NOW;
    for (size_t i = 0; i < partitions.count; i++)
        marks[partitions.items[i]] = follower->marks[partitions.items[i]];
    resume_write(marks, follower->part_count, &text);
    const char *id = arena_bytes(&follower->arena, buffer_bytes(&text)).data;
    buffer_done(&text);
    return id;
}

static void ask(struct follower *follower, const char *address, struct peer_partitions partitions, int64_t now_us)
{
    for (size_t i = 0; i < partitions.count && !follower->is_over; i++)
        if (follower->parts[partitions.items[i]].is_gap)
            follower_begin_again(follower, partitions.items[i]);
    if (follower->is_over)
        return;
    struct relay *relay =
        relay_open(&follower->request, address, partitions, id_of(follower, partitions), &follower->has_news);
    if (relay)
        remember_relay(follower, relay);
    for (size_t i = 0; i < partitions.count; i++)
        follower->parts[partitions.items[i]].try_us = now_us + AGAIN_US;
}

static bool is_looked_for(const struct follower_part *part, int64_t now_us)
{
    return part->place == FOLLOWER_NOWHERE && part->try_us <= now_us;
}

/* Asks one instance for all that is looked for and that it has. */
static void ask_holder(struct follower *follower, const char *address, const char *const *holders, int64_t now_us)
{
    struct peer_partitions partitions = {
        arena_alloc(&follower->arena, (size_t)follower->part_count * sizeof *partitions.items), 0};
    for (int32_t p = 0; p < follower->part_count; p++)
        if (holders[p] && is_looked_for(&follower->parts[p], now_us) && strcmp(holders[p], address) == 0)
            partitions.items[partitions.count++] = p;
    if (partitions.count > 0)
        ask(follower, address, partitions, now_us);
}

static void place_lost(struct follower *follower, int64_t now_us)
{
    const char **holders = arena_alloc(&follower->arena, (size_t)follower->part_count * sizeof *holders);
    const bool *held = held_here(follower);
    for (int32_t p = 0; p < follower->part_count; p++) {
        struct follower_part *part = &follower->parts[p];
        if (!is_looked_for(part, now_us))
            continue;
        if (held[p]) {
            part->place = FOLLOWER_HERE;
            retell_found(follower, p);
        } else if (!(holders[p] = holder_of(follower, p))) {
            part->try_us = now_us + AGAIN_US;
        }
    }
    for (int32_t p = 0; p < follower->part_count && !follower->is_over; p++)
        if (holders[p])
            ask_holder(follower, holders[p], holders, now_us);
    follower->has_news = true;
}

static bool any_looked_for(const struct follower *follower, int64_t now_us)
{
    for (int32_t p = 0; p < follower->part_count; p++)
        if (is_looked_for(&follower->parts[p], now_us))
            return true;
    return false;
}

/* ---- those that have moved ---- */

/* An instance that was cut off from the group may go on telling nothing for long. */
static bool has_moved(struct follower *follower, const struct relay *relay, const bool *held)
{
    for (size_t i = 0; i < relay->partitions.count; i++) {
        int32_t partition = relay->partitions.items[i];
        const char *holder = held[partition] ? NULL : holder_of(follower, partition);
        if (held[partition] || (holder && strcmp(holder, relay->address) != 0))
            return true;
    }
    return false;
}

static void leave_moved(struct follower *follower, int64_t now_us)
{
    if (!follower->relays || now_us - follower->looked_us < LOOK_US)
        return;
    follower->looked_us = now_us;
    const bool *held = held_here(follower);
    for (struct relay *relay = follower->relays, *next; relay; relay = next) {
        next = relay->next;
        if (has_moved(follower, relay, held))
            retell_give_up(follower, relay);
    }
}

static void look_for_ends(struct follower *follower, int64_t now_us)
{
    for (const struct relay *relay = follower->relays; relay; relay = relay->next)
        if (relay_is_over(relay, now_us))
            follower->has_news = true;
}

void places_look(struct follower *follower, int64_t now_us)
{
    if (!follower->asks_others || follower->is_over)
        return;
    arena_clear(&follower->arena);
    look_for_ends(follower, now_us);
    leave_moved(follower, now_us);
    if (any_looked_for(follower, now_us))
        place_lost(follower, now_us);
    tell_away(follower, now_us);
}

/* retell.c: see retell.h. Rows and changes are told on as they came; what counts here are the marks, which every instance writes the
 * same, and which become those of one reader.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/retell.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/resume.h"

static bool is_named(const struct event *event, const char *name)
{
    return bytes_equal(event->name, bytes_of_text(name));
}

void retell_found(struct follower *follower, int32_t partition)
{
    struct follower_part *part = &follower->parts[partition];
    part->lost_us = 0;
    if (part->is_told_away)
        buffer_format(&follower->text, "event: back\ndata: {\"partition\":%d}\n\n", partition);
    part->is_told_away = false;
}

void retell_give_up(struct follower *follower, struct relay *relay)
{
    struct relay **at = &follower->relays;
    while (*at != relay)
        at = &(*at)->next;
    *at = relay->next;
    for (size_t i = 0; i < relay->partitions.count; i++)
        follower_lose(follower, relay->partitions.items[i], relay->has_told_rows);
    relay_close(relay);
}

/* False: it names partitions that were not asked for. */
static bool take_marks(struct follower *follower, const struct relay *relay, weir_bytes id)
{
    int64_t *marks = arena_alloc(&follower->arena, (size_t)follower->part_count * sizeof *marks);
    bool ok = resume_read(id, marks, follower->part_count);
    for (int32_t p = 0; ok && p < follower->part_count; p++)
        ok = marks[p] == WEIR_MARK_NOW || peer_partitions_have(&relay->partitions, p);
    for (int32_t p = 0; ok && p < follower->part_count; p++) {
        struct follower_part *part = &follower->parts[p];
        if (marks[p] == WEIR_MARK_NOW)
            continue;
        follower->marks[p] = part->mark = marks[p];
        part->follows = part->has_begun = true;
        part->resets = 0;
    }
    return ok;
}

/* It has told something that was of use. */
static void find_partitions(struct follower *follower, struct relay *relay)
{
    for (size_t i = 0; i < relay->partitions.count && !relay->is_found; i++)
        retell_found(follower, relay->partitions.items[i]);
    relay->is_found = true;
}

static bool tell_on(struct follower *follower, struct relay *relay, const struct event *event)
{
    if (event->id.data && !take_marks(follower, relay, event->id))
        return false;
    find_partitions(follower, relay);
    buffer_text(&follower->text, "event: ");
    buffer_append(&follower->text, event->name.data, event->name.size);
    buffer_byte(&follower->text, '\n');
    if (event->id.data)
        follower_write_id(follower);
    buffer_text(&follower->text, "data: ");
    buffer_append(&follower->text, event->data.data, event->data.size);
    buffer_text(&follower->text, "\n\n");
    return true;
}

static bool take_ready(struct follower *follower, struct relay *relay, weir_bytes id)
{
    if (!take_marks(follower, relay, id))
        return false;
    find_partitions(follower, relay);
    return true;
}

static bool take_reset(struct follower *follower, struct relay *relay, weir_bytes data)
{
    int32_t partition;
    if (!events_partition(data, follower->part_count, &partition) ||
        !peer_partitions_have(&relay->partitions, partition))
        return false;
    find_partitions(follower, relay);
    follower_begin_again(follower, partition);
    return true;
}

/* False: the relay is of no use any more. What is not known here is of a later version and is left out. */
static bool take_event(struct follower *follower, struct relay *relay, const struct event *event)
{
    arena_clear(&follower->arena);
    if (is_named(event, "change") || is_named(event, "delete"))
        return tell_on(follower, relay, event);
    if (is_named(event, "snapshot")) {
        relay->has_told_rows = true;
        return tell_on(follower, relay, event);
    }
    if (is_named(event, "ready"))
        return take_ready(follower, relay, event->id);
    if (is_named(event, "reset"))
        return take_reset(follower, relay, event->data);
    if (is_named(event, "slow"))
        follower_end_as_slow(follower);
    else if (is_named(event, "failed"))
        follower_end(follower, "failed", "a row cannot be read");
    return !is_named(event, "moved");
}

/* True: there was something. */
static bool retell_relay(struct follower *follower, struct relay *relay, bool *is_of_use)
{
    struct event event;
    bool any = false;
    while (follower->text.size < FOLLOWER_BYTES && !follower->is_over) {
        if (!relay_next(relay, &event)) {
            *is_of_use = !relay_is_over(relay, clock_monotonic_us(&clock_system));
            return any;
        }
        any = true;
        *is_of_use = take_event(follower, relay, &event);
        if (!*is_of_use)
            return true;
    }
    return any;
}

bool retell(struct follower *follower)
{
    bool any = false;
    for (struct relay *relay = follower->relays, *next; relay && !follower->is_over; relay = next) {
        bool is_of_use = true;
        next = relay->next;
        any = retell_relay(follower, relay, &is_of_use) || any;
        if (is_of_use)
            continue;
        log_line(LOG_DEBUG, "http", "changes of %s: this stream is over", relay->address);
        retell_give_up(follower, relay);
    }
    return any;
}

/* drops.c: see drops.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/drops.h"

#include <string.h>

#include "base/memory.h"

void drops_init(struct drops *drops)
{
    memset(drops, 0, sizeof *drops);
    pthread_mutex_init(&drops->lock, NULL);
}

void drops_done(struct drops *drops)
{
    for (size_t i = 0; i < drops->topic_count; i++)
        memory_free(drops->topics[i]);
    pthread_mutex_destroy(&drops->lock);
}

/* Rows are never moved or renamed, so their names may be lent out. */
static struct drops_reason *reason_row(struct drops *drops, const char *reason)
{
    for (size_t i = 0; i < drops->reason_count; i++)
        if (strncmp(drops->reasons[i].name, reason, DROPS_REASON_BYTES - 1) == 0)
            return &drops->reasons[i];
    if (drops->reason_count == DROPS_REASONS_MAX)
        return &drops->reasons[DROPS_REASONS_MAX - 1];
    struct drops_reason *row = &drops->reasons[drops->reason_count++];
    snprintf(row->name, sizeof row->name, "%s", drops->reason_count == DROPS_REASONS_MAX ? "other" : reason);
    return row;
}

/* Of one's own, for the topic of a call that is given up is known to the record in hand only. NULL: there are too many. */
static const char *topic_name(struct drops *drops, const char *topic)
{
    for (size_t i = 0; i < drops->topic_count; i++)
        if (strcmp(drops->topics[i], topic) == 0)
            return drops->topics[i];
    if (drops->topic_count == DROPS_PLACES_MAX)
        return NULL;
    return drops->topics[drops->topic_count++] = memory_format("%s", topic);
}

static struct weir_drop_place *place_row(struct drops *drops, const struct weir_drop *drop)
{
    for (size_t i = 0; i < drops->place_count; i++) {
        struct weir_drop_place *place = &drops->places[i];
        if (place->reason == drop->reason && place->partition == drop->partition && place->topic == drop->topic)
            return place;
    }
    if (drops->place_count == DROPS_PLACES_MAX)
        return NULL; /* counted by its reason only */
    struct weir_drop_place *place = &drops->places[drops->place_count++];
    *place = (struct weir_drop_place){.reason = drop->reason, .topic = drop->topic, .partition = drop->partition};
    return place;
}

void drops_add(struct drops *drops, const struct weir_drop *drop)
{
    pthread_mutex_lock(&drops->lock);
    struct drops_reason *row = reason_row(drops, drop->reason);
    struct weir_drop *latest = &row->latest[row->records++ % DROPS_LATEST];
    *latest = *drop;
    latest->reason = row->name;
    latest->topic = drop->topic ? topic_name(drops, drop->topic) : NULL;
    struct weir_drop_place *place = drop->topic && !latest->topic ? NULL : place_row(drops, latest);
    if (place) {
        place->records++;
        place->last_offset = drop->offset;
    }
    pthread_mutex_unlock(&drops->lock);
}

size_t drops_by_reason(struct drops *drops, struct weir_drop_info *out, size_t max)
{
    pthread_mutex_lock(&drops->lock);
    size_t count = drops->reason_count;
    for (size_t i = 0; i < count && i < max; i++)
        out[i] = (struct weir_drop_info){drops->reasons[i].name, drops->reasons[i].records};
    pthread_mutex_unlock(&drops->lock);
    return count;
}

size_t drops_by_place(struct drops *drops, struct weir_drop_place *out, size_t max)
{
    pthread_mutex_lock(&drops->lock);
    size_t count = drops->place_count;
    for (size_t i = 0; i < count && i < max; i++)
        out[i] = drops->places[i];
    pthread_mutex_unlock(&drops->lock);
    return count;
}

size_t drops_latest(struct drops *drops, struct weir_drop *out, size_t max)
{
    size_t count = 0;
    pthread_mutex_lock(&drops->lock);
    for (size_t r = 0; r < drops->reason_count; r++) {
        const struct drops_reason *row = &drops->reasons[r];
        uint64_t kept = row->records < DROPS_LATEST ? row->records : DROPS_LATEST;
        for (uint64_t i = 1; i <= kept; i++, count++)
            if (count < max)
                out[count] = row->latest[(row->records - i) % DROPS_LATEST];
    }
    pthread_mutex_unlock(&drops->lock);
    return count;
}

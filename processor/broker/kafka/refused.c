/* refused.c: records that the broker did not take, long after they were sent.
 *
 * Such a report tells of a batch, whose records may all be innocent but one. So each is a suspect: it is sent alone when it
 * comes again (whoever sends goes back to his last commit meanwhile), and what is refused alone is known to be
 * hopeless. Records are known by a hash of topic, key and value. Shared by all producers of a broker, for they come and go.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "kafka.h"

uint64_t kafka_refused_record(const char *topic, weir_bytes key, weir_bytes value)
{
    uint64_t of_key, of_value, low;
    hash_murmur3(key, &of_key, &low);
    hash_murmur3(value, &of_value, &low);
    return of_value + 31 * of_key + 961 * (uint64_t)hash_crc32c(0, topic, strlen(topic));
}

static struct kafka_refusal *find(struct kafka_refused *refused, uint64_t record)
{
    for (size_t i = 0; i < KAFKA_REFUSED_MAX; i++)
        if (refused->items[i].verdict != KAFKA_INNOCENT && refused->items[i].record == record)
            return &refused->items[i];
    return NULL;
}

/* The oldest gives way: it is told again should it be sent again. */
static struct kafka_refusal *next_place(struct kafka_refused *refused)
{
    struct kafka_refusal *place = &refused->items[refused->next++ % KAFKA_REFUSED_MAX];
    if (place->verdict == KAFKA_INNOCENT)
        atomic_fetch_add(&refused->count, 1);
    return place;
}

void kafka_refused_note(struct kafka_refused *refused, uint64_t record, enum kafka_verdict verdict, const char *reason)
{
    pthread_mutex_lock(&refused->lock);
    struct kafka_refusal *known = find(refused, record);
    if (!known && verdict != KAFKA_INNOCENT)
        known = next_place(refused);
    if (known) {
        known->record = record;
        known->verdict = verdict;
        known->reason = reason;
    }
    if (known && verdict == KAFKA_INNOCENT)
        atomic_fetch_sub(&refused->count, 1);
    pthread_mutex_unlock(&refused->lock);
}

enum kafka_verdict kafka_refused_find(struct kafka_refused *refused, const char *topic, weir_bytes key,
                                      weir_bytes value, struct kafka_refusal *out)
{
    *out = (struct kafka_refusal){.verdict = KAFKA_INNOCENT};
    if (atomic_load(&refused->count) == 0)
        return KAFKA_INNOCENT;
    uint64_t record = kafka_refused_record(topic, key, value);
    pthread_mutex_lock(&refused->lock);
    const struct kafka_refusal *known = find(refused, record);
    if (known)
        *out = *known;
    pthread_mutex_unlock(&refused->lock);
    return out->verdict;
}

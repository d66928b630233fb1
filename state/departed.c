/* departed.c: see departed.h.
 *
 * A group is five bits of one word, so that a look costs one access to memory.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/departed.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { GROUPS_PER_WORD = 4, BITS = 5, BIT_NUMBER_BITS = 6, BIT_NUMBERS = 1 << BIT_NUMBER_BITS };

struct departure {
    int64_t until_ms;
    uint64_t *words;
    size_t count;
};

void departed_init(struct departed *departed, int64_t unknown_until_ms)
{
    *departed = (struct departed){.unknown_until_ms = unknown_until_ms};
}

void departed_done(struct departed *departed)
{
    for (size_t i = 0; i < departed->count; i++)
        free(departed->items[i].words);
    free(departed->items);
}

static size_t bytes_of(const struct departure *departure)
{
    return departure->count * sizeof *departure->words;
}

/* By the upper half of a hash; the bits go by the lower one. */
static uint64_t *word_of(const struct departure *departure, uint64_t hash)
{
    return &departure->words[(hash >> 32) * departure->count >> 32];
}

static uint64_t bits_of(uint64_t hash)
{
    uint64_t bits = 0;
    for (int i = 0; i < BITS; i++, hash >>= BIT_NUMBER_BITS)
        bits |= UINT64_C(1) << (hash % BIT_NUMBERS);
    return bits;
}

static void add_group(void *self, uint64_t hash)
{
    *word_of(self, hash) |= bits_of(hash);
}

static void forget_oldest(struct departed *departed)
{
    struct departure *oldest = &departed->items[0];
    departed_add_unknown(departed, oldest->until_ms);
    departed->bytes -= bytes_of(oldest);
    free(oldest->words);
    departed->count--;
    memmove(oldest, oldest + 1, departed->count * sizeof *oldest);
}

void departed_add(struct departed *departed, const struct table *table, int64_t until_ms, size_t bytes_max)
{
    if (table->used == 0)
        return;
    struct departure departure = {.until_ms = until_ms, .count = table->used / GROUPS_PER_WORD + 1};
    departure.words = memory_new(bytes_of(&departure));
    table_each_group(table, add_group, &departure);
    departed->items = memory_grow(departed->items, &departed->capacity, departed->count + 1, sizeof(struct departure));
    departed->items[departed->count++] = departure;
    departed->bytes += bytes_of(&departure);
    while (departed->bytes > bytes_max)
        forget_oldest(departed);
}

void departed_add_unknown(struct departed *departed, int64_t until_ms)
{
    if (until_ms > departed->unknown_until_ms)
        departed->unknown_until_ms = until_ms;
}

bool departed_may_have(const struct departed *departed, uint64_t group_hash, int64_t from_ms)
{
    if (from_ms <= departed->unknown_until_ms)
        return true;
    uint64_t bits = bits_of(group_hash);
    for (size_t i = departed->count; i-- > 0 && departed->items[i].until_ms >= from_ms;)
        if ((*word_of(&departed->items[i], group_hash) & bits) == bits)
            return true;
    return false;
}

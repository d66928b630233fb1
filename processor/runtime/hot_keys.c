/* hot_keys.c: see hot_keys.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/hot_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

enum { LOOKED_AT_MIN = 32, SHARE_MIN = 100 };

struct counter {
    int64_t count, error;
    size_t size;
    unsigned char key[HOT_KEY_BYTES];
};

struct hot_keys_sketch {
    int64_t looked_at;
    size_t used;
    uint64_t hashes[HOT_KEYS_MAX]; /* side by side: what every look reads */
    struct counter *counters[HOT_KEYS_MAX];
};

void hot_keys_init(struct hot_keys *hot)
{
    *hot = (struct hot_keys){.sketch = NULL};
    pthread_mutex_init(&hot->lock, NULL);
}

void hot_keys_clear(struct hot_keys *hot)
{
    pthread_mutex_lock(&hot->lock);
    for (size_t i = 0; hot->sketch && i < hot->sketch->used; i++)
        memory_free(hot->sketch->counters[i]);
    memory_free(hot->sketch);
    hot->sketch = NULL;
    pthread_mutex_unlock(&hot->lock);
}

void hot_keys_done(struct hot_keys *hot)
{
    hot_keys_clear(hot);
    pthread_mutex_destroy(&hot->lock);
}

/* ---- counting ---- */

static size_t find(const struct hot_keys_sketch *sketch, uint64_t hash)
{
    size_t i = 0;
    while (i < sketch->used && sketch->hashes[i] != hash)
        i++;
    return i;
}

static size_t smallest(const struct hot_keys_sketch *sketch)
{
    size_t least = 0;
    for (size_t i = 1; i < HOT_KEYS_MAX; i++)
        if (sketch->counters[i]->count < sketch->counters[least]->count)
            least = i;
    return least;
}

/* A new key takes the place of the rarest, and its count as the error of its own. */
static size_t take_place(struct hot_keys_sketch *sketch, uint64_t hash, weir_bytes key)
{
    size_t i = sketch->used;
    if (i < HOT_KEYS_MAX)
        sketch->counters[sketch->used++] = memory_new(sizeof *sketch->counters[i]);
    else
        i = smallest(sketch);
    struct counter *counter = sketch->counters[i];
    counter->error = counter->count;
    counter->size = key.size;
    if (key.size <= HOT_KEY_BYTES && key.size > 0)
        memcpy(counter->key, key.data, key.size);
    sketch->hashes[i] = hash;
    return i;
}

static void halve(struct hot_keys_sketch *sketch)
{
    sketch->looked_at /= 2;
    for (size_t i = 0; i < sketch->used; i++) {
        sketch->counters[i]->count /= 2;
        sketch->counters[i]->error /= 2;
    }
}

static void count(struct hot_keys_sketch *sketch, weir_bytes key)
{
    sketch->looked_at++;
    if (key.data) {
        uint64_t hash = hash_table(key);
        size_t i = find(sketch, hash);
        if (i == sketch->used)
            i = take_place(sketch, hash, key);
        sketch->counters[i]->count++;
    }
    if (sketch->looked_at >= HOT_KEYS_HALVED_AT)
        halve(sketch);
}

void hot_keys_count(struct hot_keys *hot, weir_bytes key)
{
    pthread_mutex_lock(&hot->lock);
    if (!hot->sketch)
        hot->sketch = memory_new(sizeof *hot->sketch);
    count(hot->sketch, key);
    pthread_mutex_unlock(&hot->lock);
}

/* ---- telling ---- */

static int hottest_first(const void *a, const void *b)
{
    const struct hot_key *left = a, *right = b;
    return (left->count < right->count) - (left->count > right->count);
}

static bool is_hot(const struct hot_keys_sketch *sketch, const struct counter *counter)
{
    return (counter->count - counter->error) * SHARE_MIN >= sketch->looked_at;
}

static size_t list(const struct hot_keys_sketch *sketch, weir_arena *arena, struct hot_key out[HOT_KEYS_MAX])
{
    size_t listed = 0;
    for (size_t i = 0; i < sketch->used; i++) {
        const struct counter *counter = sketch->counters[i];
        if (!is_hot(sketch, counter))
            continue;
        bool is_kept = counter->size <= HOT_KEY_BYTES;
        weir_bytes key = is_kept ? arena_bytes(arena, (weir_bytes){counter->key, counter->size}) : (weir_bytes){0};
        out[listed++] = (struct hot_key){key, counter->count, counter->error};
    }
    qsort(out, listed, sizeof *out, hottest_first);
    return listed;
}

size_t hot_keys_list(struct hot_keys *hot, weir_arena *arena, struct hot_key out[HOT_KEYS_MAX], int64_t *looked_at)
{
    pthread_mutex_lock(&hot->lock);
    *looked_at = hot->sketch ? hot->sketch->looked_at : 0;
    size_t listed = *looked_at >= LOOKED_AT_MIN ? list(hot->sketch, arena, out) : 0;
    pthread_mutex_unlock(&hot->lock);
    return listed;
}

double hot_keys_greatest_share(struct hot_keys *hot)
{
    int64_t most = 0;
    pthread_mutex_lock(&hot->lock);
    const struct hot_keys_sketch *sketch = hot->sketch;
    bool is_known = sketch && sketch->looked_at >= LOOKED_AT_MIN;
    for (size_t i = 0; is_known && i < sketch->used; i++)
        if (is_hot(sketch, sketch->counters[i]) && sketch->counters[i]->count > most)
            most = sketch->counters[i]->count;
    double share = is_known ? (double)most / (double)sketch->looked_at : 0;
    pthread_mutex_unlock(&hot->lock);
    return share;
}

/* hot_keys.h: the keys that most of the latest records of one input partition have, in bounded memory: SpaceSaving (Metwally, Agrawal,
 * El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams, ICDT 2005) over a sample.
 *
 * One record in HOT_KEYS_EVERY is looked at, chosen by its offset in steps of the golden ratio, so that no rhythm of the keys beats
 * with it. Of S looked at, a count is never too small and too large by at most its `error`, which is at most S / HOT_KEYS_MAX; every
 * key with more than that is there. The sample adds a standard deviation of sqrt(p (1 - p) / S) to a share p. Counts are
 * halved when S reaches HOT_KEYS_HALVED_AT, so that the latest 65,000 to 130,000 records weigh most; halving keeps the bounds.
 * The task's thread writes, any thread reads. */
#ifndef WEIR_RUNTIME_HOT_KEYS_H
#define WEIR_RUNTIME_HOT_KEYS_H
#include <pthread.h>

#include "base/arena.h"
#include "weir.h"

enum { HOT_KEYS_MAX = 32, HOT_KEYS_EVERY = 16, HOT_KEYS_HALVED_AT = 8192, HOT_KEY_BYTES = 128 };

struct hot_keys_sketch;
struct hot_keys {
    pthread_mutex_t lock;
    struct hot_keys_sketch *sketch; /* NULL: no record was looked at yet */
};

struct hot_key {
    weir_bytes key;       /* in the arena; data NULL: it has more than HOT_KEY_BYTES */
    int64_t count, error; /* in records looked at */
};

void hot_keys_init(struct hot_keys *);
void hot_keys_done(struct hot_keys *);
void hot_keys_clear(struct hot_keys *);
/* Of a record that is looked at. key.data NULL: it has none, and counts for the others' shares alone. */
void hot_keys_count(struct hot_keys *, weir_bytes key);

static inline void hot_keys_see(struct hot_keys *hot, int64_t offset, weir_bytes key)
{
    if ((uint64_t)offset * 0x9e3779b97f4a7c15u >> 60 == 0)
        hot_keys_count(hot, key);
}

/* Those that surely have at least a hundredth of the records, the hottest first, once enough were looked at to say so; how
 * many. looked_at: S. */
size_t hot_keys_list(struct hot_keys *, weir_arena *, struct hot_key out[HOT_KEYS_MAX], int64_t *looked_at);
double hot_keys_greatest_share(struct hot_keys *); /* 0 to 1, of one of those; 0: there is none */
#endif

/* limiter.c: see limiter.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard/limiter.h"

#include "base/hash.h"
#include "base/memory.h"

enum { SETS = 1024, WAYS = 8 };

struct bucket {
    uint64_t name; /* hash; 0: nobody's */
    double tokens;
    int64_t at_us; /* when it held so many */
};

struct limiter {
    struct bucket buckets[SETS][WAYS];
};

struct limiter *limiter_new(void)
{
    return memory_new(sizeof(struct limiter));
}

void limiter_free(struct limiter *limiter)
{
    memory_free(limiter);
}

/* Its bucket, or in place of the one that was asked for longest ago a full one. */
static struct bucket *find(struct limiter *limiter, uint64_t name, const struct limit *limit, int64_t now_us)
{
    struct bucket *set = limiter->buckets[name % SETS], *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].name == name)
            return &set[i];
        if (set[i].name == 0 || (oldest->name != 0 && set[i].at_us < oldest->at_us))
            oldest = &set[i];
    }
    *oldest = (struct bucket){name, (double)limit->quota, now_us};
    return oldest;
}

static void fill(struct bucket *bucket, const struct limit *limit, int64_t now_us)
{
    double rate = (double)limit->quota / ((double)limit->window_s * 1e6);
    bucket->tokens += rate * (double)(now_us - bucket->at_us);
    if (bucket->tokens > (double)limit->quota)
        bucket->tokens = (double)limit->quota;
    bucket->at_us = now_us;
}

struct limit_state limiter_ask(struct limiter *limiter, enum limit_kind kind, const struct limit *limit,
                               weir_bytes name, bool take, int64_t now_us)
{
    if (limit->quota == 0)
        return (struct limit_state){.allowed = true};
    uint64_t hash = (hash_table(name) ^ ((uint64_t)kind << 61)) | 1;
    struct bucket *bucket = find(limiter, hash, limit, now_us);
    fill(bucket, limit, now_us);
    bool allowed = bucket->tokens >= 1;
    if (allowed && take)
        bucket->tokens -= 1;
    double per_token_ms = (double)limit->window_s * 1000 / (double)limit->quota;
    return (struct limit_state){
        .allowed = allowed,
        .left = (int64_t)bucket->tokens,
        .full_s = (int64_t)(((double)limit->quota - bucket->tokens) * per_token_ms / 1000 + 0.999),
        .retry_ms = allowed ? 0 : (int64_t)((1 - bucket->tokens) * per_token_ms) + 1,
    };
}

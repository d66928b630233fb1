/* limiter.h: how many requests someone may make: a token bucket per name, in a table of fixed size. One thread.
 *
 * A bucket that holds `quota` tokens fills evenly within `window_s`; a request takes one. Of very many names the ones that
 * were seen longest ago are forgotten, and begin with full buckets when they come again. */
#ifndef WEIR_GUARD_LIMITER_H
#define WEIR_GUARD_LIMITER_H
#include "weir.h"

enum limit_kind { LIMIT_PRINCIPAL, LIMIT_ADDRESS, LIMIT_FAILURES, LIMIT_KINDS };

struct limit {
    int64_t quota; /* 0: no limit */
    int64_t window_s;
};

struct limit_state {
    bool allowed;
    int64_t left;     /* whole requests */
    int64_t full_s;   /* until the bucket is full, rounded up */
    int64_t retry_ms; /* until there is a token, when it is not allowed */
};

struct limiter;

struct limiter *limiter_new(void);
void limiter_free(struct limiter *); /* NULL is fine */
/* take: whether it costs a token when it is allowed. now_us: monotonic. */
struct limit_state limiter_ask(struct limiter *, enum limit_kind, const struct limit *, weir_bytes name, bool take,
                               int64_t now_us);
#endif

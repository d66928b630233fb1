/* expiry.h: when a row is too old to be seen: the one rule for reads, sweeps and compactions. */
#ifndef WEIR_STATE_EXPIRY_H
#define WEIR_STATE_EXPIRY_H
#include "state/store.h"

#define EXPIRY_NO_TIME INT64_MIN /* no stream time observed yet: nothing is expired */

struct expiry {
    int64_t retention_ms; /* since the window's start; 0: not a window store */
    int64_t ttl_ms;       /* since the row's timestamp; 0: never */
    size_t start_at;      /* of a window store: where the start stands, in bytes from the end of the key */
};

struct expiry expiry_of(const struct store_spec *);
bool expiry_has_expired(struct expiry, weir_bytes key, int64_t timestamp_ms, int64_t stream_time_ms);

static inline bool expiry_is_on(struct expiry expiry)
{
    return expiry.retention_ms > 0 || expiry.ttl_ms > 0;
}
#endif

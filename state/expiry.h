/* expiry.h: when a row is too old to be seen: the one rule for reads, sweeps and compactions. */
#ifndef WEIR_STATE_EXPIRY_H
#define WEIR_STATE_EXPIRY_H
#include "state/store.h"

#define EXPIRY_NO_TIME INT64_MIN /* no stream time observed yet: nothing is expired */

struct expiry {
    int64_t retention_ms; /* since the time in the key: a window's start, a session's end; 0: there is none */
    int64_t ttl_ms;       /* since the row's timestamp; 0: never */
    bool keeps_newest;    /* the ttl is that of ended versions; the newest is no such (versioned.h) */
    size_t time_at;       /* where that time stands, in bytes from the end of the key */
};

struct expiry expiry_of(const struct store_spec *);
/* The time in a key of a window or session store; EXPIRY_NO_TIME: it has none. */
int64_t expiry_key_time(struct expiry, weir_bytes key);
bool expiry_has_expired(struct expiry, weir_bytes key, int64_t timestamp_ms, int64_t stream_time_ms);

static inline bool expiry_is_on(struct expiry expiry)
{
    return expiry.retention_ms > 0 || expiry.ttl_ms > 0;
}
#endif

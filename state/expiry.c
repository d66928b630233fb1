/* expiry.c: see expiry.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/expiry.h"

#include "base/bytes.h"

enum { END_BYTES = 2, TIME_BYTES = 8, SEQUENCE_BYTES = 4 }; /* behind the key (state/keys.h) */

struct expiry expiry_of(const struct store_spec *spec)
{
    static const size_t time_at[] = {[STORE_WINDOW] = TIME_BYTES,
                                     [STORE_SESSION] = TIME_BYTES + TIME_BYTES,
                                     [STORE_JOIN] = TIME_BYTES + SEQUENCE_BYTES};
    if (spec->kind == STORE_KEY_VALUE)
        return (struct expiry){.ttl_ms = spec->ttl_ms};
    if (spec->kind == STORE_VERSIONED)
        return (struct expiry){.ttl_ms = spec->retention_ms, .keeps_newest = true, .time_at = TIME_BYTES};
    return (struct expiry){.retention_ms = spec->retention_ms, .time_at = time_at[spec->kind]};
}

static int64_t key_time(struct expiry expiry, weir_bytes key)
{
    if (key.size < END_BYTES + expiry.time_at)
        return EXPIRY_NO_TIME;
    uint64_t time = bytes_get_u64((const char *)key.data + key.size - expiry.time_at);
    return (int64_t)(time ^ (UINT64_C(1) << 63));
}

int64_t expiry_key_time(struct expiry expiry, weir_bytes key)
{
    return expiry.retention_ms > 0 ? key_time(expiry, key) : EXPIRY_NO_TIME;
}

/* A sum beyond the end of time never comes. */
static bool is_over(int64_t since_ms, int64_t lasts_ms, int64_t now_ms)
{
    int64_t end_ms;
    return !__builtin_add_overflow(since_ms, lasts_ms, &end_ms) && end_ms <= now_ms;
}

bool expiry_has_expired(struct expiry expiry, weir_bytes key, int64_t timestamp_ms, int64_t stream_time_ms)
{
    if (stream_time_ms == EXPIRY_NO_TIME)
        return false;
    if (expiry.keeps_newest && key_time(expiry, key) == INT64_MAX)
        return false;
    if (expiry.ttl_ms > 0)
        return is_over(timestamp_ms, expiry.ttl_ms, stream_time_ms);
    int64_t time_ms = expiry_key_time(expiry, key);
    return time_ms != EXPIRY_NO_TIME && is_over(time_ms, expiry.retention_ms, stream_time_ms);
}

/* expiry.c: see expiry.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state/expiry.h"

#include "base/bytes.h"

enum { END_BYTES = 2, START_BYTES = 8, SEQUENCE_BYTES = 4 }; /* behind the key of a window (state/keys.h) */

struct expiry expiry_of(const struct store_spec *spec)
{
    switch (spec->kind) {
    case STORE_KEY_VALUE:
        return (struct expiry){.ttl_ms = spec->ttl_ms};
    case STORE_WINDOW:
        return (struct expiry){.retention_ms = spec->retention_ms, .start_at = START_BYTES};
    case STORE_JOIN:
        break;
    }
    return (struct expiry){.retention_ms = spec->retention_ms, .start_at = START_BYTES + SEQUENCE_BYTES};
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
    if (expiry.ttl_ms > 0)
        return is_over(timestamp_ms, expiry.ttl_ms, stream_time_ms);
    if (expiry.retention_ms <= 0 || key.size < END_BYTES + expiry.start_at)
        return false;
    const char *start = (const char *)key.data + key.size - expiry.start_at;
    int64_t start_ms = (int64_t)(bytes_get_u64(start) ^ (UINT64_C(1) << 63));
    return is_over(start_ms, expiry.retention_ms, stream_time_ms);
}

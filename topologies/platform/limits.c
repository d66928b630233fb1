/* limits.c: what a client may still send, and which services should be called.
 *
 * The rate limit is a sliding window counter: what was allowed in the minute before counts with the part of it that still
 * lies within the last 60 seconds (Cloudflare, "How we built rate limiting capable of scaling to millions of domains",
 * 2017). A breaker opens when half of the latest requests failed, tries one after a while, and closes when that succeeds
 * (Michael Nygard, "Release It!", 2007). Both go by the events' own time.
 * SPDX-License-Identifier: Apache-2.0 */
#include "pieces.h"
#include "platform_views.h"
#include "request_event.h"

static const int64_t minute_ms = 60000;

/* ---- rate limits ---- */

static void slide(struct rate_limit *limit, int64_t minute)
{
    if (minute <= limit->minute)
        return;
    limit->previous = minute == limit->minute + 1 ? limit->current : 0;
    limit->current = 0;
    limit->minute = minute;
}

void limit_client(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct rate_limit *limit = aggregate;
    int64_t now_ms = request_event_value(record)->timestamp;
    (void)context;
    slide(limit, now_ms / minute_ms);
    int64_t into_ms = now_ms - limit->minute * minute_ms; /* a late event counts as the first of the minute */
    int64_t rest_ms = minute_ms - (into_ms > 0 ? into_ms : 0);
    int64_t used = limit->current + limit->previous * rest_ms / minute_ms;
    limit->limit = PLATFORM_REQUESTS_PER_MINUTE;
    limit->allow = used < limit->limit;
    limit->current += limit->allow;
    limit->denied += !limit->allow;
    limit->remaining = limit->allow ? limit->limit - used - 1 : 0;
    limit->reset = (limit->minute + 1) * minute_ms;
}

/* ---- circuit breakers ---- */

static void turn(struct circuit_breaker *breaker, int32_t state, int64_t at)
{
    breaker->state = state;
    breaker->since = at;
    breaker->opened += state == BREAKER_STATE_OPEN;
    breaker->outcomes = 0;
    breaker->counted = 0;
}

static void count_outcome(struct circuit_breaker *breaker, bool failed)
{
    const int64_t kept = ((int64_t)1 << PLATFORM_OUTCOMES) - 1;
    breaker->outcomes = ((breaker->outcomes << 1) | failed) & kept;
    if (breaker->counted < PLATFORM_OUTCOMES)
        breaker->counted++;
}

static bool has_failed_too_often(const struct circuit_breaker *breaker)
{
    int failures = __builtin_popcountll((unsigned long long)breaker->outcomes);
    return breaker->counted == PLATFORM_OUTCOMES && failures * 2 >= PLATFORM_OUTCOMES;
}

void watch_service(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct circuit_breaker *breaker = aggregate;
    const struct request_event *event = request_event_value(record);
    bool failed = event->status >= 500;
    (void)context;
    if (breaker->since == 0)
        breaker->since = event->timestamp;
    if (breaker->state == BREAKER_STATE_OPEN && event->timestamp >= breaker->since + PLATFORM_OPEN_MS)
        turn(breaker, BREAKER_STATE_HALF_OPEN, event->timestamp);
    if (breaker->state == BREAKER_STATE_HALF_OPEN) {
        turn(breaker, failed ? BREAKER_STATE_OPEN : BREAKER_STATE_CLOSED, event->timestamp);
    } else if (breaker->state == BREAKER_STATE_CLOSED) {
        count_outcome(breaker, failed);
        if (has_failed_too_often(breaker))
            turn(breaker, BREAKER_STATE_OPEN, event->timestamp);
    }
}

/* window_clock.c: see window_clock.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/window_clock.h"

enum { SLOWEST_OF_RECORDS = 8192 }; /* at least so many are looked back upon, at most twice as many */

void window_clock_open(struct window_clock *clock, int64_t told_ms)
{
    *clock = (struct window_clock){
        .observed_ms = -1, .told_ms = told_ms, .slowest_ms = INT64_MAX, .slowest_before_ms = INT64_MAX};
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t slowest_of_late(struct window_clock *clock, int64_t now_ms)
{
    clock->slowest_ms = smaller(clock->slowest_ms, now_ms);
    int64_t slowest_ms = smaller(clock->slowest_ms, clock->slowest_before_ms);
    if (++clock->run == SLOWEST_OF_RECORDS) {
        clock->slowest_before_ms = clock->slowest_ms;
        clock->slowest_ms = INT64_MAX;
        clock->run = 0;
    }
    return slowest_ms;
}

int64_t window_clock_observe(struct window_clock *clock, const struct execution *execution, int64_t timestamp_ms)
{
    if (timestamp_ms > clock->observed_ms)
        clock->observed_ms = timestamp_ms;
    int64_t now_ms = smaller(clock->observed_ms, execution->upstream_time_ms);
    int64_t told_ms = execution->upstream_time_ms == INT64_MAX ? now_ms : slowest_of_late(clock, now_ms);
    if (told_ms > clock->told_ms)
        clock->told_ms = told_ms;
    return now_ms;
}

/* window_clock.c: see window_clock.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "operators/window_clock.h"

#include "base/times.h"

void window_clock_open(struct window_clock *clock, int64_t told_ms)
{
    *clock = (struct window_clock){.observed_ms = -1, .told_ms = told_ms};
}

int64_t window_clock_observe(struct window_clock *clock, const struct execution *execution, int64_t timestamp_ms)
{
    if (timestamp_ms > clock->observed_ms)
        clock->observed_ms = timestamp_ms;
    int64_t told_ms = earlier(clock->observed_ms, execution->slowest_time_ms);
    if (told_ms > clock->told_ms)
        clock->told_ms = told_ms;
    return earlier(clock->observed_ms, execution->upstream_time_ms);
}

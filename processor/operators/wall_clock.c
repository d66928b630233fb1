/* wall_clock.c: the extractor of Kafka Streams' WallclockTimestampExtractor. The engine knows it and asks its own clock, so
 * that a test's clock counts; this is what anybody else gets.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "weir.h"

int64_t weir_wall_clock(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)record, (void)partition_time_ms;
    return clock_wall_ms(&clock_system);
}

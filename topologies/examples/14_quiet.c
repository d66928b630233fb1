/* 14_quiet.c: readings per sensor and minute, told once, also when nothing more comes.
 *
 * Without weir_tick the last minute of a sensor that falls silent would be told with the next reading of any sensor, or never.
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

weir_topology *example_quiet(void)
{
    weir_topology *t = weir_topology_new("example-quiet");
    weir_stream *readings = weir_from(t, "readings", &weir_str_type, &weir_str_type, .require_key = true);
    weir_table *minutes = weir_count(weir_group(readings), "readings-per-minute",
                                     .window = {.size = weir_minutes(1), .emit = WEIR_EMIT_ON_CLOSE});
    weir_tick(minutes, "readings", weir_seconds(30));
    weir_to(weir_changes(minutes), "readings-per-minute");
    return t;
}

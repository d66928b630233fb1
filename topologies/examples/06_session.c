/* 06_session.c: visits: a visitor's clicks that lie up to half an hour apart belong together.
 *
 * A visit is told once, when no click can belong to it any more.
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

weir_topology *example_session(void)
{
    weir_topology *t = weir_topology_new("example-session");
    weir_stream *clicks = weir_from(t, "clicks", &weir_str_type, &weir_str_type, .require_key = true);
    weir_table *visits =
        weir_count(weir_group(clicks), "visits",
                   .window = {.gap = weir_minutes(30), .grace = weir_minutes(1), .emit = WEIR_EMIT_ON_CLOSE});
    weir_to(weir_changes(visits), "visits");
    return t;
}

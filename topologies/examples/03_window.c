/* 03_window.c: page views per page and minute, by the time of the view.
 *
 * A view that comes up to ten minutes late is still counted; minutes stay readable for a day.
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

weir_topology *example_window(void)
{
    weir_topology *t = weir_topology_new("example-window");
    weir_stream *views = weir_from(t, "page-views", &weir_str_type, &weir_json_type, .require_key = true);
    weir_count(weir_group(views), "views-per-minute",
               .window = {.size = weir_minutes(1), .grace = weir_minutes(10), .retention = weir_days(1)});
    return t;
}

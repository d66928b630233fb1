/* takeover.c: the topology of Takeover.java, name for name. Topics that it reads begin with the environment's TAKEOVER_INPUTS, those
 * that it writes with TAKEOVER_OUTPUTS.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "weir.h"

static const void *kind(weir_context *context, const struct weir_record *event)
{
    (void)context;
    return event->value;
}

static const char *topic(const char *prefix, const char *name)
{
    static char names[8][200];
    static size_t next;
    char *full = names[next++ % 8];
    const char *text = getenv(prefix);
    snprintf(full, sizeof names[0], "%s%s", text ? text : "", name);
    return full;
}

static void tell(weir_table *table, const char *name)
{
    weir_to(weir_changes(table), topic("TAKEOVER_OUTPUTS", name));
}

static weir_topology *build(void)
{
    const struct weir_window tumbling = {.size = weir_seconds(10), .grace = weir_seconds(5)};
    const struct weir_window patient = {.size = weir_seconds(10), .grace = weir_days(1)};
    const struct weir_window session = {.gap = weir_seconds(5), .grace = weir_seconds(5)};
    weir_topology *t = weir_topology_new("takeover");
    weir_stream *events = weir_from(t, topic("TAKEOVER_INPUTS", "events"), &weir_str_type, &weir_str_type);
    weir_grouped *grouped = weir_group(events);
    tell(weir_count(grouped, "counts"), "counts");
    tell(weir_count(grouped, "windows", .window = tumbling), "windows");
    tell(weir_count(grouped, "sessions", .window = session), "sessions");
    weir_grouped *kinds = weir_group_by(events, "by-kind", &weir_str_type, kind);
    tell(weir_count(kinds, "kind-counts"), "kind-counts");
    tell(weir_count(kinds, "kind-windows", .window = patient), "kind-windows");
    tell(weir_table_from(t, topic("TAKEOVER_INPUTS", "accounts"), "accounts", &weir_str_type, &weir_str_type),
         "accounts");
    return t;
}

WEIR_EXPORT_TOPOLOGIES = {{"takeover", "counts, windows and sessions of another engine", build}, {NULL, NULL, NULL}};

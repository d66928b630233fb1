/* inputs.c: what tests/kafka/inputs_test runs: topics of unequal width that are merged, and all that match a pattern. Names of
 * topics begin with the environment's INPUTS, so that runs on one broker do not meet.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "weir.h"

static const char *named(const char *name)
{
    static char names[4][200];
    static size_t next;
    const char *prefix = getenv("INPUTS");
    char *full = names[next++ % 4];
    snprintf(full, sizeof names[0], "%s-%s", prefix ? prefix : "inputs", name);
    return full;
}

static const void *value_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->value;
}

static weir_topology *merged(void)
{
    weir_topology *t = weir_topology_new("merged");
    weir_stream *narrow = weir_from(t, named("narrow"), &weir_str_type, &weir_str_type);
    weir_stream *both = weir_merge(narrow, weir_from(t, named("wide"), &weir_str_type, &weir_str_type));
    weir_count(weir_group(both), "by-key");
    weir_count(weir_group_by(both, "by-value", &weir_str_type, value_of), "by-value");
    return t;
}

static weir_topology *matched(void)
{
    weir_topology *t = weir_topology_new("matched");
    weir_stream *all = weir_from_pattern(t, "all", named("in-.*"), &weir_str_type, &weir_str_type);
    weir_count(weir_group(all), "by-key");
    weir_count(weir_group_by(all, "by-value", &weir_str_type, value_of), "by-value");
    return t;
}

WEIR_EXPORT_TOPOLOGIES = {{"merged", "topics of unequal width", merged},
                          {"matched", "topics that match a pattern", matched},
                          {NULL, NULL, NULL}};

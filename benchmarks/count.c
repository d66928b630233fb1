/* count.c: the topology of the row "count": how many records has each key? A plugin: weir run count.so.
 * SPDX-License-Identifier: Apache-2.0 */
#include "weir.h"

static weir_topology *count(void)
{
    weir_topology *topology = weir_topology_new("benchmark-count");
    weir_stream *records = weir_from(topology, "benchmark.records", &weir_str_type, &weir_bytes_type);
    weir_count(weir_group(records), "counts");
    return topology;
}

/* No state: what passes through when each record is read, typed and written again. */
static weir_topology *copy(void)
{
    weir_topology *topology = weir_topology_new("benchmark-copy");
    weir_stream *records = weir_from(topology, "benchmark.records", &weir_str_type, &weir_bytes_type);
    weir_to(records, "benchmark.copies");
    return topology;
}

WEIR_EXPORT_TOPOLOGIES = {
    {"count", "counts the records of each key", count},
    {"copy", "writes each record to another topic", copy},
    {0},
};

/* A topology as one file: count words per key. */
#include "weir.h"

static weir_topology *build(void)
{
    weir_topology *topology = weir_topology_new("words");
    weir_stream *words = weir_from(topology, "words", &weir_str_type, &weir_str_type);
    weir_to(weir_changes(weir_count(weir_group(words), "word-counts")), "counts");
    return topology;
}

WEIR_EXPORT_TOPOLOGIES = {{"words", "counts words per key", build}, {NULL, NULL, NULL}};

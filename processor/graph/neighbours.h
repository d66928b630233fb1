/* neighbours.h: the order in which Kafka Streams' TopologyDescription prints the nodes before and behind a node.
 *
 * InternalTopologyBuilder.describeSubtopology links nodes one by one, in the order of a hash set, and puts each neighbour
 * into a sorted set: by the number of paths that begin at it, greatest first, then by name. The numbers grow while it
 * links, and what lies in a set already is not sorted again; so the order follows from how a TreeSet is built, and is
 * found by building one. */
#ifndef WEIR_GRAPH_NEIGHBOURS_H
#define WEIR_GRAPH_NEIGHBOURS_H
#include "graph/graph.h"

struct neighbours;

struct neighbours *neighbours_new(const struct graph_subtopology *);
void neighbours_free(struct neighbours *);
/* How many paths begin at the node, itself included; SIZE_MAX: that many or more. */
size_t neighbours_paths(const struct neighbours *, const struct graph_node *);
/* Calls visit for each node before (or behind) the node, in order. */
void neighbours_before(const struct neighbours *, const struct graph_node *,
                       void (*visit)(void *self, const struct graph_node *), void *self);
void neighbours_behind(const struct neighbours *, const struct graph_node *,
                       void (*visit)(void *self, const struct graph_node *), void *self);
#endif

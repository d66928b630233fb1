/* build.h: the contexts of one task: one per node of a sub-topology, linked as the graph is.
 *
 * Made once per task and used by its thread only. The runtime enters records at the context of a source node. */
#ifndef WEIR_OPERATORS_BUILD_H
#define WEIR_OPERATORS_BUILD_H
#include "operators/context.h"

struct context_set;

/* stores: one per graph_store of the sub-topology, by graph_store.index; they and the execution outlive the set. The
 * array itself is copied. Never NULL. */
struct context_set *context_build(const struct graph_subtopology *, struct execution *, struct store *const *stores);
/* The context of a node of the sub-topology; any other node is a programming error. */
weir_context *context_of(struct context_set *, const struct graph_node *);
/* Calls every operator's open, in node order; what they may not do latches in the execution. execution->arena must be
 * set. */
void context_open(struct context_set *);
/* When the first of what waits in the operators leaves, by stream time; INT64_MAX: nothing waits. */
int64_t context_due(struct context_set *);
/* Stream time went on to execution->timestamp_ms without a record: tells every operator, in node order. */
void context_advance_all(struct context_set *);
/* A commit begins, and nobody has a record in hand: every operator forwards what it holds for it, in node order, so that
 * what one of them causes another to hold goes, too. */
void context_tell_all(struct context_set *);
/* What was written down at a commit that is done is forwarded, in node order. */
void context_dispatch_all(struct context_set *);
/* Calls close in reverse node order, for the operators that were opened; a second call does nothing. */
void context_close(struct context_set *);
/* Frees the contexts, without calling close. NULL is fine. */
void context_free(struct context_set *);
#endif

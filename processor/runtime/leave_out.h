/* leave_out.h: a record that is left out of the results is told to the figures and, where the topology asks for it
 * (weir_drops), written to its topic of drops. */
#ifndef WEIR_RUNTIME_LEAVE_OUT_H
#define WEIR_RUNTIME_LEAVE_OUT_H
#include "runtime/task.h"

/* engine_calls.drop of a task: engine is the struct task. */
void leave_out_in_node(void *engine, weir_context *, const char *reason);
/* The record in hand, at a node. What cannot be written latches in the error. */
void leave_out(struct task *, const struct graph_node *, const char *reason, struct weir_error *);
/* The head of the source was processed before, so nothing is missing: it is counted, and not told to the topology. */
void leave_out_repeated(struct task *, const struct task_source *);
#endif

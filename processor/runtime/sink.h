/* sink.h: a sink's record to bytes, and out. */
#ifndef WEIR_RUNTIME_SINK_H
#define WEIR_RUNTIME_SINK_H
#include "operators/context.h"
#include "runtime/lineage.h"

struct task;

/* engine_calls.send of a task: engine is the struct task. What cannot be written latches. */
void sink_send(void *engine, weir_context *sink, const struct weir_record *);
/* Headers of a record to an internal topic: those given, and the lineage of the record in hand, which is numbered. */
struct weir_headers sink_lineage(struct task *, struct weir_headers, unsigned char bytes[LINEAGE_BYTES]);
#endif

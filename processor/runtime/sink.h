/* sink.h: a sink's record to bytes, and out. */
#ifndef WEIR_RUNTIME_SINK_H
#define WEIR_RUNTIME_SINK_H
#include "operators/context.h"

/* engine_calls.send of a task: engine is the struct task. What cannot be written latches. */
void sink_send(void *engine, weir_context *sink, const struct weir_record *);
#endif

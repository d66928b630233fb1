/* output.h: what the tasks of a loop give off: records to the collector, messages back to the consumer, figures to the app. */
#ifndef WEIR_RUNTIME_OUTPUT_H
#define WEIR_RUNTIME_OUTPUT_H
#include "runtime/task.h"

struct loop;

struct task_output output_of(struct loop *);
#endif

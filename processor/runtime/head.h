/* head.h: the oldest message of a source, decoded: the only one of its queue that is (RecordQueue of Kafka Streams). */
#ifndef WEIR_RUNTIME_HEAD_H
#define WEIR_RUNTIME_HEAD_H
#include "runtime/task.h"

/* Decodes the head; one that cannot be read is left out by its policy, and so the position moves also at the end of a
 * partition. False: the queue is empty now, the task has failed, or the schema registry has not yet said what the head was written by
 * (source->awaits_schema). */
bool head_prepare(struct task *, struct task_source *);
/* The head is done, whatever became of it: the position moves behind it, the message is given back. */
void head_finish(struct task *, struct task_source *);
#endif

/* ready.h: whether a task may go on although some of its inputs are empty (max.task.idle.ms, KIP-353 and KIP-695;
 * PartitionGroup.readyToProcess of Kafka Streams).
 *
 * Records of several inputs are processed in the order of their time only as far as all heads are known. So an input that is
 * empty here, but not at the broker, is waited for, however long that takes: a limit would turn a slow machine into wrong
 * answers. One that is empty there too is waited for as long as the idle time. */
#ifndef WEIR_RUNTIME_READY_H
#define WEIR_RUNTIME_READY_H
#include "runtime/task.h"

#define READY_NEVER_WAITS INT64_C(-1) /* max_idle_us of a task that takes what it has */

struct ready {
    int64_t max_idle_us;
    /* The broker holds, or may hold, records of the source that are not in its queue. */
    bool (*is_behind)(void *self, const struct task *, size_t source);
    void *self;
};

/* Remembers since when inputs are empty. now_us: any clock that goes on steadily. */
bool ready_to_process(const struct ready *, struct task *, int64_t now_us);
#endif

/* turns.h: whose record is next, of all sources of a test: the one with the smallest timestamp.
 *
 * Equal times come in the order of the binary heap of java.util.PriorityQueue, which is where the PartitionGroup of Kafka
 * Streams keeps its queues, so that they come as they do there. */
#ifndef WEIR_RUNTIME_TURNS_H
#define WEIR_RUNTIME_TURNS_H
#include "runtime/task.h"

struct turn { /* of a source whose head is decoded; in no more than one turn at a time */
    struct task *task;
    struct task_source *source;
};

struct turns {
    struct turn *heap;
    size_t count, capacity;
};

void turns_done(struct turns *);
void turns_add(struct turns *, struct turn);
/* False: nobody waits. */
bool turns_take(struct turns *, struct turn *out);
#endif

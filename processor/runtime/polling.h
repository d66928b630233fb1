/* polling.h: records from the consumer into the queues of tasks, no more than they may hold. */
#ifndef WEIR_RUNTIME_POLLING_H
#define WEIR_RUNTIME_POLLING_H
#include "runtime/task.h"

struct loop;

/* Waits until there are records, or something else is due. Calls back what membership.h gives the broker. False: the loop has
 * failed. */
bool polling_take(struct loop *);
void polling_resume_when_low(struct loop *, struct task *);
/* Whether the broker may hold records of an empty queue (ready.h); self: the loop. */
bool polling_is_behind(void *self, const struct task *, size_t source);
#endif

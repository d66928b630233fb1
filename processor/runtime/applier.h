/* applier.h: committed rows of a loop's tasks, from memory to RocksDB: when they are due, and when memory is full. While the disk
 * takes nothing and memory is full, nothing is processed: what is read waits in bounded queues, then at the broker. */
#ifndef WEIR_RUNTIME_APPLIER_H
#define WEIR_RUNTIME_APPLIER_H
#include "runtime/task.h"

struct loop;

void applier_run_when_due(struct loop *);
/* All stores of a task, before it changes hands; what cannot be written is told, for the changelog has it. */
void applier_apply(struct task *);
/* Of all tasks: what is not committed yet. */
size_t applier_overlay_bytes(const struct loop *);
#endif

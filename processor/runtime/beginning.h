/* beginning.h: where a source begins in a partition of which the group has committed nothing (enum weir_reset).
 *
 * A broker's consumer begins at the first record there is. Where that is not meant, the offset is found when the task gets
 * the partition and sought once it flows; from then on it is the source's position, also of a commit. */
#ifndef WEIR_RUNTIME_BEGINNING_H
#define WEIR_RUNTIME_BEGINNING_H
#include "runtime/task.h"

/* False: it cannot be told now, or WEIR_FATAL: the source may not begin by itself. now_ms: by the wall clock. */
bool beginning_find(struct broker *, const struct layout_source *, int32_t partition, int64_t now_ms, int64_t *offset,
                    struct weir_error *);
/* Before the first poll behind the resume of the task's sources; not from inside a rebalance function. */
void beginning_seek(const struct broker *, struct broker_consumer *, const struct task *);
#endif

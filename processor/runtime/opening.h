/* opening.h: a task of a loop is opened at what is committed, and its restore begun. */
#ifndef WEIR_RUNTIME_OPENING_H
#define WEIR_RUNTIME_OPENING_H
#include "broker/broker.h"
#include "runtime/task.h"

struct loop;

/* starts: by source of the part, as told at the assignment. A standby that is here becomes the task. A store that cannot be used
 * is made anew from its changelog; a broker that is not ready, or a directory that another instance on this machine is about to
 * give up, is asked again for a minute. NULL: error; WEIR_FENCED: the share is not this loop's any more. */
struct task *opening_open(struct loop *, int32_t part, int32_t partition, const struct broker_start *starts,
                          struct weir_error *);
#endif

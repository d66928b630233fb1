/* recovery.h: a loop after a commit that failed, or that was fenced. */
#ifndef WEIR_RUNTIME_RECOVERY_H
#define WEIR_RUNTIME_RECOVERY_H
#include <stdbool.h>

struct loop;

/* Ends what failed, then goes on from the last commit: with the tasks as they are, or, where they may belong to somebody
 * else by now or the outcome of their commit was unknown, as a new member. True also where nothing had failed; false: not
 * possible yet, or the loop has failed. */
bool recovery_finish(struct loop *);
#endif

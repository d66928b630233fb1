/* backlog.h: what comes in waits while what the tasks of a thread have written for each other lags.
 *
 * A thread takes its records as they come. Where it writes faster than it reads what it has written, that piles up at the
 * broker, and rows that an answer will need have left memory when it comes: a foreign-key join took in all that there was at
 * four times the speed at which it was answered, and read every row from the disk again. So records of internal topics go first.
 *
 * It is a preference, never a stop: a partition that does not move (its task restores, or waits for somebody) holds nobody up,
 * and nobody is held up for longer than a second at a time. Whose records lie with another instance is held up by none of them. */
#ifndef WEIR_RUNTIME_BACKLOG_H
#define WEIR_RUNTIME_BACKLOG_H
#include "runtime/task.h"

struct backlog {
    const struct layout *layout;
    int64_t lag_max;
    int64_t looked_us;
    struct backlog_part *parts;
};

/* lag_max: records of internal topics, of which more hold up what comes in. The layout's partitions need not be known yet. */
void backlog_init(struct backlog *, const struct layout *, int64_t lag_max);
void backlog_done(struct backlog *);

/* How far a source's partition goes, as broker_ops.consumer_end says. */
typedef int64_t backlog_end(void *self, const struct task *, size_t source);
/* Looks, every few milliseconds, how much is to be read by the tasks. now_us: any clock that goes on steadily. */
void backlog_look(struct backlog *, struct task *const *, size_t count, backlog_end *, void *self, int64_t now_us);
/* The source's next record waits. Never where one of an internal topic waits behind it for its turn. */
bool backlog_holds(const struct backlog *, const struct task *, const struct task_source *);
#endif

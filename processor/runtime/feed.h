/* feed.h: what commits change in views, kept for readers that follow them (weir_feed_open).
 *
 * A feed is one view that somebody follows. Of each partition here it keeps the rows of the latest commits, oldest first, up
 * to a bound in bytes. Where nobody follows a view, a commit looks at one counter and that is all.
 * A mark is the end of the store's changelog as of a commit (of a row inside a commit: one for each row before it, for each row
 * is a record there), so it means the same on every instance and after a restart. A store without a changelog is marked from a
 * time by the wall clock on, so that no mark of an earlier life is taken for one of this. */
#ifndef WEIR_RUNTIME_FEED_H
#define WEIR_RUNTIME_FEED_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feed;
struct task;

struct feeds { /* of one app */
    pthread_mutex_t lock;
    struct feed *first;
    _Atomic size_t count;
};

void feeds_init(struct feeds *);
void feeds_done(struct feeds *); /* all are closed */

/* The marks of a task whose stores have come to a commit, before others see it run. */
void feed_begin(struct task *);
/* To be called while a commit is being published (task.h, publishing), before store_publish of that store; changelog_position is
 * the one it is published with. */
void feed_take(struct task *, size_t store, int64_t changelog_position);
void feed_tell(struct task *); /* when it has been published: whoever follows is told */
#endif

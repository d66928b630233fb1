/* standbys.h: copies of the state of tasks that are active elsewhere, kept up to date so that this instance can take them
 * over, and answers queries with consistency=any meanwhile.
 *
 * A standby is a task without operators. One thread reads the changelogs of all of them, asks the group once in a while what
 * is committed, and applies the changelogs up to there and no further: every task's stores are published together at a
 * commit, so that what a standby shows is the state of a commit, too, only an older one. Records behind the last known
 * commit wait in a bounded queue; when it is full, reading stops.
 *
 *   gone elsewhere:  loop --standbys_give--> standby          (the stores stay open, nothing is read again)
 *   placed here:     task_open, restored as a task is (restore.h), then followed
 *   assigned here:   standby --standbys_take--> loop           (the loop restores what has been committed since)
 *
 * Where a standby belongs is decided by peers.h. One that is not wanted any more is kept for a while, for it may be the only
 * copy while others are still being restored. All functions from any thread; NULL standbys: there are none. */
#ifndef WEIR_RUNTIME_STANDBYS_H
#define WEIR_RUNTIME_STANDBYS_H
#include "runtime/task.h"

struct standbys;
struct weir_app;

/* NULL: num.standby.replicas is 0, or the broker has no group to ask, or an error. */
struct standbys *standbys_start(struct weir_app *, struct weir_error *);
/* The same without a thread: whoever has made it turns it again and again. */
struct standbys *standbys_new(struct weir_app *);
void standbys_turn(struct standbys *);
/* Closes them all, durably. */
void standbys_stop(struct standbys *);

/* The task of that share, if it is here: its stores are applied (store_apply), it stays registered with the app and is the
 * caller's (task_resume). NULL: it is not here. */
struct task *standbys_take(struct standbys *, int32_t part, int32_t partition);
/* Takes a task that is running and has nothing uncommitted, with its place in the app's registry. False: it has no stores
 * worth keeping; the task is still the caller's. */
bool standbys_give(struct standbys *, struct task *);
#endif

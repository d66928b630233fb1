/* membership.h: a loop as a member of the group: what it is given becomes tasks, what it is to give back is committed first.
 *
 * The broker calls back inside a poll, and nothing waits there: an opened task restores beside the others (restore.h). */
#ifndef WEIR_RUNTIME_MEMBERSHIP_H
#define WEIR_RUNTIME_MEMBERSHIP_H
#include "weir.h"

struct loop;

/* Opens the consumer. False: error. */
bool membership_join(struct loop *, struct weir_error *);
/* Leaves without a commit and joins as a new member. False: the loop has failed. */
bool membership_renew(struct loop *);
/* Where other topics match a pattern than those that the consumer reads: commits, leaves, and joins to read them. False: that
 * went wrong, and the turn is over. */
bool membership_follow(struct loop *);
/* After a failure: whether topics that matched have gone, so that joining anew is the answer. Waits a moment for what the broker
 * says. */
bool membership_has_lost_topics(struct loop *);
/* Closes all tasks; what was not committed is forgotten. */
void membership_drop_all(struct loop *);
#endif

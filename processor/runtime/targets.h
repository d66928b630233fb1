/* targets.h: what is committed of the tasks that standbys follow: how far they may go. */
#ifndef WEIR_RUNTIME_TARGETS_H
#define WEIR_RUNTIME_TARGETS_H

struct standbys;

/* Asks the group, without the lock, and tells every standby that is not on its way to an older commit; one that has not begun
 * begins its restore. An answer that does not come changes nothing. */
void targets_ask(struct standbys *);
#endif

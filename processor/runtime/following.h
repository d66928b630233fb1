/* following.h: one standby follows its changelogs up to what is committed, and shows a commit at a time (standbys.h). */
#ifndef WEIR_RUNTIME_FOLLOWING_H
#define WEIR_RUNTIME_FOLLOWING_H
#include "runtime/standbys_private.h"

/* From the commit that its stores hold, which is where its changelogs are followed from. */
void following_begin(struct standby *);
/* A batch of records for all that are followed. idle becomes false when some came; false: error. */
bool following_read(struct standbys *, bool *idle, struct weir_error *);
/* Applies what has come, up to the target. False: error. */
bool following_step(struct standbys *, struct standby *, struct weir_error *);
bool following_has_reached(const struct standby *); /* its target */
/* What of the inputs the target contains becomes what the standby says of itself. */
void following_show_inputs(const struct standby *);
void following_end(struct standbys *, struct standby *);
#endif

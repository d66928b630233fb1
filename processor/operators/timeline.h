/* timeline.h: keys in the order of a time, equal times in the order of their bytes: what waits for its time to come.
 *
 * In memory only: an operator makes it anew from its store when it opens. */
#ifndef WEIR_OPERATORS_TIMELINE_H
#define WEIR_OPERATORS_TIMELINE_H
#include "weir.h"

struct timeline;

struct timeline *timeline_new(void);
void timeline_free(struct timeline *);                                 /* NULL is fine */
void timeline_add(struct timeline *, int64_t time_ms, weir_bytes key); /* again: nothing happens */
void timeline_remove(struct timeline *, int64_t time_ms, weir_bytes key);
/* The first of all; false: there is none. The key lives until the next change. */
bool timeline_first(const struct timeline *, int64_t *time_ms, weir_bytes *key);
#endif

/* places.h: who tells a reader of changes which partition: this instance, another one, or for the moment nobody. */
#ifndef WEIR_HTTP_PLACES_H
#define WEIR_HTTP_PLACES_H
#include "http/follower.h"

/* Nobody tells anything yet; to be called once, when the reader may ask others. */
void places_init(struct follower *, int64_t now_us);
/* To be called now and then: partitions that nobody tells are looked for here and among the other instances; those that have moved on are
 * left; a client that has waited for a while is told that one is "away". */
void places_look(struct follower *, int64_t now_us);
#endif

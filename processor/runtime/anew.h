/* anew.h: how the changelog of a versioned store says that what was put under a key does not hold (VERSION_ANEW): a record
 * without a value and with the header "__weir.anew", since when, 8 bytes big-endian, behind which the history of the key
 * follows. Kafka Streams takes it for a deletion at time 0, before all versions. */
#ifndef WEIR_RUNTIME_ANEW_H
#define WEIR_RUNTIME_ANEW_H
#include "state/versioned.h"

/* Makes such a row what is sent; the header lives in the arena. Other rows stay as they are, as do other records below. */
void anew_write(struct store_row *logged, weir_arena *, struct weir_headers *);
/* Makes such a record the row it stands for. */
void anew_read(struct store_row *logged, struct weir_headers);
#endif

/* anew.h: how the changelog of a versioned store says that nothing that was put under a key holds (VERSION_ANEW): a record
 * with the header "__weir.anew", when history begins, 8 bytes big-endian, behind which the history of the key follows. Its
 * value and timestamp are those of the version that is valid then and has begun before; without one, no value and 0. So
 * the last record of a key, which is what compaction keeps, says its newest value. Kafka Streams takes it for that version
 * once more, or for a deletion at time 0, before all versions. */
#ifndef WEIR_RUNTIME_ANEW_H
#define WEIR_RUNTIME_ANEW_H
#include "state/versioned.h"

/* Makes such a row what is sent; the header lives in the arena. Other rows stay as they are, as do other records below. */
void anew_write(struct store_row *logged, weir_arena *, struct weir_headers *);
/* Makes such a record the row it stands for; its value may live in the arena. */
void anew_read(struct store_row *logged, weir_arena *arena, struct weir_headers);
#endif

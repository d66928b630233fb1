/* join_store.h: one side of a stream-stream join: every record of the retention, by key, time and a sequence number. */
#ifndef WEIR_OPERATORS_JOIN_STORE_H
#define WEIR_OPERATORS_JOIN_STORE_H
#include "operators/context.h"

enum { JOIN_STORE_SEQUENCE_MAX = INT32_MAX }; /* RocksDBWindowStore counts round in 31 bits */

/* The number behind which those of a store go on whose changelog ends at that position; -1: there was nothing yet. Kafka Streams begins
 * at 0 again when it starts, and can meet its own numbers. */
uint32_t join_store_sequence(int64_t position);
/* Keeps the record under its timestamp. A sequence number must not come twice for one key and time. */
void join_store_put(struct weir_store *, const struct weir_record *, uint32_t sequence);

struct join_rows {
    struct weir_record *items; /* in the record arena, by time, then by sequence */
    size_t count;
};
/* Those of the key with from_ms <= timestamp <= to_ms; both at least 0. False: latched. */
bool join_store_fetch(struct weir_store *, const void *key, int64_t from_ms, int64_t to_ms, struct join_rows *);
#endif

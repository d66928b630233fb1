/* evicted.h: what RocksDB alone holds of a store of windows, as far as memory can tell: up to which time, and of which groups
 * (table.h), so that a read which would find nothing there is spared.
 *
 * Every eviction adds its groups to the newest part, or begins one where that is full. A part knows the greatest time in a key
 * that was there when it was added to, and goes whole when that has expired. What does not fit into the memory that is
 * given goes too, the oldest first; then nothing is known of its times but that they may be there. Task's thread. */
#ifndef WEIR_STATE_EVICTED_H
#define WEIR_STATE_EVICTED_H
#include <stdatomic.h>

#include "state/bloom.h"
#include "state/expiry.h"
#include "state/table.h"

struct evicted_part {
    struct bloom groups;
    size_t held, room; /* groups that were added, that it was made for */
    int64_t newest_ms; /* no row of them has a later time in its key */
};

struct evicted {
    int64_t unknown_until_ms;   /* of no later time is there a row that no part knows; EXPIRY_NO_TIME: there is none */
    struct evicted_part *parts; /* the oldest first */
    size_t count, capacity;
    _Atomic size_t bytes; /* of all parts [any] */
    size_t bytes_max;
};

void evicted_init(struct evicted *, int64_t unknown_until_ms, size_t bytes_max);
void evicted_done(struct evicted *);
/* Rows of no later time were written to RocksDB past the table. */
void evicted_unknown(struct evicted *, int64_t newest_ms);
/* The table's rows leave memory; none has a later time than newest_ms (EXPIRY_NO_TIME: they have none). */
void evicted_add(struct evicted *, const struct table *, struct expiry, int64_t newest_ms, int64_t stream_time_ms);
/* Can there be a row of that group (its table_hash) at from_ms or later? */
bool evicted_may_hold(const struct evicted *, uint64_t group_hash, int64_t from_ms);
#endif

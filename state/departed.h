/* departed.h: of which keys rows have left memory: who looks for those of another key need not ask RocksDB.
 *
 * Each time rows leave, a filter over the hashes of their groups (table.h) stays, two bytes for each: it may take a group for
 * one that has left (one in a few hundred), never the other way round. What is known of the oldest goes when there is too
 * much of it; then only their greatest time is kept, and whoever looks that far back has to ask. */
#ifndef WEIR_STATE_DEPARTED_H
#define WEIR_STATE_DEPARTED_H
#include "state/table.h"

struct departure;
struct departed {
    struct departure *items; /* in order of their times */
    size_t count, capacity;
    size_t bytes;
    int64_t
        unknown_until_ms; /* of any group there may be rows up to this time, that of their keys; INT64_MIN: there are none */
};

void departed_init(struct departed *, int64_t unknown_until_ms);
void departed_done(struct departed *);
/* All groups of a table, none of whose rows is of a later time. */
void departed_add(struct departed *, const struct table *, int64_t until_ms, size_t bytes_max);
/* Rows of any group, none of them later. */
void departed_add_unknown(struct departed *, int64_t until_ms);
/* False: no row of the group that is from_ms or later has left. */
bool departed_may_have(const struct departed *, uint64_t group_hash, int64_t from_ms);
#endif

/* departed.h: rows that have left memory: which keys they have, and where there is room for it, the rows themselves.
 *
 * Each time rows leave, a filter over the hashes of their groups (table.h) stays, two bytes for each: it may take a group for
 * one that has left (one in a few hundred), never the other way round. Who looks for those of another key need not ask RocksDB.
 * Beside it the rows are written down once more, in the order of the filter's words, in a file without a name (scratch.h): a
 * key's rows are read from there at once, where RocksDB would search several files (DECISIONS.md 73). RocksDB has them all in
 * any case: what cannot be written or read there is asked for there.
 * What is known of the oldest goes when there is too much of it; then only their greatest time is kept, and whoever looks that
 * far back has to ask. */
#ifndef WEIR_STATE_DEPARTED_H
#define WEIR_STATE_DEPARTED_H
#include "base/buffer.h"
#include "state/scratch.h"
#include "state/table.h"

struct departure;
struct departed {
    struct departure *items; /* in order of their times */
    size_t count, capacity;
    size_t bytes;
    int64_t
        unknown_until_ms; /* of any group there may be rows up to this time, that of their keys; INT64_MIN: there are none */
    struct scratch rows; /* not open: filters only */
};

struct departed_rows { /* of one group, in order of their keys, each key once; some may be deleted */
    struct store_row *items;
    size_t count, capacity;
    struct buffer bytes; /* what they point to */
};

enum departed_answer { DEPARTED_NONE, DEPARTED_FOUND, DEPARTED_UNKNOWN /* RocksDB must be asked */ };

/* directory: where rows are written down; NULL: nowhere. */
void departed_init(struct departed *, int64_t unknown_until_ms, const char *directory);
void departed_done(struct departed *);
/* All groups of a table, none of whose rows is of a later time. What is known of the oldest is forgotten while all takes more
 * than the greatest bytes_max it was given with. */
void departed_add(struct departed *, const struct table *, int64_t until_ms, size_t bytes_max);
/* Rows of any group, none of them later. */
void departed_add_unknown(struct departed *, int64_t until_ms);
/* No row up to this time is looked for any more. */
void departed_forget(struct departed *, int64_t until_ms);
/* False: no row of the group that is from_ms or later has left. */
bool departed_may_have(const struct departed *, uint64_t group_hash, int64_t from_ms);
/* The group's rows with from <= key < to, the times of whose keys are from_ms or later, and perhaps some that are in memory too. */
enum departed_answer departed_find(const struct departed *, uint64_t group_hash, int64_t from_ms, weir_bytes from,
                                   weir_bytes to, struct departed_rows *);
void departed_rows_done(struct departed_rows *);
#endif

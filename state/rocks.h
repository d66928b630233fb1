/* rocks.h: the durable level: RocksDB as the stores see it, and nothing of RocksDB's own.
 *
 * One database per task, one column family per store. A row is stored under 0x01 and its key as its timestamp (8 bytes,
 * big-endian) and its value; what the store knows about itself (struct rocks_marks) under 0x00 and a name, in the
 * same family and the same batch as the rows it speaks of. The write-ahead log is off: the changelog is the log.
 * [any]: from any thread; everything else from the task's thread. */
#ifndef WEIR_STATE_ROCKS_H
#define WEIR_STATE_ROCKS_H
#include "state/expiry.h"
#include "state/store.h"

struct rocks;
struct rocks_family;
struct rocks_bulk;
typedef void rocks_bulk_gather(void *self, struct rocks_bulk *); /* calls rocks_bulk_row for each row */
struct rocks_snapshot;
struct rocks_walk;

struct rocks_marks {  /* what a store knows about itself; EXPIRY_NO_TIME: none */
    int64_t position; /* -1: nothing restored yet */
    int64_t stream_time_ms;
    int64_t written_ms; /* the greatest time in a key that was written */
};

void rocks_set_cache(size_t bytes); /* [any] */
size_t rocks_cache_bytes(void);     /* that it holds [any] */

struct rocks_ops {
    struct rocks *(*open)(const char *directory, size_t memtable_bytes, struct weir_error *);
    bool (*close)(struct rocks *, bool flush, struct weir_error *);
    /* Another database with what is written here by now, in a directory that does not exist yet, on the same file system:
     * its files are these files. NULL where that is not possible. [any] */
    bool (*copy)(struct rocks *, const char *directory, struct weir_error *);

    /* The family of that name, created where it does not exist; lives as long as the database. */
    struct rocks_family *(*family_open)(struct rocks *, const char *name, struct weir_error *);
    bool (*family_marks)(struct rocks_family *, struct rocks_marks *, struct weir_error *);
    /* Compactions from now on drop rows that have expired at this stream time. [any] */
    void (*family_expire)(struct rocks_family *, struct expiry, int64_t stream_time_ms);
    bool (*family_is_empty)(struct rocks_family *); /* no row was ever written [any] */
    int64_t (*family_rows)(struct rocks_family *);  /* exact up to 1000, then an estimate; up to 500 ms old [any] */
    size_t (*family_memory)(struct rocks_family *); /* bytes of its memtables [any] */
    /* Hardly anybody reads it: its files are merged less often, until the database is closed. A hint. */
    void (*family_read_seldom)(struct rocks_family *);

    /* Value in the arena. False and code untouched: absent. [any] */
    bool (*get)(struct rocks_family *, weir_bytes key, weir_arena *, struct store_row *out, struct weir_error *);

    /* A batch: rows are gathered, then written whole or not at all. */
    void (*batch_row)(struct rocks_family *, const struct store_row *);
    void (*batch_marks)(struct rocks_family *, struct rocks_marks);
    size_t (*batch_bytes)(struct rocks_family *);
    bool (*batch_write)(struct rocks_family *, struct weir_error *); /* empties it, also on failure */

    /* Many rows at once, sorted by key, each key once; marks go with them. close frees it, always: false, and nothing is
     * written. It waits for the disk, unless finish began that before and it is finished. finish: beside the task, also the
     * rows are gathered there, by one call. */
    struct rocks_bulk *(*bulk_open)(struct rocks_family *, struct rocks_marks);
    void (*bulk_row)(struct rocks_bulk *, const struct store_row *);
    void (*bulk_finish)(struct rocks_bulk *, rocks_bulk_gather *, void *self);
    bool (*bulk_is_finished)(struct rocks_bulk *);
    bool (*bulk_close)(struct rocks_bulk *, struct weir_error *);

    /* The family as it is now, for walks that are opened later. What expires meanwhile may be gone from them: RocksDB
     * lets a compaction filter drop rows that a snapshot still names. [any] */
    struct rocks_snapshot *(*snapshot_open)(struct rocks_family *);
    void (*snapshot_close)(struct rocks_snapshot *); /* after its walks; NULL is fine */

    /* A walk over the family as it was when the walk, or the snapshot, was opened; used by one thread at a time. [any] */
    struct rocks_walk *(*walk_open)(struct rocks_family *);
    struct rocks_walk *(*walk_open_at)(const struct rocks_snapshot *);
    void (*walk_close)(struct rocks_walk *); /* NULL is fine */
    /* Stands before the first row of from <= key < to (NULL data: unbounded; to must live as long as the walk goes on). */
    void (*walk_seek)(struct rocks_walk *, weir_bytes from, weir_bytes to, bool descending);
    /* False: at the end, or an error. The row lives until the next call. */
    bool (*walk_next)(struct rocks_walk *, struct store_row *out, struct weir_error *);
};

/* RocksDB, unless a simulator put its own memory there, which loses what a crash would lose. For the whole process. */
extern const struct rocks_ops rocks_disk;
extern const struct rocks_ops *rocks_level;

static inline struct rocks *rocks_open(const char *directory, size_t memtable_bytes, struct weir_error *error)
{
    return rocks_level->open(directory, memtable_bytes, error);
}
static inline bool rocks_close(struct rocks *rocks, bool flush, struct weir_error *error)
{
    return rocks_level->close(rocks, flush, error);
}
bool rocks_copy(struct rocks *, const char *directory, struct weir_error *);
static inline struct rocks_family *rocks_family_open(struct rocks *rocks, const char *name, struct weir_error *error)
{
    return rocks_level->family_open(rocks, name, error);
}
static inline bool rocks_family_marks(struct rocks_family *family, struct rocks_marks *marks, struct weir_error *error)
{
    return rocks_level->family_marks(family, marks, error);
}
static inline void rocks_family_expire(struct rocks_family *family, struct expiry expiry, int64_t stream_time_ms)
{
    rocks_level->family_expire(family, expiry, stream_time_ms);
}
static inline bool rocks_family_is_empty(struct rocks_family *family)
{
    return rocks_level->family_is_empty(family);
}
static inline int64_t rocks_family_rows(struct rocks_family *family)
{
    return rocks_level->family_rows(family);
}
static inline void rocks_family_read_seldom(struct rocks_family *family)
{
    rocks_level->family_read_seldom(family);
}
static inline size_t rocks_family_memory(struct rocks_family *family)
{
    return rocks_level->family_memory(family);
}
static inline bool rocks_get(struct rocks_family *family, weir_bytes key, weir_arena *arena, struct store_row *out,
                             struct weir_error *error)
{
    return rocks_level->get(family, key, arena, out, error);
}
static inline void rocks_batch_row(struct rocks_family *family, const struct store_row *row)
{
    rocks_level->batch_row(family, row);
}
static inline void rocks_batch_marks(struct rocks_family *family, struct rocks_marks marks)
{
    rocks_level->batch_marks(family, marks);
}
static inline size_t rocks_batch_bytes(struct rocks_family *family)
{
    return rocks_level->batch_bytes(family);
}
static inline bool rocks_batch_write(struct rocks_family *family, struct weir_error *error)
{
    return rocks_level->batch_write(family, error);
}
static inline struct rocks_bulk *rocks_bulk_open(struct rocks_family *family, struct rocks_marks marks)
{
    return rocks_level->bulk_open(family, marks);
}
static inline void rocks_bulk_row(struct rocks_bulk *bulk, const struct store_row *row)
{
    rocks_level->bulk_row(bulk, row);
}
static inline void rocks_bulk_finish(struct rocks_bulk *bulk, rocks_bulk_gather *gather, void *self)
{
    rocks_level->bulk_finish(bulk, gather, self);
}
static inline bool rocks_bulk_is_finished(struct rocks_bulk *bulk)
{
    return rocks_level->bulk_is_finished(bulk);
}
static inline bool rocks_bulk_close(struct rocks_bulk *bulk, struct weir_error *error)
{
    return rocks_level->bulk_close(bulk, error);
}
static inline struct rocks_walk *rocks_walk_open(struct rocks_family *family)
{
    return rocks_level->walk_open(family);
}
static inline struct rocks_snapshot *rocks_snapshot_open(struct rocks_family *family)
{
    return rocks_level->snapshot_open(family);
}
static inline void rocks_snapshot_close(struct rocks_snapshot *snapshot)
{
    rocks_level->snapshot_close(snapshot);
}
static inline struct rocks_walk *rocks_walk_open_at(const struct rocks_snapshot *snapshot)
{
    return rocks_level->walk_open_at(snapshot);
}
static inline void rocks_walk_close(struct rocks_walk *walk)
{
    rocks_level->walk_close(walk);
}
static inline void rocks_walk_seek(struct rocks_walk *walk, weir_bytes from, weir_bytes to, bool descending)
{
    rocks_level->walk_seek(walk, from, to, descending);
}
static inline bool rocks_walk_next(struct rocks_walk *walk, struct store_row *out, struct weir_error *error)
{
    return rocks_level->walk_next(walk, out, error);
}
#endif

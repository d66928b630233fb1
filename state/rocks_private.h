/* rocks_private.h: what the files rocks*.c share. Only they include it. */
#ifndef WEIR_STATE_ROCKS_PRIVATE_H
#define WEIR_STATE_ROCKS_PRIVATE_H
#include <rocksdb/c.h>
#include <stdatomic.h>

#include "base/buffer.h"
#include "state/rocks.h"

enum { ROCKS_META = 0, ROCKS_ROW = 1, ROCKS_TIMESTAMP_BYTES = 8 };

struct rocks_family {
    struct rocks *rocks;
    char *name;
    rocksdb_options_t *options;
    rocksdb_compactionfilter_t *filter;
    rocksdb_column_family_handle_t *handle;
    rocksdb_writebatch_t *batch;
    struct buffer key, value; /* scratch of the batch */
    _Atomic bool is_empty;
    struct expiry expiry; /* read by compactions once there is a stream time: written before, and once */
    _Atomic int64_t stream_time_ms;
    _Atomic int64_t counted_rows, counted_us; /* the last count and when it was made; 0: never */
};

struct rocks {
    char *directory;
    rocksdb_options_t *options;
    rocksdb_readoptions_t *read;
    rocksdb_writeoptions_t *write;
    rocksdb_t *database;
    struct rocks_family **families;
    size_t count, capacity;
};

#define ROCKS_POSITION "position"
#define ROCKS_STREAM_TIME "stream-time"
#define ROCKS_WRITTEN_TIME "written-time"

/* What RocksDB holds for a row or a mark; both clear the buffer first. */
void rocks_key(struct buffer *, unsigned char kind, const void *data, size_t size);
void rocks_value(struct buffer *, const struct store_row *);

/* What rocks_disk is made of. */
struct rocks *rocks_disk_open(const char *directory, size_t memtable_bytes, struct weir_error *);
bool rocks_disk_close(struct rocks *, bool flush, struct weir_error *);
bool rocks_disk_copy(struct rocks *, const char *directory, struct weir_error *);
struct rocks_family *rocks_disk_family_open(struct rocks *, const char *name, struct weir_error *);
bool rocks_disk_family_marks(struct rocks_family *, struct rocks_marks *, struct weir_error *);
void rocks_disk_family_expire(struct rocks_family *, struct expiry expiry, int64_t stream_time_ms);
bool rocks_disk_family_is_empty(struct rocks_family *);
int64_t rocks_disk_family_rows(struct rocks_family *);
size_t rocks_disk_family_memory(struct rocks_family *);
void rocks_disk_family_read_seldom(struct rocks_family *);
bool rocks_disk_get(struct rocks_family *, weir_bytes key, weir_arena *, struct store_row *out, struct weir_error *);
void rocks_disk_batch_row(struct rocks_family *, const struct store_row *row);
void rocks_disk_batch_marks(struct rocks_family *, struct rocks_marks marks);
size_t rocks_disk_batch_bytes(struct rocks_family *);
bool rocks_disk_batch_write(struct rocks_family *, struct weir_error *);
struct rocks_bulk *rocks_disk_bulk_open(struct rocks_family *, struct rocks_marks marks);
void rocks_disk_bulk_row(struct rocks_bulk *, const struct store_row *row);
void rocks_disk_bulk_finish(struct rocks_bulk *, rocks_bulk_gather *, void *self);
bool rocks_disk_bulk_is_finished(struct rocks_bulk *);
bool rocks_disk_bulk_close(struct rocks_bulk *, struct weir_error *);
struct rocks_snapshot *rocks_disk_snapshot_open(struct rocks_family *);
void rocks_disk_snapshot_close(struct rocks_snapshot *);
struct rocks_walk *rocks_disk_walk_open(struct rocks_family *);
struct rocks_walk *rocks_disk_walk_open_at(const struct rocks_snapshot *);
void rocks_disk_walk_close(struct rocks_walk *);
void rocks_disk_walk_seek(struct rocks_walk *, weir_bytes from, weir_bytes to, bool descending);
bool rocks_disk_walk_next(struct rocks_walk *, struct store_row *out, struct weir_error *);

/* Takes message (may be NULL: then true). Maps RocksDB's text to a code; `where` is a directory or a store. */
bool rocks_check(char *message, const char *where, struct weir_error *);
#endif

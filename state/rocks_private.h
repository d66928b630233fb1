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

/* Takes message (may be NULL: then true). Maps RocksDB's text to a code; `where` is a directory or a store. */
bool rocks_check(char *message, const char *where, struct weir_error *);
#endif

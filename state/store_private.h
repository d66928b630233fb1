/* store_private.h: the inside of a store, for the files that implement store.h. */
#ifndef WEIR_STATE_STORE_PRIVATE_H
#define WEIR_STATE_STORE_PRIVATE_H
#include <stdatomic.h>

#include "base/bytes.h"
#include "state/committed.h"
#include "state/database.h"
#include "state/departed.h"
#include "state/run.h"

struct store_hint { /* what the latest get met below the overlay, for the put that usually follows */
    uint64_t hash;
    struct table_row *row; /* committed; NULL: none there */
    bool is_absent;        /* in every level */
};

struct store_times {
    int64_t written_ms; /* greatest time in a key that was written; EXPIRY_NO_TIME: none */
    int64_t emitted_ms; /* windows that closed by then have been emitted; EXPIRY_NO_TIME: none */
};

struct store_watch {
    store_put_seen *seen; /* NULL: nobody looks on */
    void *self;
};

struct versions {             /* of a versioned store */
    struct buffer key, value; /* scratch: of a row that is written */
    struct buffer log;        /* what was put since the last commit */
    struct table anew; /* keys whose histories were logged in it, and nothing of them behind; no slots: none ever */
    weir_arena arena;  /* of a put */
};

struct leaving {             /* committed rows on their way into RocksDB */
    struct rocks_bulk *bulk; /* NULL: none are */
    struct table_row **rows; /* sorted when they have been gathered */
    size_t count;
    struct rocks_marks marks; /* as of the commit that they are of */
    bool evict;               /* they need not stay in memory */
};

struct store {
    const struct store_spec *spec;
    struct database *database;
    struct rocks_family *family; /* NULL: in memory only */
    struct expiry expiry;
    struct table overlay;
    struct committed committed;
    struct store_hint hint;
    struct store_watch watch;
    size_t private_rows;                       /* of the overlay */
    bool below_known;                          /* committed rows named by the overlay are still there */
    struct store_times times, committed_times; /* as of now; as of the last commit */
    int64_t observed_ms;        /* stream time, EXPIRY_NO_TIME: none; the committed level has its own, older one */
    struct rocks_marks applied; /* what RocksDB holds */
    struct leaving leaving;
    struct departed departed;     /* rows that RocksDB alone holds */
    bool is_read_seldom;          /* RocksDB was told so */
    struct buffer durable_last;   /* no row of a greater key is in RocksDB */
    int64_t applied_us;           /* when it was last written */
    struct rocks_walk *idle_walk; /* kept between scans until RocksDB is written again */
    struct run run;               /* restore: rows that are not written yet */
    int64_t run_position;         /* behind the last of them */
    int64_t restore_until_ms;     /* later times of restored rows do not count; INT64_MAX: all do */
    struct store_cursor *idle_cursor;
    struct versions versions;
    _Atomic size_t own_bytes; /* memory of the overlay and of departed as of the last commit, for other threads */
};

static inline bool store_has_expired(const struct store *store, const struct store_row *row, int64_t stream_time_ms)
{
    return expiry_is_on(store->expiry) &&
           expiry_has_expired(store->expiry, row->key, row->timestamp_ms, stream_time_ms);
}

/* False: what has this key, and all of its group behind it, is not in RocksDB, or in memory too. */
static inline bool store_may_be_durable(const struct store *store, weir_bytes key)
{
    int64_t time_ms = expiry_key_time(store->expiry, key);
    return time_ms == EXPIRY_NO_TIME || departed_may_have(&store->departed, table_hash(&store->overlay, key), time_ms);
}

/* Keys that grow, as numbers and times do, are new without a look into RocksDB. */
static inline bool store_is_beyond(const struct store *store, weir_bytes key)
{
    return bytes_compare(key, buffer_bytes(&store->durable_last)) > 0;
}

static inline void store_tell_durable(struct store *store, weir_bytes key)
{
    if (!store_is_beyond(store, key))
        return;
    buffer_clear(&store->durable_last);
    buffer_append(&store->durable_last, key.data, key.size);
}

/* As store_put, but the time in the key is not told. */
void store_write(struct store *, weir_bytes key, weir_bytes value, int64_t timestamp_ms);

static inline void store_tell_written(struct store *store, weir_bytes key)
{
    int64_t time_ms = expiry_key_time(store->expiry, key);
    if (time_ms > store->times.written_ms)
        store->times.written_ms = time_ms;
}

/* Makes the indices that searches have found missing. */
void store_order_if_wanted(struct store *);
/* What RocksDB must be told of a row; false: nothing. See apply.c. */
bool store_row_to_write(const struct store *, const struct store_row *, int64_t stream_time_ms, struct store_row *out);
struct store_rows { /* sorted, each key once */
    void *const *items;
    size_t count;
    struct store_row (*row_of)(const void *item);
};
/* Writes rows and marks: in batches, through a memtable, or in bulk, as a file that is taken in (rocks_bulk.c). */
bool store_write_rows(struct store *, struct store_rows, bool in_bulk, struct rocks_marks, struct weir_error *);
/* Waits for what store_apply_aside began. */
bool store_settle(struct store *, struct weir_error *);
void store_cursor_free(struct store_cursor *);          /* one that is not open; NULL is fine */
int64_t store_cursor_time(const struct store_cursor *); /* stream time of what it walks over; EXPIRY_NO_TIME: none */
/* versioned_put without a log, for what comes from there. */
bool versions_put(struct store *, weir_bytes key, weir_bytes value, int64_t timestamp_ms, int64_t *to_ms,
                  struct weir_error *);
void versions_log(struct versions *, const struct store_row *put);
void versions_each(const struct versions *, void (*visit)(void *self, const struct store_row *), void *self);
void versions_clear(struct versions *); /* a commit is over */
void versions_done(struct versions *);
/* RocksDB, the committed level or both have changed under hints, kept walks and the overlay's links. */
void store_forget_below(struct store *);
#endif

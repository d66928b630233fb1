/* store.h: one store of one task: what operators write, what views read, and how one becomes the other.
 *
 * Three levels, newest first:
 *   overlay     uncommitted writes of the task; only its thread sees them
 *   committed   writes of finished commits, in memory; the task and the views read it
 *   durable     RocksDB (one database per task, one column family per store), or nothing for in-memory stores
 * store_publish moves overlay to committed, store_drop forgets the overlay, store_apply writes committed rows to
 * RocksDB, sorted, in one batch with the changelog position of those rows (same column family, same batch).
 * Invariant: changelog >= committed offsets >= store. The store may be behind, never ahead.
 *
 * Keys are opaque bytes in lexicographic order. Window rows are keyed by the key codecs of state/keys.h.
 * A row is (key, value, timestamp); a NULL value deletes. Functions marked [any] may be called from any thread, all
 * others from the task's thread only. */
#ifndef WEIR_STATE_STORE_H
#define WEIR_STATE_STORE_H
#include <pthread.h>

#include "base/arena.h"
#include "weir.h"

struct database; /* RocksDB of one task, shared by its stores */
struct store;
struct store_cursor;
struct store_snapshot;

enum store_kind {
    STORE_KEY_VALUE,
    STORE_WINDOW,
    STORE_SESSION,
    STORE_JOIN,      /* one side of a stream-stream join: every record, by key, time and a sequence number */
    STORE_VERSIONED, /* what a row was, from when to when: versioned.h */
};

struct store_spec { /* lives as long as the store */
    const char *name;
    enum store_kind kind;
    int64_t window_size_ms; /* window stores */
    int64_t retention_ms;   /* rows are gone when window start (session end, record time) + retention <= stream time;
                             * versioned stores: how far their history reaches back */
    int64_t ttl_ms;         /* plain stores: rows whose timestamp + ttl <= observed stream time are gone; 0: never */
    bool in_memory, no_log;
    bool hidden;    /* the engine's own: no view, and no processor may use it */
    bool is_walked; /* read by walks alone, which look into RocksDB whatever memory holds: rows leave memory early */
    bool keeps_until_told; /* restored rows do not move stream time: windows wait in it until they have been emitted */
    const struct weir_type *key_type, *value_type;
};

/* Rows in memory are worth little behind what was written last: they leave it before those of plain stores. */
static inline bool store_leaves_early(const struct store_spec *spec)
{
    return spec->kind != STORE_KEY_VALUE || spec->is_walked;
}

struct store_row { /* value.data == NULL: deleted */
    weir_bytes key, value;
    int64_t timestamp_ms;
};

/* ---- the database of a task ---- */

struct database_limits {
    size_t memtable_bytes;      /* per task; the replay after a crash is bounded by it */
    size_t committed_bytes_max; /* per store: store_apply is due when committed rows hold more */
    size_t windows_bytes_max;   /* the same of a store whose rows leave early */
    size_t restore_bytes_max;   /* per store that is being restored: rows gathered before they are written */
    size_t file_bytes_min;      /* rows of so many bytes are applied as a file of their own, fewer through a memtable */
    int64_t apply_interval_ms;  /* state.flush.interval.ms: store_apply is due when the oldest committed row is older */
};
/* Process-wide block cache; call before the first database_open. Of several calls the largest counts: an app that needs little
 * must not take the cache from another. [any] */
void database_set_cache(size_t bytes);
size_t database_cache_bytes(void); /* that it holds now [any] */
/* Opens or creates `directory` (mode 0700, locked against a second process). WEIR_CORRUPT: unusable, delete and
 * restore; WEIR_RETRY: held by another process; WEIR_INVALID: wrong permissions. NULL directory: stores without RocksDB. */
struct database *database_open(const char *directory, struct database_limits, struct weir_error *);
/* Closes; every store must be closed before. flush: make everything applied so far durable (a clean stop). */
bool database_close(struct database *, bool flush, struct weir_error *);
/* A copy of what is in RocksDB, in a directory that does not exist yet, on the same file system; it takes no room until the
 * two differ. Every store is there with its own position. [any, while the database is open] */
bool database_copy(struct database *, const char *directory, struct weir_error *);

/* ---- life ---- */

struct store *store_open(struct database *, const struct store_spec *, struct weir_error *);
void store_close(struct store *);
const struct store_spec *store_spec(const struct store *); /* [any] */

/* ---- the task's side: reads see the overlay first ---- */

/* value and its memory live until the next write to the store or the arena is cleared, whichever is first. */
bool store_get(struct store *, weir_bytes key, weir_arena *, struct store_row *out,
               struct weir_error *); /* false and code WEIR_OK: absent */
void store_put(struct store *, weir_bytes key, weir_bytes value,
               int64_t timestamp_ms); /* value.data NULL deletes; copies */
/* As store_put of a key that no level has and none ever had, a number that is counted up say. When it is deleted before it was
 * logged there is nothing left of it, in the changelog as little as in RocksDB; Kafka Streams' caches do the same. */
void store_put_new(struct store *, weir_bytes key, weir_bytes value, int64_t timestamp_ms);
/* Writes down that there is no such row, so that it stands in the changelog behind what somebody else wrote there. Unlike a
 * deletion it tells no time: in this store nothing was ever written at it. */
void store_put_absent(struct store *, weir_bytes key);
/* Writes a row that is committed as it is, so that it stands in the changelog once more: nobody has written it. */
void store_put_again(struct store *, const struct store_row *);
/* From now on told of each row before store_put writes it, on the task's thread; NULL: nobody is any more. */
typedef void store_put_seen(void *self, const struct store_row *);
void store_watch_puts(struct store *, store_put_seen *, void *self);
/* Hints that key will be read and written soon: its slot in the tables, then (a little later) its row. The key is that
 * of a record, also where rows are of its windows. Never waits. */
void store_fetch_slot(const struct store *, weir_bytes key);
void store_fetch_row(const struct store *, weir_bytes key);
/* Rows with from <= key < to in order (from.data NULL: first; to.data NULL: no end), overlay included. No write to
 * the store while the cursor is open. */
struct store_cursor *store_scan(struct store *, weir_bytes from, weir_bytes to, bool descending, struct weir_error *);
bool store_next(struct store_cursor *, struct store_row *out, struct weir_error *); /* row lives until the next call */
void store_cursor_close(struct store_cursor *);
/* Stream time as the store knows it: drives retention and ttl; never goes back. */
void store_observe_time(struct store *, int64_t stream_time_ms);
int64_t store_observed_time(const struct store *); /* INT64_MIN: none yet */
/* How far the windows in it have been emitted, which is committed with the store. INT64_MIN: not at all. */
void store_emitted(struct store *, int64_t closed_ms);
int64_t store_emitted_time(const struct store *);
/* The greatest window start (session end) that was ever written: what Kafka Streams' stores take for stream time.
 * INT64_MIN: none yet. */
int64_t store_written_time(const struct store *);

/* ---- commit ---- */

size_t store_overlay_rows(const struct store *);
size_t store_overlay_bytes(const struct store *);
/* Visits every row of the overlay once, in order of first write as long as none has gone (store_put_new); this is what goes to the
 * changelog. Of a versioned store: what was put, in that order, by plain keys. */
void store_overlay_each(struct store *, void (*visit)(void *self, const struct store_row *), void *self);
/* Overlay becomes committed; changelog_position is the offset behind its last changelog record. Views see it at once
 * and whole. */
void store_publish(struct store *, int64_t changelog_position);
void store_drop(struct store *); /* forget the overlay, and the stream time that only it has seen */
/* True when store_apply should be called: by age or by bytes. */
bool store_apply_due(struct store *, int64_t now_us);
/* Writes committed rows to RocksDB. A failure leaves the store readable and is WEIR_CORRUPT or WEIR_RETRY (disk full). */
bool store_apply(struct store *, int64_t now_us, struct weir_error *);
/* As store_apply, but where many rows are written, only begins it: the disk is waited for beside the task, and the store is not due
 * meanwhile. store_apply_go_on ends what is ready; what failed is told by it, and as if never begun. */
bool store_apply_aside(struct store *, int64_t now_us, struct weir_error *);
bool store_apply_go_on(struct store *, struct weir_error *);
/* As store_apply, and gives the memory of the committed rows back; where store_evict_aside has begun that, only waits for it: what
 * changed meanwhile stays. */
bool store_evict(struct store *, int64_t now_us, struct weir_error *);
/* As store_apply_aside; memory is given back by store_apply_go_on. */
bool store_evict_aside(struct store *, int64_t now_us, struct weir_error *);
/* Of rows that store_evict would give back, and of what is remembered of those it gave back; 0: there are no such rows. */
size_t store_evictable_bytes(struct store *);
/* Offset in the changelog from which a restore must go on: what RocksDB (or memory) holds. -1: nothing yet. */
int64_t store_position(const struct store *);
/* The same, as RocksDB has it at this moment; -1 also of a store that is in memory only. [any] */
bool store_durable_position(const struct store *, int64_t *out, struct weir_error *);

/* ---- restore: committed rows straight from the changelog ---- */

void store_restore_emitted(struct store *, int64_t closed_ms); /* INT64_MIN: not at all */
/* The greatest time in a key of the store at the commit that is restored, or any later one: what lies beyond was written by
 * a commit that never finished, will be undone, and tells no time; nor does the task look for it. */
void store_restore_until(struct store *, int64_t latest_ms);
/* Takes a batch; next_position is the offset behind its last record. What was taken may be read after store_restored,
 * which must be called at the end; a restore that is cut short before goes on from store_position. */
bool store_restore(struct store *, const struct store_row *, size_t count, int64_t next_position, struct weir_error *);
bool store_restored(struct store *, struct weir_error *);

/* A copy that follows the changelog beside its readers: takes a row of a finished commit into the overlay, so that
 * store_publish_followed makes it visible together with the others of that commit. */
bool store_follow(struct store *, const struct store_row *, struct weir_error *);
/* store_publish, and time comes from the rows that are left: one that was deleted again, because the commit that wrote it
 * never finished and was undone, tells none. */
void store_publish_followed(struct store *, int64_t changelog_position);

/* ---- the views' side [any]: committed and durable levels only ---- */

bool store_view_get(struct store *, weir_bytes key, weir_arena *, struct store_row *out, struct weir_error *);
/* A walk sees one commit, whatever is published while it is open. */
struct store_cursor *store_view_scan(struct store *, weir_bytes from, weir_bytes to, bool descending,
                                     struct weir_error *);
/* The store as of one commit, for as long as it is open: every walk of it sees the same rows. Rows that expire meanwhile
 * may be missing from walks that are opened later. */
struct store_snapshot *store_snapshot_open(struct store *);
struct store_cursor *store_snapshot_scan(struct store_snapshot *, weir_bytes from, weir_bytes to, bool descending);
void store_snapshot_close(struct store_snapshot *); /* after its walks; NULL is fine */

/* ---- the side of other tasks: a store that one thread writes and others read while they work ----
 * From store_share on, the store changes under the write lock of the guard; whoever holds it for reading may call
 * store_peek, which takes no lock itself: one lock serves a run of records. Call store_share before there are others. */
void store_share(struct store *, pthread_rwlock_t *guard);
/* As store_get, of the committed and durable levels. [any, under the guard] */
bool store_peek(struct store *, weir_bytes key, weir_arena *, struct store_row *out, struct weir_error *);

int64_t store_rows_approximate(struct store *);
size_t store_bytes(struct store *);          /* its rows in memory */
size_t store_memtable_bytes(struct store *); /* of RocksDB */
#endif

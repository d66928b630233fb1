/* committed.h: the middle level of a store: rows of finished commits, in memory, shared between the task and views.
 *
 * Only the task's thread writes. Its own point reads take no lock; everybody else goes through the functions marked
 * [any], which do. A view's walk sees one commit: rows that change while it is open keep their older versions, and the
 * rows themselves are read a chunk at a time, so that a long walk neither copies the table nor holds up the task. How
 * readers and writer are kept apart is known to committed.c alone. */
#ifndef WEIR_STATE_COMMITTED_H
#define WEIR_STATE_COMMITTED_H
#include <pthread.h>

#include "base/buffer.h"
#include "state/expiry.h"
#include "state/rocks.h"
#include "state/table.h"

enum { COMMITTED_CHUNK_ROWS = 128 };

struct committed_rows { /* a table that outlives its place in the store while walks look at it */
    struct table table;
    size_t users; /* the store and the walks; under walks_lock */
};

struct committed_walk;
struct committed {
    pthread_rwlock_t lock;       /* over everything but walks */
    pthread_rwlock_t *guard;     /* taken before lock to change rows; NULL: there are no other tasks (store_share) */
    struct committed_rows *rows; /* never NULL */
    struct rocks_family *family; /* the level below; NULL: there is none, deleted and expired rows are removed */
    struct expiry expiry;
    uint64_t commit;          /* number of the latest publish */
    struct rocks_marks marks; /* as of it */
    size_t dirty;             /* rows RocksDB does not have yet */
    int64_t fresh;            /* live rows that are in no level below */
    int64_t leaving;          /* as fresh, of those that are being written */
    uint64_t leaving_commit;  /* whose rows they are; 0: none are being written */
    size_t swept;             /* where the next sweep goes on */
    pthread_mutex_t walks_lock;
    struct committed_walk *walks; /* open ones */
};

void committed_init(struct committed *, struct rocks_family *, struct expiry, struct rocks_marks);
void committed_done(struct committed *); /* no walk may be open */

/* ---- the task's side ---- */

static inline struct table_row *committed_find(const struct committed *committed, weir_bytes key, uint64_t hash)
{
    return table_find(&committed->rows->table, key, hash);
}
/* With the ordered index; its rows stay as they are until the task's next write to this level. */
const struct table *committed_ordered(struct committed *);
/* below_known: overlay rows name the row below them correctly where they name one. */
void committed_publish(struct committed *, const struct table *overlay, bool below_known, struct rocks_marks);
/* For stores without a level below: rows of a restore, in order of their offsets. */
void committed_write(struct committed *, const struct store_row *, size_t count, struct rocks_marks);
/* Every row is in RocksDB now; evict: and need not stay here. */
void committed_applied(struct committed *, bool evict);
/* Rows that RocksDB does not have are being written as they are now: what changes from now on is to be written again. They stay
 * until committed_left, in no order here; the array is the caller's to free. */
struct table_row **committed_leaving(struct committed *, size_t *count);
/* That is over. lost: those that did not arrive, NULL: all did. evict: what arrived need not stay here. */
void committed_left(struct committed *, struct table_row *const *lost, size_t lost_count, bool evict);
/* RocksDB has been written beside this level: what is here is out of date. */
void committed_replaced(struct committed *, struct rocks_marks);

/* ---- the views' side [any] ---- */

/* False: not in this level. True with value.data NULL: deleted. Copies into the arena. */
bool committed_get(struct committed *, weir_bytes key, weir_arena *, struct store_row *out, int64_t *stream_time_ms);
/* Some of the rows that are being written, as they were when that began; keys are their own, values copied into the arena. */
void committed_leaving_read(struct committed *, struct table_row *const *, size_t count, weir_arena *,
                            struct store_row *out);
size_t committed_bytes(struct committed *);
size_t committed_row_bytes(struct committed *); /* of one row, on average */
int64_t committed_fresh(struct committed *);

struct committed_walk {
    struct committed *committed;
    struct committed_rows *rows;
    struct rocks_walk *durable; /* the level below as of the same moment; NULL: nothing there */
    uint64_t commit;
    int64_t stream_time_ms;
    weir_bytes from, to; /* live as long as the walk */
    bool descending, is_done;
    struct buffer resume; /* the key the last chunk ended with */
    bool is_resumed;
    weir_arena arena; /* of the chunk */
    size_t next, count, want, bytes;
    struct store_row chunk[COMMITTED_CHUNK_ROWS];
    struct committed_walk *previous_open, *next_open;
};

void committed_walk_open(struct committed *, struct committed_walk *, weir_bytes from, weir_bytes to, bool descending);
/* Both levels as of now, for walks that are opened later: `at` is a walk that never moves but keeps what it sees. */
struct committed_snapshot {
    struct committed_walk at;
    struct rocks_snapshot *durable; /* NULL: nothing there */
};
void committed_snapshot_open(struct committed *, struct committed_snapshot *);
void committed_snapshot_close(struct committed_snapshot *); /* after its walks */
void committed_walk_open_at(const struct committed_snapshot *, struct committed_walk *, weir_bytes from, weir_bytes to,
                            bool descending);
bool committed_walk_next(struct committed_walk *,
                         struct store_row *out); /* deleted rows too; lives until the chunk ends */
void committed_walk_close(struct committed_walk *);
#endif

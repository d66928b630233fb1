/* standbys_private.h: the inside of the standbys, for the files that make them up.
 * Everything under the lock of struct standbys, but where it is said. */
#ifndef WEIR_RUNTIME_STANDBYS_PRIVATE_H
#define WEIR_RUNTIME_STANDBYS_PRIVATE_H
#include "runtime/app.h"
#include "runtime/restore.h"
#include "runtime/standbys.h"

enum { STANDBYS_RETRY_US = 5 * 1000 * 1000 }; /* of one that could not be opened or followed */

struct follower { /* of one store */
    int32_t token;
    bool is_reading;
    int64_t next;       /* changelog offset to be applied next */
    int64_t read_to;    /* to be read next, behind what is ahead */
    int64_t target;     /* committed */
    struct queue ahead; /* records that may be behind the commit */
    size_t ahead_bytes; /* of their keys and values */
};

struct standby {
    struct task *task;
    int32_t part;
    bool is_asked_for; /* what is committed of it: an answer to an earlier question may be older than what it has */
    bool is_restoring; /* known to the restorer */
    bool is_restored;  /* it has reached a commit, and is followed */
    bool is_wanted;
    int64_t unwanted_us;
    struct follower *followers; /* by store */
    int64_t *inputs;            /* by source: what the target contains */
    int64_t latest_ms;          /* greatest time that the target has seen */
};

struct standbys {
    struct weir_app *app;
    pthread_t thread;
    bool started;
    _Atomic bool stopping;
    _Atomic int waiting;
    pthread_mutex_t lock; /* everything below */
    struct broker_reader *reader;
    struct restorer restorer;
    struct standby **items;
    size_t count, capacity;
    int32_t next_token;
    int64_t asked_us, placed_us, retry_us;
    int64_t full_until_us; /* the disk took nothing: nothing is read or applied until then */
    weir_arena arena;
};

int64_t standbys_now_us(void); /* monotonic; without the lock */
const struct broker_ops *standbys_ops(const struct standbys *);
size_t standbys_index(const struct standbys *, int32_t part, int32_t partition); /* in items; count: not here */
struct standby *standbys_add(struct standbys *, struct task *);
/* The task's stores are as of its last publish again, and it is the caller's. */
struct task *standbys_remove(struct standbys *, size_t index);
void standbys_close(struct standbys *, size_t index); /* durably */
#endif

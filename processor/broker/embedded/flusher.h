/* flusher.h: group commit. One thread writes and syncs whatever is waiting, for everybody at once.
 *
 * An item (a partition, a group's offsets) is enqueued when it has something to write. A round takes all of them: begin
 * of each, then finish of all at once (crew.h), so that one wait for the disk serves every producer. A round starts at once when
 * someone waits, else when the oldest item is EMBEDDED_TICK_MS old; with no item the thread sleeps. */
#ifndef WEIR_EMBEDDED_FLUSHER_H
#define WEIR_EMBEDDED_FLUSHER_H
#include <pthread.h>
#include <stdatomic.h>

#include "embedded/crew.h"
#include "weir.h"

struct embedded_flush {
    void (*begin)(struct embedded_flush *); /* takes what is pending and writes it */
    /* Makes it durable and tells; after the begin of all, and beside the finish of others. */
    void (*finish)(struct embedded_flush *);
    struct embedded_flush *next;
    atomic_bool queued;
};

struct embedded_flusher {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    struct embedded_flush *first, *last;
    int64_t first_us; /* when the oldest item came */
    uint64_t waiting; /* callers of embedded_flusher_wait */
    uint64_t rounds;
    bool stopping, started;
    pthread_t thread;
    struct embedded_crew crew;
    _Atomic int64_t pending_bytes; /* appended by producers and not yet durable */
    void (*published)(void *self); /* after each round */
    void *self;
};

void embedded_flusher_start(struct embedded_flusher *, void (*published)(void *self), void *self);
void embedded_flusher_stop(struct embedded_flusher *); /* a last round, then the thread ends */
void embedded_flusher_enqueue(struct embedded_flusher *, struct embedded_flush *); /* [any] cheap when it is queued */
/* Waits until is_ready says so; asked after every round, with no lock of the caller held. False: the time has passed.
 * */
bool embedded_flusher_wait(struct embedded_flusher *, bool (*is_ready)(void *self), void *self, int64_t timeout_ms);
#endif

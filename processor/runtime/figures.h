/* figures.h: counters of an app: drops, the latest dead letters, commits. Any thread. */
#ifndef WEIR_RUNTIME_FIGURES_H
#define WEIR_RUNTIME_FIGURES_H
#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/trace.h"
#include "runtime/drops.h"
#include "weir.h"

enum {
    FIGURES_REASON_BYTES = 48,
    FIGURES_LETTERS_MAX = 256,
    FIGURES_TOPIC_BYTES = 250,
    FIGURES_MESSAGE_BYTES = 200,
    FIGURES_BUCKETS = 12
};

struct figures_letter {
    char letters[FIGURES_TOPIC_BYTES], topic[FIGURES_TOPIC_BYTES], reason[FIGURES_REASON_BYTES],
        message[FIGURES_MESSAGE_BYTES], trace_id[TRACE_ID_BYTES + 1];
    int32_t partition;
    int64_t offset, failed_ms;
};

struct figures {
    struct drops drops;
    pthread_mutex_t lock;                               /* of the letters */
    struct figures_letter letters[FIGURES_LETTERS_MAX]; /* a ring */
    uint64_t letter_count;
    _Atomic uint64_t commits, failed_commits, failed_purges, strays, restored_records, copied_bytes, rebalances,
        standbys_taken, standbys_given;
    _Atomic uint64_t commit_buckets[FIGURES_BUCKETS + 1]; /* durations, see figures_commit_bound */
    _Atomic uint64_t commit_us;
};

void figures_init(struct figures *);
void figures_done(struct figures *);
/* Counts it as dropped, and keeps a copy of the letter; its topic must live as long as the figures. */
void figures_dead_letter(struct figures *, const struct weir_dead_letter *);
void figures_commit(struct figures *, int64_t took_us);
int64_t figures_commit_bound_us(size_t bucket); /* upper bound of a bucket */
#endif

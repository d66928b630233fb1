/* upstream.h: how far the tasks are that write a repartition topic, as the stream times on their records tell (lineage.h).
 *
 * Windows behind a repartition must not close before the slowest of them has passed (DECISIONS.md 3), nor before the slowest
 * of those that these read from, however many hops away (53). A task that has been silent for a while does not count: its
 * partition may have ended. One per source of a task; its thread only. */
#ifndef WEIR_RUNTIME_UPSTREAM_H
#define WEIR_RUNTIME_UPSTREAM_H
#include "weir.h"

struct upstream_task;
struct upstream {
    struct upstream_task *tasks; /* by partition */
    size_t count, capacity;
    size_t expected, heard; /* how many tasks there are, and of how many a record has come */
    uint64_t records;
    size_t slowest; /* index of the one that holds the others up */
};

void upstream_init(struct upstream *, int32_t expected);
void upstream_done(struct upstream *);
/* A record of the task on `partition`, which stood at that stream time when it sent it, the slowest in front of it included;
 * INT64_MIN: it did not know yet. */
void upstream_hear(struct upstream *, int32_t partition, int64_t stream_time_ms);
/* The least stream time of those heard of lately. INT64_MAX: nobody was heard of. INT64_MIN: not all of them yet, and
 * too little to go by. */
int64_t upstream_slowest(const struct upstream *);
#endif

/* opening.h: a share that the group has dealt becomes a task: opened at what is committed, its restore begun.
 *
 * Nothing waits inside a rebalance: what cannot be opened yet, because a broker is not ready or another instance or thread has
 * yet to give up the directory, is tried again in later turns, for a minute. A standby that is here becomes the task. A store that
 * cannot be used is made anew from its changelog. Where others have committed meanwhile, the loop joins anew. */
#ifndef WEIR_RUNTIME_OPENING_H
#define WEIR_RUNTIME_OPENING_H
#include "broker/broker.h"
#include "runtime/task.h"

struct loop;

struct opening {
    int32_t part, partition;
    struct broker_start *starts; /* by source of the part, as told at the assignment */
    weir_arena arena;
    int tries;
    int64_t due_us;
};

struct openings { /* of a loop: what is still to be opened */
    struct opening **items;
    size_t count, capacity;
};

/* Tries at once. */
void openings_add(struct loop *, int32_t part, int32_t partition, const struct broker_start *starts);
void openings_go_on(struct loop *); /* tries those again that are due */
/* The share was taken back. False: it was not among them. */
bool openings_remove(struct openings *, int32_t part, int32_t partition);
void openings_clear(struct openings *);
void openings_done(struct openings *);
#endif

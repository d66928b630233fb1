/* simulate.h: a topology on several machines, in one thread, with everything that goes wrong chosen by a seed.
 *
 * One seed is one story: how many machines, partitions and records, which guarantee, which faults and how often (swarm
 * testing: Groce et al. 2012), and then everything that happens, in virtual time. First anything may fail (safety); then
 * all faults end, and everything must be consumed within a bounded time (liveness). The same seed is the same story. */
#ifndef WEIR_SIMULATOR_SIMULATE_H
#define WEIR_SIMULATOR_SIMULATE_H
#include "weir.h"

enum simulate_fault {                      /* what was done to it, and how often it struck */
                      SIMULATE_CRASH,      /* a process killed between two requests of it, or within one */
                      SIMULATE_STOP,       /* a process stopped cleanly */
                      SIMULATE_PAUSE,      /* a process that stood still, mostly longer than its session */
                      SIMULATE_CUT_OFF,    /* a process whose network was gone for a while */
                      SIMULATE_EXPELLED,   /* a member whose session ran out */
                      SIMULATE_FENCED,     /* a request refused because somebody else had taken over */
                      SIMULATE_SLOW,       /* a request or an answer that took very long */
                      SIMULATE_LOST,       /* a request that never arrived */
                      SIMULATE_UNANSWERED, /* a request that arrived, and its answer did not */
                      SIMULATE_LATE,       /* a request that arrived when its sender had given up or was dead */
                      SIMULATE_ABORTED,    /* a transaction */
                      SIMULATE_TORN_STORE, /* a crash that lost batches of a store that were not flushed */
                      SIMULATE_WIPED,      /* a machine that came back without its disk */
                      SIMULATE_DISK_FULL,
                      SIMULATE_DAMAGED,  /* a store that could not be opened */
                      SIMULATE_RETURNED, /* a static member that came back before its session was over */
                      SIMULATE_PROMOTED, /* a standby that became the task */
                      SIMULATE_DEMOTED,  /* a task that became a standby */
                      SIMULATE_PURGED,   /* a record of a repartition topic, when it was processed */
                      SIMULATE_STRAY,    /* a changelog to which others had written */
                      SIMULATE_FAULTS
};
extern const char *const simulate_fault_names[SIMULATE_FAULTS];

struct simulate_input {
    const char *topic;
    struct weir_raw_record record; /* timestamp negative: the virtual now */
};

enum simulate_guarantee { SIMULATE_BOTH, SIMULATE_AT_LEAST_ONCE, SIMULATE_EXACTLY_ONCE };

struct simulate_world; /* the end of a story, for a judge */
struct simulate_plan {
    weir_topology *(*build)(void);
    enum simulate_guarantee guarantee;   /* BOTH: the seed decides */
    const struct simulate_input *inputs; /* NULL: made up by the types of the topology's sources */
    size_t input_count;
    /* Made before the story begins, one narrower than the other, for a topology that reads a pattern: processes are told of them now
     * and then only. Ends with NULL; NULL: none. */
    const char *const *topics;
    /* A processor with memory of its own may tell a restart; without one, restarts must not show in any result. */
    bool restarts_show;
    void (*judge)(struct simulate_world *); /* what else has to be true at the end; NULL: nothing */
    const char *directory;                  /* for the few files that are real; made by the caller */
    bool verbose;                           /* tells the story on standard error */
};

struct simulate_report {
    uint64_t trace; /* hash of everything that happened */
    uint64_t faults[SIMULATE_FAULTS];
    uint64_t commits, records, rebalances, views, standby_views;
    int64_t simulated_ms;
    bool exactly_once;
    char failure[640]; /* what was wrong; "" when nothing was */
};

/* False: report->failure says why. A topology that cannot be simulated fails every seed. */
bool simulate_seed(const struct simulate_plan *, uint64_t seed, struct simulate_report *);

/* As simulate_seed, and once more: a story that is told differently cannot be trusted. */
bool simulate_seed_twice(const struct simulate_plan *, uint64_t seed, struct simulate_report *);

struct simulate_sums { /* of the reports of many seeds */
    uint64_t seeds, exactly_once, commits, records, rebalances, views, standby_views, faults[SIMULATE_FAULTS];
    int64_t simulated_ms;
};
void simulate_sums_add(struct simulate_sums *, const struct simulate_report *);
void simulate_sums_print(const struct simulate_sums *); /* on standard output: a line, and one per fault */

/* ---- for a judge ---- */
void simulate_fail(struct simulate_world *, const char *what);
/* The inputs, in the order in which they were appended, per partition. */
void simulate_each_input(struct simulate_world *,
                         void (*visit)(void *self, const char *topic, int32_t partition,
                                       const struct weir_raw_record *),
                         void *self);
/* The committed records of a topic, in the order in which they were appended, per partition. */
void simulate_each_record(struct simulate_world *, const char *topic,
                          void (*visit)(void *self, const struct weir_raw_record *), void *self);
struct store_row;
void simulate_each_row(struct simulate_world *, const char *store, void (*visit)(void *self, const struct store_row *),
                       void *self);
#endif

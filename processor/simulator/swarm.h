/* swarm.h: what a seed decides before anything happens. */
#ifndef WEIR_SIMULATOR_SWARM_H
#define WEIR_SIMULATOR_SWARM_H
#include "base/random.h"
#include "simulated/simulated.h"
#include "simulator/disk.h"
#include "simulator/simulate.h"

enum { SWARM_MACHINES_MAX = 4 };

struct swarm { /* chances are per million */
    int32_t machines, partitions, loops, standbys;
    int64_t records, keys;
    bool exactly_once;
    bool reuses_topics; /* topology.optimization */
    bool bundles;       /* repartition.bundles */
    bool holds_back;    /* and bundles are as large as they get */
    int64_t safety_us;  /* how long faults happen */
    int64_t commit_ms, poll_ms, flush_ms, idle_ms, buffered, purge_ms;
    int64_t latency_us, input_every_us;
    struct simulated_settings broker;
    struct disk_faults disk;
    struct database_limits limits;
    uint32_t crash_in_request, lost, unanswered, late, slow;             /* of requests */
    uint32_t batch;                                                      /* of records sent: the batch leaves with it */
    int64_t crash_every_us, stop_every_us, pause_every_us, cut_every_us; /* on the average; 0: never */
    uint32_t wipe;                                                       /* of crashes */
    uint32_t tombstone, no_key, out_of_order;
    uint32_t unseen; /* of topics in a listing, that they are not in it */
};

struct swarm swarm_draw(struct random *, const struct simulate_plan *);
/* Without faults, for the second part. */
void swarm_calm(struct swarm *);
#endif

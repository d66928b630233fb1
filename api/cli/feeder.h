/* feeder.h: the events of a system of the demo as a thread: first what happened in the last hours, then what happens now. */
#ifndef WEIR_CLI_FEEDER_H
#define WEIR_CLI_FEEDER_H
#include "systems.h"
#include "weir.h"

struct feeder;

struct feeder_plan {
    const struct system *system;
    uint64_t seed;
    double events_per_second; /* from now on; 0: none, it ends with the backlog */
    int64_t backlog_ms;       /* how long it has been going on; 0: it begins now */
    int64_t backlog_events;   /* about so many in that time */
};

struct feeder *feeder_start(weir_app *, struct feeder_plan);
void feeder_stop(struct feeder *); /* before the app stops */
#endif

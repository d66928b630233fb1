/* systems.h: the systems of the demo: topologies that have a generator of events. */
#ifndef WEIR_TOPOLOGIES_SYSTEMS_H
#define WEIR_TOPOLOGIES_SYSTEMS_H
#include <stdbool.h>

#include "simulation/event.h"

struct simulation_world;

struct system {
    const char *topology;
    const char *about;                    /* for the greeting of the demo */
    const char *example;                  /* path of one row, to begin with */
    const char *const *topics;            /* of the events, in the order in which to create them; ends with NULL */
    const struct simulation_world *world; /* NULL: the shop, which has a generator of its own */
    const char *feeds;                    /* the topology whose events its own cause; NULL: none */
    bool acts; /* upon others, so that what it does is done now: there is no past of it to be made up */
};

/* Ended by a NULL topology. */
extern const struct system systems_all[];
const struct system *systems_find(const char *topology); /* NULL: it has no generator */

/* The events of a system, as commerce/generator.h and simulation/simulation.h have them. */
struct system_events;
struct system_events *system_events_new(const struct system *, uint64_t seed, int64_t start_ms,
                                        double events_per_second);
void system_events_free(struct system_events *); /* NULL is fine */
void system_events_set_pace(struct system_events *, double events_per_second);
bool system_events_next(struct system_events *, int64_t until_ms, struct generator_event *);
#endif

/* event.h: one event of a generator, as every generator hands it out. */
#ifndef WEIR_TOPOLOGIES_SIMULATION_EVENT_H
#define WEIR_TOPOLOGIES_SIMULATION_EVENT_H
#include <stdbool.h>
#include <stdint.h>

struct generator_event { /* strings live until the next call */
    const char *topic;
    const char *key;      /* NULL: a record without a key */
    const char *value;    /* JSON, unless it is broken */
    int64_t timestamp_ms; /* of the event */
    int64_t arrival_ms;   /* when a broker would receive it; never goes back */
    bool broken;          /* nothing can be counted from it */
};
#endif

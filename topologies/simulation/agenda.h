/* agenda.h: what will happen in a world, in order of time, and the events that are handed out of it. Private to generators. */
#ifndef WEIR_TOPOLOGIES_SIMULATION_AGENDA_H
#define WEIR_TOPOLOGIES_SIMULATION_AGENDA_H
#include <stddef.h>

#include "event.h"

enum { STAGE_ARRIVE }; /* further stages are the world's own */

struct step {
    int64_t at_ms;
    uint64_t sequence; /* keeps what happens at one moment in order */
    int stage;
    void *subject;     /* of a stage of the world's own, from malloc; whoever takes the step frees it or hands it on */
    const char *topic; /* STAGE_ARRIVE: an event comes to the broker */
    char *key, *value; /* from malloc */
    int64_t timestamp_ms;
    bool broken;
};

struct agenda {         /* all zero: empty */
    struct step *steps; /* a binary heap: steps[0] is the next */
    size_t count, capacity;
    uint64_t sequence;
    int64_t last_arrival_ms; /* of what was handed out */
    char *key, *value;       /* likewise */
};

void agenda_add(struct agenda *, struct step);
/* An arrival, at the event's .arrival_ms; copies of its texts are kept. */
void agenda_add_event(struct agenda *, struct generator_event);
struct step agenda_take(struct agenda *); /* the next one; there must be one */
/* Makes an event of an arrival that was taken. Its strings live until the next one is handed out. */
void agenda_hand_out(struct agenda *, struct step, struct generator_event *);
void agenda_done(struct agenda *);

/* splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t agenda_draw(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}
#endif

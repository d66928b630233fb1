/* agenda.h: what will happen in the generator's shop, in order of time. Private to the generator. */
#ifndef WEIR_TOPOLOGIES_COMMERCE_AGENDA_H
#define WEIR_TOPOLOGIES_COMMERCE_AGENDA_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order;

enum stage { STAGE_DECIDE, STAGE_SETTLE, STAGE_NOTIFY, STAGE_ARRIVE };

struct step {
    int64_t at_ms;
    uint64_t sequence; /* keeps what happens at one moment in order */
    enum stage stage;
    struct order *order; /* the stages of an order hand it on; the last one frees it */
    const char *topic;   /* STAGE_ARRIVE */
    char *key, *value;
    int64_t timestamp_ms;
    bool broken;
};

struct agenda { /* a binary heap: steps[0] is the next */
    struct step *steps;
    size_t count, capacity;
    uint64_t sequence;
};

void agenda_add(struct agenda *, struct step);
struct step agenda_take(struct agenda *); /* the next one; there must be one */
void agenda_done(struct agenda *);
#endif

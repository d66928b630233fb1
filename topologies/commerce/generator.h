/* generator.h: events of a shop that does not exist: seeded, endless, in the order a broker would receive them.
 *
 * Orders are created, reserved, confirmed or cancelled, customers are notified, stock goes down and is filled up again.
 * As in life, a few events come late (their timestamp is older than what came before), a few come twice (with the same
 * event_id), and a few are broken. The same seed and start give the same events. Not thread-safe. */
#ifndef WEIR_TOPOLOGIES_COMMERCE_GENERATOR_H
#define WEIR_TOPOLOGIES_COMMERCE_GENERATOR_H
#include "simulation/event.h"

struct generator;

/* Topics of the events, in the order in which they should be created; ends with NULL. */
extern const char *const generator_topics[];

struct generator *generator_new(uint64_t seed, int64_t start_ms, double events_per_second);
void generator_free(struct generator *); /* NULL is fine */
/* From now on so many events per second of the shop's time, on average. */
void generator_set_pace(struct generator *, double events_per_second);
/* The next event that arrives until then; false: there is none yet. */
bool generator_next(struct generator *, int64_t until_ms, struct generator_event *);
#endif

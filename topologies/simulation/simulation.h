/* simulation.h: what the generators of the systems share: seeded numbers, texts, and events on their way to the broker.
 *
 * A world is stepped from moment to moment; what it sends arrives in order of time, a few events late, a few twice and a
 * few broken, as in life. Only integers decide, so a seed gives the same events on every machine. Not thread-safe. */
#ifndef WEIR_TOPOLOGIES_SIMULATION_SIMULATION_H
#define WEIR_TOPOLOGIES_SIMULATION_SIMULATION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

struct simulation;

struct simulation_world {
    size_t self_size;    /* bytes of simulation_self, zeroed before open */
    int events_per_step; /* on average, measured: turns events per second into steps per second */
    void (*open)(struct simulation *, int64_t now_ms); /* what is there at the beginning; NULL: nothing */
    void (*step)(struct simulation *, int64_t now_ms);
};

struct simulation *simulation_new(const struct simulation_world *, uint64_t seed, int64_t start_ms,
                                  double events_per_second);
void simulation_free(struct simulation *); /* NULL is fine */
/* From now on so many events per second of the world's time, on average. */
void simulation_set_pace(struct simulation *, double events_per_second);
/* The next event that arrives until then; false: there is none yet. */
bool simulation_next(struct simulation *, int64_t until_ms, struct generator_event *);

/* ---- for worlds ---- */

void *simulation_self(struct simulation *);
uint64_t simulation_seed(const struct simulation *);
int64_t simulation_draw(struct simulation *, int64_t least, int64_t most); /* both included */
bool simulation_happens(struct simulation *, int per_mille);
/* Of so many; small numbers are drawn more often, as regular customers and popular products are. */
int simulation_draw_popular(struct simulation *, int count);

enum { SIMULATION_TEXT_MAX = 1600, SIMULATION_TIME_MAX = 32 };
/* What a world sends: copied. The time is that of the event; it may lie ahead of now. */
struct simulation_event {
    const char *topic, *key, *value; /* key NULL: none */
    int64_t timestamp_ms;
};
void simulation_send(struct simulation *, struct simulation_event);          /* may be late, twice, or broken beside */
void simulation_send_in_order(struct simulation *, struct simulation_event); /* exactly once, at its time */
/* "2024-12-04T10:30:00.000Z". Returns out. */
const char *simulation_time(int64_t ms, char out[SIMULATION_TIME_MAX]);
#endif

/* simulation.c: see simulation.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "simulation.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct arrival {
    int64_t at_ms;
    uint64_t sequence; /* keeps what arrives at one moment in order */
    const char *topic;
    char *key, *value;
    int64_t timestamp_ms;
    bool broken;
};

struct simulation {
    const struct simulation_world *world;
    void *self;
    uint64_t seed, state; /* of the random numbers */
    int64_t next_step_ms, last_arrival_ms;
    int64_t gap_us, gap_rest_us; /* mean time between steps; what milliseconds left over */
    uint64_t sequence;
    struct arrival *heap; /* heap[0] is the next */
    size_t count, capacity;
    char *key, *value; /* of the event handed out last */
};

/* ---- random numbers ---- */

static uint64_t draw(struct simulation *simulation) /* splitmix64 (Steele, Lea, Flood 2014) */
{
    uint64_t z = simulation->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int64_t simulation_draw(struct simulation *simulation, int64_t least, int64_t most)
{
    assert(least <= most);
    return least + (int64_t)(draw(simulation) % (uint64_t)(most - least + 1));
}

bool simulation_happens(struct simulation *simulation, int per_mille)
{
    return simulation_draw(simulation, 0, 999) < per_mille;
}

int simulation_draw_popular(struct simulation *simulation, int count)
{
    int64_t a = simulation_draw(simulation, 0, count - 1), b = simulation_draw(simulation, 0, count - 1);
    return (int)(a < b ? a : b);
}

void *simulation_self(struct simulation *simulation)
{
    return simulation->self;
}

uint64_t simulation_seed(const struct simulation *simulation)
{
    return simulation->seed;
}

const char *simulation_time(int64_t ms, char out[SIMULATION_TIME_MAX])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    char date[24];
    gmtime_r(&seconds, &utc);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out, SIMULATION_TIME_MAX, "%s.%03dZ", date, (int)(ms % 1000));
    return out;
}

/* ---- arrivals: a binary heap ---- */

static void *checked(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static bool is_before(const struct arrival *a, const struct arrival *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->sequence < b->sequence;
}

static void swap(struct arrival *a, struct arrival *b)
{
    struct arrival kept = *a;
    *a = *b;
    *b = kept;
}

static void add(struct simulation *simulation, int64_t at_ms, struct simulation_event event, bool broken)
{
    if (simulation->count == simulation->capacity) {
        simulation->capacity = simulation->capacity ? simulation->capacity * 2 : 64;
        simulation->heap = checked(realloc(simulation->heap, simulation->capacity * sizeof *simulation->heap));
    }
    struct arrival *heap = simulation->heap;
    size_t at = simulation->count++;
    heap[at] = (struct arrival){.at_ms = at_ms,
                                .sequence = simulation->sequence++,
                                .topic = event.topic,
                                .key = event.key ? checked(strdup(event.key)) : NULL,
                                .value = checked(strdup(event.value)),
                                .timestamp_ms = event.timestamp_ms,
                                .broken = broken};
    for (; at > 0 && is_before(&heap[at], &heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&heap[at], &heap[(at - 1) / 2]);
}

static struct arrival take(struct simulation *simulation)
{
    struct arrival *heap = simulation->heap, first = heap[0];
    heap[0] = heap[--simulation->count];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < simulation->count; child++)
            if (is_before(&heap[child], &heap[least]))
                least = child;
        if (least == at)
            return first;
        swap(&heap[at], &heap[least]);
        at = least;
    }
}

/* ---- sending ---- */

/* What goes wrong with producers: a cut message, another page than was meant, a member of the wrong type. */
static void send_broken(struct simulation *simulation, struct simulation_event event)
{
    char value[SIMULATION_TEXT_MAX];
    snprintf(value, sizeof value, "%s", event.value);
    switch (simulation_draw(simulation, 0, 2)) {
    case 0:
        value[strlen(value) / 2] = 0;
        break;
    case 1:
        snprintf(value, sizeof value, "<html>502 Bad Gateway</html>");
        break;
    default:
        snprintf(value, sizeof value, "[%.1000s]", event.value);
    }
    event.value = value;
    add(simulation, event.timestamp_ms + simulation_draw(simulation, 0, 1000), event, true);
}

void simulation_send_in_order(struct simulation *simulation, struct simulation_event event)
{
    add(simulation, event.timestamp_ms, event, false);
}

void simulation_send(struct simulation *simulation, struct simulation_event event)
{
    bool late = simulation_happens(simulation, 15);
    int64_t at_ms = event.timestamp_ms + (late ? simulation_draw(simulation, 2000, 45000) : 0);
    add(simulation, at_ms, event, false);
    if (simulation_happens(simulation, 12))
        add(simulation, at_ms + simulation_draw(simulation, 1, 30000), event, false);
    if (simulation_happens(simulation, 2))
        send_broken(simulation, event);
}

/* ---- time ---- */

/* Between nothing and twice the mean, in microseconds, so that a fast pace has many steps in one millisecond. */
static void plan_next_step(struct simulation *simulation)
{
    int64_t gap_us = simulation_draw(simulation, 0, 2 * simulation->gap_us) + simulation->gap_rest_us;
    simulation->next_step_ms += gap_us / 1000;
    simulation->gap_rest_us = gap_us % 1000;
}

void simulation_set_pace(struct simulation *simulation, double events_per_second)
{
    double steps_per_second = events_per_second / simulation->world->events_per_step;
    simulation->gap_us = (int64_t)(1e6 / steps_per_second);
}

struct simulation *simulation_new(const struct simulation_world *world, uint64_t seed, int64_t start_ms,
                                  double events_per_second)
{
    struct simulation *simulation = checked(calloc(1, sizeof *simulation));
    simulation->world = world;
    simulation->self = checked(calloc(1, world->self_size ? world->self_size : 1));
    simulation->seed = simulation->state = seed;
    simulation->next_step_ms = simulation->last_arrival_ms = start_ms;
    simulation_set_pace(simulation, events_per_second);
    if (world->open)
        world->open(simulation, start_ms);
    return simulation;
}

void simulation_free(struct simulation *simulation)
{
    if (!simulation)
        return;
    for (size_t i = 0; i < simulation->count; i++) {
        free(simulation->heap[i].key);
        free(simulation->heap[i].value);
    }
    free(simulation->heap);
    free(simulation->key);
    free(simulation->value);
    free(simulation->self);
    free(simulation);
}

static void step_until(struct simulation *simulation, int64_t until_ms)
{
    while (simulation->next_step_ms <= until_ms &&
           (simulation->count == 0 || simulation->next_step_ms <= simulation->heap[0].at_ms)) {
        simulation->world->step(simulation, simulation->next_step_ms);
        plan_next_step(simulation);
    }
}

bool simulation_next(struct simulation *simulation, int64_t until_ms, struct generator_event *out)
{
    step_until(simulation, until_ms);
    if (simulation->count == 0 || simulation->heap[0].at_ms > until_ms)
        return false;
    struct arrival next = take(simulation);
    free(simulation->key);
    free(simulation->value);
    simulation->key = next.key;
    simulation->value = next.value;
    if (next.at_ms > simulation->last_arrival_ms)
        simulation->last_arrival_ms = next.at_ms;
    *out = (struct generator_event){.topic = next.topic,
                                    .key = next.key,
                                    .value = next.value,
                                    .timestamp_ms = next.timestamp_ms,
                                    .arrival_ms = simulation->last_arrival_ms,
                                    .broken = next.broken};
    return true;
}

/* simulation.c: see simulation.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "simulation.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agenda.h"

struct simulation {
    const struct simulation_world *world;
    void *self;
    uint64_t seed, state; /* of the random numbers */
    int64_t next_step_ms;
    int64_t gap_us, gap_rest_us; /* mean time between steps; what milliseconds left over */
    struct agenda agenda;        /* of arrivals */
};

/* ---- random numbers ---- */

int64_t simulation_draw(struct simulation *simulation, int64_t least, int64_t most)
{
    assert(least <= most);
    return least + (int64_t)(agenda_draw(&simulation->state) % (uint64_t)(most - least + 1));
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

static void *checked(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---- sending ---- */

static void add(struct simulation *simulation, int64_t at_ms, struct simulation_event event, bool broken)
{
    agenda_add_event(&simulation->agenda, (struct generator_event){.topic = event.topic,
                                                                   .key = event.key,
                                                                   .value = event.value,
                                                                   .timestamp_ms = event.timestamp_ms,
                                                                   .arrival_ms = at_ms,
                                                                   .broken = broken});
}

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
    simulation->next_step_ms = simulation->agenda.last_arrival_ms = start_ms;
    simulation_set_pace(simulation, events_per_second);
    if (world->open)
        world->open(simulation, start_ms);
    return simulation;
}

void simulation_free(struct simulation *simulation)
{
    if (!simulation)
        return;
    agenda_done(&simulation->agenda);
    free(simulation->self);
    free(simulation);
}

static void step_until(struct simulation *simulation, int64_t until_ms)
{
    while (simulation->next_step_ms <= until_ms &&
           (simulation->agenda.count == 0 || simulation->next_step_ms <= simulation->agenda.steps[0].at_ms)) {
        simulation->world->step(simulation, simulation->next_step_ms);
        plan_next_step(simulation);
    }
}

bool simulation_next(struct simulation *simulation, int64_t until_ms, struct generator_event *out)
{
    step_until(simulation, until_ms);
    if (simulation->agenda.count == 0 || simulation->agenda.steps[0].at_ms > until_ms)
        return false;
    agenda_hand_out(&simulation->agenda, agenda_take(&simulation->agenda), out);
    return true;
}

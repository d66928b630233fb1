/* systems.c: see systems.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "systems.h"

#include <stdlib.h>
#include <string.h>

#include "aurore/world.h"
#include "commerce/generator.h"
#include "continental/world.h"
#include "platform/world.h"
#include "saga/world.h"
#include "simulation/simulation.h"
#include "tradex/world.h"

const struct system systems_all[] = {
    {.topology = "commerce",
     .about = "a shop: orders, stock, notifications",
     .example = "commerce-metrics/keys/revenue.confirmed",
     .topics = generator_topics},
    {.topology = "commerce-saga",
     .about = "the same shop by commands: orders are reserved, decided and told",
     .example = "saga-stock/keys/LAPTOP-001",
     .topics = saga_topics,
     .world = &saga_world,
     .feeds = "commerce",
     .acts = true},
    {.topology = "tradex",
     .about = "a marketplace: users, products, orders, sales",
     .example = "tradex-orders-per-status/keys/confirmed",
     .topics = tradex_topics,
     .world = &tradex_world},
    {.topology = "platform",
     .about = "sessions, audit and requests of a user base",
     .example = "platform-concurrent-users/keys/all",
     .topics = platform_topics,
     .world = &platform_world},
    {.topology = "continental",
     .about = "eliminations close contracts at a service, and are paid for",
     .example = "continental-leaderboard/keys/all",
     .topics = continental_topics,
     .world = &continental_world,
     .acts = true},
    {.topology = "aurore",
     .about = "events of services: kept, found again, counted",
     .example = "aurore-services/entries",
     .topics = aurore_topics,
     .world = &aurore_world},
    {.topology = "joins",
     .about = "what orders wait for, and what campaigns move",
     .example = "joins-campaign-sales/entries",
     .topics = joins_topics,
     .world = &continental_world},
    {.topology = NULL},
};

struct system_events {
    const struct system *system;
    struct generator *shop; /* one of the two */
    struct simulation *simulation;
};

const struct system *systems_find(const char *topology)
{
    for (const struct system *system = systems_all; system->topology; system++)
        if (strcmp(system->topology, topology) == 0)
            return system;
    return NULL;
}

struct system_events *system_events_new(const struct system *system, uint64_t seed, int64_t start_ms,
                                        double events_per_second)
{
    struct system_events *events = calloc(1, sizeof *events);
    if (!events)
        abort();
    events->system = system;
    if (system->world)
        events->simulation = simulation_new(system->world, seed, start_ms, events_per_second);
    else
        events->shop = generator_new(seed, start_ms, events_per_second);
    return events;
}

void system_events_free(struct system_events *events)
{
    if (!events)
        return;
    generator_free(events->shop);
    simulation_free(events->simulation);
    free(events);
}

void system_events_set_pace(struct system_events *events, double events_per_second)
{
    if (events->simulation)
        simulation_set_pace(events->simulation, events_per_second);
    else
        generator_set_pace(events->shop, events_per_second);
}

/* Systems may share a world, and each has its own topics of it. */
static bool is_of_system(const struct system *system, const char *topic)
{
    for (size_t i = 0; system->topics[i]; i++)
        if (strcmp(system->topics[i], topic) == 0)
            return true;
    return false;
}

bool system_events_next(struct system_events *events, int64_t until_ms, struct generator_event *event)
{
    if (!events->simulation)
        return generator_next(events->shop, until_ms, event);
    while (simulation_next(events->simulation, until_ms, event))
        if (is_of_system(events->system, event->topic))
            return true;
    return false;
}

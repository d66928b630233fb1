/* world.c: services that say what they do.
 * SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>

const char *const aurore_topics[] = {"aurore.events", NULL};

static void step(struct simulation *simulation, int64_t now_ms)
{
    static const char *const services[] = {"gateway", "orders",  "payments", "search",
                                           "mail",    "reports", "backup",   "auth"};
    static const char *const messages[] = {"request served", "cache missed", "retrying <upstream> & waiting",
                                           "job done", "slow query"};
    char value[SIMULATION_TEXT_MAX], time[SIMULATION_TIME_MAX];
    const char *service = services[simulation_draw_popular(simulation, 8)];
    snprintf(value, sizeof value,
             "{\"timestamp\":\"%s\",\"service\":\"%s\",\"message\":\"%s\",\"metadata\":{\"host\":\"host-%lld\",\"ms\":%"
             "lld}}",
             simulation_time(now_ms, time), service, messages[simulation_draw_popular(simulation, 5)],
             (long long)simulation_draw(simulation, 1, 9), (long long)simulation_draw(simulation, 1, 900));
    simulation_send(simulation, (struct simulation_event){"aurore.events", service, value, now_ms});
}

const struct simulation_world aurore_world = {.events_per_step = 1, .step = step};

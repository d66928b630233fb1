/* world.c: contracts are opened on customers of the shop, fulfilled after a while, and promote a product meanwhile.
 * SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>

const char *const continental_topics[] = {"contracts", "eliminations.verified", NULL};
const char *const joins_topics[] = {"campaigns", NULL};

static const char *const products[] = {"LAPTOP-001",  "MOUSE-001", "KEYBOARD-001",
                                       "MONITOR-001", "DOCK-001",  "HEADSET-001"};
enum { PRODUCTS = sizeof products / sizeof *products, CUSTOMERS = 240, ASSASSINS = 25 };

struct hotel {
    int64_t contracts;
};

static void send_contract(struct simulation *simulation, const char *id, int64_t reward, int64_t now_ms)
{
    char value[SIMULATION_TEXT_MAX], time[SIMULATION_TIME_MAX];
    snprintf(value, sizeof value,
             "{\"contractId\":\"%s\",\"target\":\"customer-%03d\",\"reward\":%lld.00,\"status\":\"OPEN\",\"openedAt\":"
             "\"%s\"}",
             id, 1 + simulation_draw_popular(simulation, CUSTOMERS), (long long)reward, simulation_time(now_ms, time));
    simulation_send_in_order(simulation, (struct simulation_event){"contracts", id, value, now_ms});
}

static void send_campaign(struct simulation *simulation, const char *id, int64_t now_ms)
{
    char value[SIMULATION_TEXT_MAX];
    snprintf(value, sizeof value, "{\"sku\":\"%s\"}", products[simulation_draw_popular(simulation, PRODUCTS)]);
    simulation_send_in_order(simulation, (struct simulation_event){"campaigns", id, value, now_ms});
}

static void send_elimination(struct simulation *simulation, const char *id, int64_t reward, int64_t at_ms)
{
    char value[SIMULATION_TEXT_MAX], time[SIMULATION_TIME_MAX];
    snprintf(value, sizeof value,
             "{\"eliminationId\":\"elimination-of-%s\",\"contractId\":\"%s\",\"assassinId\":\"assassin-%02d\","
             "\"coinsAmount\":%lld.00,\"verifiedAt\":\"%s\"}",
             id, id, 1 + simulation_draw_popular(simulation, ASSASSINS), (long long)reward,
             simulation_time(at_ms, time));
    simulation_send(simulation, (struct simulation_event){"eliminations.verified", id, value, at_ms});
}

static void step(struct simulation *simulation, int64_t now_ms)
{
    struct hotel *hotel = simulation_self(simulation);
    int64_t reward = 100 * simulation_draw(simulation, 1, 90);
    char id[48];
    snprintf(id, sizeof id, "contract-%llx-%07lld", (unsigned long long)simulation_seed(simulation),
             (long long)++hotel->contracts);
    send_contract(simulation, id, reward, now_ms);
    if (simulation_happens(simulation, 600))
        send_campaign(simulation, id, now_ms);
    if (simulation_happens(simulation, 800))
        send_elimination(simulation, id, reward, now_ms + simulation_draw(simulation, 5000, 300000));
}

const struct simulation_world continental_world = {
    .self_size = sizeof(struct hotel), .events_per_step = 2, .step = step};

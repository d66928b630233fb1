/* world.c: customers fill baskets, and now and then a delivery comes: the stock that is set is all that was ever delivered, since what is
 * reserved for orders counts as stock.
 * SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>

#include "commerce/catalogue.h"

const char *const saga_topics[] = {"inventory.stock", "orders.commands", NULL};

enum { CUSTOMERS = 240, LINES_MAX = 4, EVENTS_PER_COMMAND = 6 };

struct shop {
    int64_t orders, delivered[CATALOGUE_SIZE];
};

static void deliver(struct simulation *simulation, int product, int64_t now_ms)
{
    struct shop *shop = simulation_self(simulation);
    char value[SIMULATION_TEXT_MAX], time[SIMULATION_TIME_MAX];
    shop->delivered[product] += catalogue[product].initial;
    snprintf(value, sizeof value, "{\"sku\":\"%s\",\"quantity\":%lld,\"timestamp\":\"%s\"}", catalogue[product].sku,
             (long long)shop->delivered[product], simulation_time(now_ms, time));
    simulation_send_in_order(simulation,
                             (struct simulation_event){"inventory.stock", catalogue[product].sku, value, now_ms});
}

static void open_shop(struct simulation *simulation, int64_t now_ms)
{
    for (int product = 0; product < CATALOGUE_SIZE; product++)
        deliver(simulation, product, now_ms);
}

/* Hundreds of one thing at once: there is no such stock. */
static int64_t draw_quantity(struct simulation *simulation)
{
    return simulation_happens(simulation, 8) ? 400 : 1 + simulation_draw(simulation, 0, 9) / 7;
}

/* A basket may have two lines of one product. Returns the bytes written. */
static int fill_basket(struct simulation *simulation, char *out, size_t size)
{
    int lines = 1 + simulation_draw_popular(simulation, LINES_MAX), used = 0;
    for (int i = 0; i < lines; i++) {
        const struct product *product = &catalogue[simulation_draw_popular(simulation, CATALOGUE_SIZE)];
        used +=
            snprintf(out + used, size - (size_t)used, "%s{\"sku\":\"%s\",\"quantity\":%lld,\"unit_price\":%lld.%02lld}",
                     i > 0 ? "," : "", product->sku, (long long)draw_quantity(simulation),
                     (long long)(product->cents / 100), (long long)(product->cents % 100));
    }
    return used;
}

static void send_command(struct simulation *simulation, int64_t now_ms)
{
    struct shop *shop = simulation_self(simulation);
    char id[48], items[SIMULATION_TEXT_MAX / 2], value[SIMULATION_TEXT_MAX], time[SIMULATION_TIME_MAX];
    snprintf(id, sizeof id, "order-%llx-c%06lld", (unsigned long long)simulation_seed(simulation),
             (long long)++shop->orders);
    int size = fill_basket(simulation, items, sizeof items);
    snprintf(value, sizeof value,
             "{\"type\":\"CREATE_ORDER\",\"order_id\":\"%s\",\"customer_id\":\"customer-%03d\",\"items\":[%.*s],"
             "\"timestamp\":\"%s\"}",
             id, 1 + simulation_draw_popular(simulation, CUSTOMERS), size, items, simulation_time(now_ms, time));
    simulation_send(simulation, (struct simulation_event){"orders.commands", id, value, now_ms});
}

static void step(struct simulation *simulation, int64_t now_ms)
{
    send_command(simulation, now_ms);
    if (simulation_happens(simulation, 25))
        deliver(simulation, simulation_draw_popular(simulation, CATALOGUE_SIZE), now_ms);
}

/* The pace counts what a command causes, as the generator of the events does. */
const struct simulation_world saga_world = {
    .self_size = sizeof(struct shop), .events_per_step = EVENTS_PER_COMMAND, .open = open_shop, .step = step};

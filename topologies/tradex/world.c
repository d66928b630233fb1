/* world.c: a marketplace simulated: users, products, orders that are confirmed, shipped or cancelled, and stock.
 * SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>

const char *const tradex_topics[] = {"auth.commands", "catalog.commands", "order.commands", "user.registered",
                                     "order.created", "order.updated",    "stock.updated",  NULL};

struct offer {
    const char *sku, *name, *category;
    int64_t cents;
    int seller;
};

static const struct offer offers[] = {
    {"SAFFRON-5G", "Saffron, 5 g", "spices", 2490, 0},     {"PEPPER-1KG", "Black pepper, 1 kg", "spices", 1890, 0},
    {"VANILLA-10", "Vanilla, 10 pods", "spices", 2190, 1}, {"TEA-GREEN", "Green tea, 250 g", "tea", 1290, 1},
    {"TEA-BLACK", "Black tea, 250 g", "tea", 990, 2},      {"TEA-WHITE", "White tea, 100 g", "tea", 2990, 2},
    {"COFFEE-1KG", "Coffee, 1 kg", "coffee", 1990, 3},     {"COFFEE-DECAF", "Coffee without, 1 kg", "coffee", 2190, 3},
    {"MILL-OAK", "Mill of oak", "tools", 4990, 4},         {"SCALE-01", "Scale, 0.1 g", "tools", 3490, 4},
    {"KETTLE-STEEL", "Kettle", "tools", 5990, 5},          {"CUP-BLUE", "Cup, blue", "tools", 1190, 5},
};
enum { OFFERS = sizeof offers / sizeof *offers, SELLERS = 6, BUYERS = 60, ITEMS_MAX = 3, LOTS_OF = 120 };

struct market {
    int64_t orders, registrations;
    int64_t stock[OFFERS];
};

static void send(struct simulation *simulation, const char *topic, const char *key, const char *value, int64_t at_ms)
{
    simulation_send(simulation, (struct simulation_event){topic, key, value, at_ms});
}

/* ---- users ---- */

static void send_registered(struct simulation *simulation, const char *role, int number, int64_t now_ms)
{
    char id[32], value[SIMULATION_TEXT_MAX], time[SIMULATION_TIME_MAX];
    snprintf(id, sizeof id, "%s-%03d", role, number);
    snprintf(value, sizeof value,
             "{\"userId\":\"%s\",\"email\":\"%s@example.com\",\"role\":\"%s\",\"createdAt\":\"%s\"}", id, id, role,
             simulation_time(now_ms, time));
    simulation_send_in_order(simulation, (struct simulation_event){"user.registered", id, value, now_ms});
}

/* Some people forget that they are registered already. */
static void ask_to_register(struct simulation *simulation, int64_t now_ms)
{
    struct market *market = simulation_self(simulation);
    char value[SIMULATION_TEXT_MAX];
    int64_t number = market->registrations;
    if (number == 0 || !simulation_happens(simulation, 100))
        number = ++market->registrations;
    snprintf(
        value, sizeof value,
        "{\"command\":\"REGISTER_USER\",\"data\":{\"email\":\"visitor-%lld@example.com\",\"password\":\"secret-%llx\","
        "\"name\":\"Visitor %lld\",\"role\":\"%s\"}}",
        (long long)number, (unsigned long long)simulation_draw(simulation, 0, 1 << 30), (long long)number,
        simulation_happens(simulation, 100) ? "seller" : "buyer");
    send(simulation, "auth.commands", NULL, value, now_ms);
}

static void log_in(struct simulation *simulation, int64_t now_ms)
{
    char value[SIMULATION_TEXT_MAX];
    snprintf(value, sizeof value,
             "{\"command\":\"LOGIN_USER\",\"data\":{\"email\":\"buyer-%03d@example.com\",\"password\":\"secret\"}}",
             1 + simulation_draw_popular(simulation, BUYERS));
    send(simulation, "auth.commands", NULL, value, now_ms);
}

/* ---- products ---- */

static void create_product(struct simulation *simulation, int number, int64_t now_ms)
{
    struct market *market = simulation_self(simulation);
    const struct offer *offer = &offers[number];
    char seller[32], value[SIMULATION_TEXT_MAX];
    market->stock[number] = LOTS_OF;
    snprintf(seller, sizeof seller, "seller-%03d", offer->seller + 1);
    snprintf(value, sizeof value,
             "{\"command\":\"CREATE_PRODUCT\",\"data\":{\"name\":\"%s\",\"description\":\"%s, as it should "
             "be\",\"sku\":\"%s\","
             "\"price\":%lld.%02lld,\"stock\":%d,\"category\":\"%s\"}}",
             offer->name, offer->name, offer->sku, (long long)(offer->cents / 100), (long long)(offer->cents % 100),
             LOTS_OF, offer->category);
    simulation_send_in_order(simulation, (struct simulation_event){"catalog.commands", seller, value, now_ms});
}

static void send_stock(struct simulation *simulation, int number, const char *operation, int64_t quantity,
                       int64_t at_ms)
{
    char value[SIMULATION_TEXT_MAX], time[SIMULATION_TIME_MAX];
    snprintf(value, sizeof value, "{\"productId\":\"%s\",\"quantity\":%lld,\"operation\":\"%s\",\"updatedAt\":\"%s\"}",
             offers[number].sku, (long long)quantity, operation, simulation_time(at_ms, time));
    send(simulation, "stock.updated", offers[number].sku, value, at_ms);
}

static void take_from_stock(struct simulation *simulation, int number, int64_t quantity, int64_t at_ms)
{
    struct market *market = simulation_self(simulation);
    send_stock(simulation, number, "decrease", quantity, at_ms);
    market->stock[number] -= quantity;
    if (market->stock[number] >= LOTS_OF / 20)
        return;
    int64_t wait_ms = simulation_draw(simulation, 20000, 200000);
    send_stock(simulation, number, "increase", LOTS_OF, at_ms + wait_ms);
    market->stock[number] += LOTS_OF;
}

/* ---- orders ---- */

struct basket {
    char items[400];
    int64_t cents;
};

static struct basket fill_basket(struct simulation *simulation, int64_t now_ms)
{
    struct basket basket = {.cents = 0};
    int count = 1 + simulation_draw_popular(simulation, ITEMS_MAX), number = 0;
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        int64_t quantity = simulation_draw(simulation, 1, 3);
        number = (number + i + simulation_draw_popular(simulation, OFFERS - 1)) % OFFERS;
        const struct offer *offer = &offers[number];
        size += (size_t)snprintf(basket.items + size, sizeof basket.items - size,
                                 "%s{\"productId\":\"%s\",\"quantity\":%lld,\"price\":%lld.%02lld}", i ? "," : "",
                                 offer->sku, (long long)quantity, (long long)(offer->cents / 100),
                                 (long long)(offer->cents % 100));
        basket.cents += quantity * offer->cents;
        take_from_stock(simulation, number, quantity, now_ms + i);
    }
    return basket;
}

static void send_status(struct simulation *simulation, const char *id, const char *status, int64_t at_ms)
{
    char value[SIMULATION_TEXT_MAX], time[SIMULATION_TIME_MAX];
    snprintf(value, sizeof value, "{\"orderId\":\"%s\",\"status\":\"%s\",\"updatedAt\":\"%s\"}", id, status,
             simulation_time(at_ms, time));
    send(simulation, "order.updated", id, value, at_ms);
}

static void follow(struct simulation *simulation, const char *id, int64_t now_ms)
{
    static const char *const statuses[] = {"confirmed", "processing", "shipped", "delivered"};
    int64_t at_ms = now_ms;
    for (int i = 0; i < 4; i++) {
        at_ms += simulation_draw(simulation, 500, 60000);
        if (simulation_happens(simulation, 40)) {
            send_status(simulation, id, "cancelled", at_ms);
            return;
        }
        send_status(simulation, id, statuses[i], at_ms);
    }
}

static void create_order(struct simulation *simulation, int64_t now_ms)
{
    struct market *market = simulation_self(simulation);
    struct basket basket = fill_basket(simulation, now_ms);
    char id[48], value[SIMULATION_TEXT_MAX], time[SIMULATION_TIME_MAX];
    snprintf(id, sizeof id, "trade-%llx-%06lld", (unsigned long long)simulation_seed(simulation),
             (long long)++market->orders);
    snprintf(value, sizeof value,
             "{\"orderId\":\"%s\",\"userId\":\"buyer-%03d\",\"items\":[%s],\"totalAmount\":%lld.%02lld,"
             "\"status\":\"pending\",\"createdAt\":\"%s\"}",
             id, 1 + simulation_draw_popular(simulation, BUYERS), basket.items, (long long)(basket.cents / 100),
             (long long)(basket.cents % 100), simulation_time(now_ms, time));
    send(simulation, "order.created", id, value, now_ms);
    follow(simulation, id, now_ms);
}

static void ask_for_order(struct simulation *simulation, int64_t now_ms)
{
    char value[SIMULATION_TEXT_MAX];
    struct basket basket = fill_basket(simulation, now_ms);
    snprintf(value, sizeof value, "{\"command\":\"CREATE_ORDER\",\"data\":{\"userId\":\"buyer-%03d\",\"items\":[%s]}}",
             1 + simulation_draw_popular(simulation, BUYERS), basket.items);
    send(simulation, "order.commands", NULL, value, now_ms);
}

/* ---- the world ---- */

static void open_market(struct simulation *simulation, int64_t now_ms)
{
    for (int i = 0; i < SELLERS; i++)
        send_registered(simulation, "seller", i + 1, now_ms);
    for (int i = 0; i < BUYERS; i++)
        send_registered(simulation, "buyer", i + 1, now_ms);
    send_registered(simulation, "admin", 1, now_ms);
    for (int i = 0; i < OFFERS; i++)
        create_product(simulation, i, now_ms);
}

static void step(struct simulation *simulation, int64_t now_ms)
{
    int64_t chance = simulation_draw(simulation, 0, 99);
    if (chance < 85)
        create_order(simulation, now_ms);
    else if (chance < 90)
        ask_for_order(simulation, now_ms);
    else if (chance < 94)
        ask_to_register(simulation, now_ms);
    else if (chance < 98)
        log_in(simulation, now_ms);
    else /* somebody counts what is not there */
        send_stock(simulation, simulation_draw_popular(simulation, OFFERS), "decrease",
                   simulation_draw(simulation, 400, 900), now_ms);
}

const struct simulation_world tradex_world = {
    .self_size = sizeof(struct market), .events_per_step = 6, .open = open_market, .step = step};

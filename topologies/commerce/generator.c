/* generator.c: a shop simulated step by step. See generator.h.
 *
 * The agenda holds what will happen, in order of time: steps of orders (decide, settle, notify) and events on their way to
 * the broker. New orders arrive beside it, so that the pace can change at any moment. Only integers decide, so a
 * seed gives the same events on every machine.
 * SPDX-License-Identifier: Apache-2.0 */
#include "generator.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "simulation/agenda.h"
#include "simulation/simulation.h"

enum {
    CUSTOMERS = 240,
    ITEMS_MAX = 4,
    EVENTS_PER_ORDER_X100 = 620, /* measured; turns events per second into orders per second */
    RESTOCK_BELOW = 20,
    VALUE_BYTES_MAX = 1600,
};

const char *const generator_topics[] = {"orders.events",        "inventory.responses", "inventory.events",
                                        "notifications.events", "inventory.stock",     NULL};

enum {
    STAGE_DECIDE = STAGE_ARRIVE + 1,
    STAGE_SETTLE,
    STAGE_NOTIFY
}; /* the stages of an order hand it on; the last one frees it */

struct order {
    uint64_t number;
    int customer, item_count;
    struct {
        int product;
        int64_t quantity;
    } items[ITEMS_MAX];
    int64_t cents;
    const char *reason; /* why it is cancelled; NULL: it is not */
    bool is_reserved;
};

struct generator {
    uint64_t seed, state; /* of the random numbers */
    uint64_t orders, events;
    int64_t next_order_ms, gap_us; /* mean time between orders */
    int64_t gap_rest_us;           /* what millisecond steps left over */
    int64_t available[CATALOGUE_SIZE], reserved[CATALOGUE_SIZE], last_stock_ms[CATALOGUE_SIZE];
    struct agenda agenda;
};

/* ---- random numbers ---- */

static int64_t draw_below(struct generator *shop, int64_t limit)
{
    return (int64_t)(agenda_draw(&shop->state) % (uint64_t)limit);
}

static int64_t draw_between(struct generator *shop, int64_t least, int64_t most)
{
    return least + draw_below(shop, most - least + 1);
}

static bool happens(struct generator *shop, int per_mille)
{
    return draw_below(shop, 1000) < per_mille;
}

/* Small numbers are drawn more often: regular customers, popular products. */
static int draw_popular(struct generator *shop, int limit)
{
    int64_t a = draw_below(shop, limit), b = draw_below(shop, limit);
    return (int)(a < b ? a : b);
}

static void *checked(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---- text ---- */

struct text {
    char data[VALUE_BYTES_MAX];
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text->data + text->size, sizeof text->data - text->size, format, args);
    va_end(args);
    assert(size >= 0 && (size_t)size < sizeof text->data - text->size);
    text->size += (size_t)size;
}

static void add_money(struct text *text, const char *name, int64_t cents)
{
    add(text, ",\"%s\":%lld.%02lld", name, (long long)(cents / 100), (long long)(cents % 100));
}

static void add_time(struct text *text, int64_t ms)
{
    char time[SIMULATION_TIME_MAX];
    add(text, ",\"timestamp\":\"%s\"}", simulation_time(ms, time));
}

static void add_type_and_id(struct generator *shop, struct text *text, const char *type)
{
    add(text, "{\"type\":\"%s\",\"event_id\":\"event-%llx-%08llu\"", type, (unsigned long long)shop->seed,
        (unsigned long long)++shop->events);
}

static void order_id(const struct generator *shop, const struct order *order, char out[64])
{
    snprintf(out, 64, "order-%llx-%06llu", (unsigned long long)shop->seed, (unsigned long long)order->number);
}

/* ---- sending ---- */

static int64_t delay(struct generator *shop)
{
    return happens(shop, 15) ? draw_between(shop, 2000, 45000) : draw_between(shop, 0, 20);
}

static void arrive(struct generator *shop, int64_t at_ms, struct generator_event event)
{
    event.arrival_ms = at_ms;
    agenda_add_event(&shop->agenda, event);
}

/* What goes wrong with producers: a cut message, a type nobody knows, no JSON at all, no key. */
static void send_broken(struct generator *shop, struct generator_event event)
{
    char value[VALUE_BYTES_MAX];
    snprintf(value, sizeof value, "%s", event.value);
    event.broken = true;
    event.value = value;
    switch (draw_below(shop, 4)) {
    case 0:
        value[strlen(value) / 2] = 0;
        break;
    case 1:
        snprintf(value, sizeof value, "{\"type\":\"UNKNOWN_KIND\",\"event_id\":\"event-%llx-broken\"}",
                 (unsigned long long)shop->seed);
        break;
    case 2:
        snprintf(value, sizeof value, "<html>502 Bad Gateway</html>");
        break;
    default:
        event.key = NULL;
    }
    arrive(shop, event.timestamp_ms + draw_between(shop, 0, 1000), event);
}

/* event.key and event.value are the caller's; copies are kept. */
static void send(struct generator *shop, struct generator_event event)
{
    int64_t at_ms = event.timestamp_ms + delay(shop);
    arrive(shop, at_ms, event);
    bool has_id = strstr(event.value, "\"event_id\"") != NULL;
    if (has_id && happens(shop, 12))
        arrive(shop, at_ms + draw_between(shop, 1, 30000), event);
    if (strcmp(event.topic, "orders.events") == 0 && happens(shop, 2))
        send_broken(shop, event);
}

static void send_for_order(struct generator *shop, const struct order *order, const char *topic, const char *value,
                           int64_t timestamp_ms)
{
    char id[64];
    order_id(shop, order, id);
    send(shop, (struct generator_event){.topic = topic, .key = id, .value = value, .timestamp_ms = timestamp_ms});
}

/* ---- stock ---- */

/* No two changes of a SKU share a millisecond, so that the latest is the latest for everybody. */
static int64_t stock_time(struct generator *shop, int product, int64_t now_ms)
{
    int64_t *last = &shop->last_stock_ms[product];
    *last = now_ms > *last ? now_ms : *last + 1;
    return *last;
}

static void send_stock_level(struct generator *shop, int product, int64_t now_ms)
{
    struct text value = {.size = 0};
    int64_t at_ms = stock_time(shop, product, now_ms);
    int64_t quantity = shop->available[product] + shop->reserved[product];
    char key[64];
    snprintf(key, sizeof key, "%s", catalogue[product].sku);
    add(&value, "{\"sku\":\"%s\",\"quantity\":%lld", key, (long long)quantity);
    add_time(&value, at_ms);
    send(shop,
         (struct generator_event){.topic = "inventory.stock", .key = key, .value = value.data, .timestamp_ms = at_ms});
}

static void send_inventory_event(struct generator *shop, const char *type, const struct order *order, int product,
                                 int64_t quantity, int64_t now_ms)
{
    struct text value = {.size = 0};
    int64_t at_ms = stock_time(shop, product, now_ms);
    char id[64];
    add_type_and_id(shop, &value, type);
    if (order) {
        order_id(shop, order, id);
        add(&value, ",\"order_id\":\"%s\"", id);
    } else {
        snprintf(id, sizeof id, "%s", catalogue[product].sku);
    }
    add(&value, ",\"sku\":\"%s\",\"quantity\":%lld,\"available\":%lld,\"reserved\":%lld", catalogue[product].sku,
        (long long)quantity, (long long)shop->available[product], (long long)shop->reserved[product]);
    add_time(&value, at_ms);
    send(shop,
         (struct generator_event){.topic = "inventory.events", .key = id, .value = value.data, .timestamp_ms = at_ms});
}

/* A delivery comes: either counted from outside, or what was reserved has left the house meanwhile. */
static void restock(struct generator *shop, int product, int64_t now_ms)
{
    shop->available[product] = catalogue[product].initial;
    if (happens(shop, 250)) {
        send_stock_level(shop, product, now_ms);
        return;
    }
    shop->reserved[product] = 0;
    send_inventory_event(shop, "STOCK_SET", NULL, product, catalogue[product].initial, now_ms);
}

static void open_shop(struct generator *shop, int64_t start_ms)
{
    for (int i = 0; i < CATALOGUE_SIZE; i++) {
        shop->available[i] = catalogue[i].initial;
        send_stock_level(shop, i, start_ms);
    }
}

/* ---- orders ---- */

static void send_order_event(struct generator *shop, const struct order *order, const char *type, const char *status,
                             int64_t now_ms)
{
    struct text value = {.size = 0};
    char id[64];
    order_id(shop, order, id);
    add_type_and_id(shop, &value, type);
    add(&value, ",\"order_id\":\"%s\",\"customer_id\":\"customer-%03d\",\"items\":[", id, order->customer + 1);
    for (int i = 0; i < order->item_count; i++) {
        const struct product *product = &catalogue[order->items[i].product];
        add(&value, "%s{\"sku\":\"%s\",\"quantity\":%lld", i ? "," : "", product->sku,
            (long long)order->items[i].quantity);
        add_money(&value, "unit_price", product->cents);
        add(&value, "}");
    }
    add(&value, "]");
    add_money(&value, "total", order->cents);
    add(&value, ",\"status\":\"%s\"", status);
    if (order->reason)
        add(&value, ",\"reason\":\"%s\"", order->reason);
    add_time(&value, now_ms);
    send_for_order(shop, order, "orders.events", value.data, now_ms);
}

/* Hundreds of one thing at once: such an order waits for stock that is not there. */
static int64_t draw_quantity(struct generator *shop)
{
    return happens(shop, 8) ? 100 : 1 + draw_below(shop, 10) / 7 + draw_below(shop, 20) / 19;
}

static void fill_basket(struct generator *shop, struct order *order)
{
    int wanted = 1 + draw_popular(shop, ITEMS_MAX);
    for (int i = 0; i < wanted; i++) {
        int product = draw_popular(shop, CATALOGUE_SIZE);
        bool is_twice = false;
        for (int k = 0; k < order->item_count; k++)
            is_twice = is_twice || order->items[k].product == product;
        if (is_twice)
            continue;
        int64_t quantity = draw_quantity(shop);
        order->items[order->item_count].product = product;
        order->items[order->item_count++].quantity = quantity;
        order->cents += quantity * catalogue[product].cents;
    }
}

static void hand_on(struct generator *shop, struct order *order, int stage, int64_t at_ms)
{
    agenda_add(&shop->agenda, (struct step){.at_ms = at_ms, .stage = stage, .subject = order});
}

static void create_order(struct generator *shop, int64_t now_ms)
{
    struct order *order = checked(calloc(1, sizeof *order));
    order->number = ++shop->orders;
    order->customer = draw_popular(shop, CUSTOMERS);
    fill_basket(shop, order);
    send_order_event(shop, order, "ORDER_CREATED", "PENDING", now_ms);
    hand_on(shop, order, STAGE_DECIDE, now_ms + draw_between(shop, 20, 400));
}

static int find_missing(const struct generator *shop, const struct order *order)
{
    for (int i = 0; i < order->item_count; i++)
        if (shop->available[order->items[i].product] < order->items[i].quantity)
            return i;
    return -1;
}

static void send_response(struct generator *shop, const struct order *order, int missing, int64_t now_ms)
{
    struct text value = {.size = 0};
    char id[64];
    order_id(shop, order, id);
    add(&value, "{\"order_id\":\"%s\",\"status\":\"%s\"", id, missing < 0 ? "RESERVED" : "INSUFFICIENT_STOCK");
    if (missing >= 0) {
        int product = order->items[missing].product;
        add(&value, ",\"reason\":\"not enough stock\",\"sku\":\"%s\",\"available\":%lld,\"requested\":%lld",
            catalogue[product].sku, (long long)shop->available[product], (long long)order->items[missing].quantity);
    }
    add(&value, "}");
    send_for_order(shop, order, "inventory.responses", value.data, now_ms);
}

static void reserve(struct generator *shop, struct order *order, int64_t now_ms)
{
    order->is_reserved = true;
    for (int i = 0; i < order->item_count; i++) {
        int product = order->items[i].product;
        int64_t quantity = order->items[i].quantity;
        shop->available[product] -= quantity;
        shop->reserved[product] += quantity;
        send_inventory_event(shop, "INVENTORY_RESERVED", order, product, quantity, now_ms);
        if (shop->available[product] < RESTOCK_BELOW)
            restock(shop, product, now_ms + 1);
    }
}

static void release(struct generator *shop, const struct order *order, int64_t now_ms)
{
    for (int i = 0; i < order->item_count; i++) {
        int product = order->items[i].product;
        int64_t quantity = order->items[i].quantity;
        if (shop->reserved[product] < quantity) /* a delivery came in between */
            continue;
        shop->available[product] += quantity;
        shop->reserved[product] -= quantity;
        send_inventory_event(shop, "INVENTORY_RELEASED", order, product, quantity, now_ms);
    }
}

static int64_t draw_patience(struct generator *shop)
{
    int64_t chance = draw_below(shop, 100);
    if (chance < 85)
        return draw_between(shop, 250, 2500);
    return chance < 98 ? draw_between(shop, 2500, 20000) : draw_between(shop, 20000, 180000);
}

static void decide(struct generator *shop, struct order *order, int64_t now_ms)
{
    int missing = find_missing(shop, order);
    send_response(shop, order, missing, now_ms);
    if (missing >= 0)
        order->reason = "INSUFFICIENT_STOCK";
    else
        reserve(shop, order, now_ms);
    if (!order->reason && happens(shop, 45))
        order->reason = happens(shop, 600) ? "PAYMENT_DECLINED" : "CUSTOMER_REQUEST";
    hand_on(shop, order, STAGE_SETTLE,
            now_ms + (order->is_reserved ? draw_patience(shop) : draw_between(shop, 10, 300)));
}

static void settle(struct generator *shop, struct order *order, int64_t now_ms)
{
    if (order->reason && order->is_reserved)
        release(shop, order, now_ms);
    if (order->reason)
        send_order_event(shop, order, "ORDER_CANCELLED", "CANCELLED", now_ms);
    else
        send_order_event(shop, order, "ORDER_CONFIRMED", "CONFIRMED", now_ms);
    hand_on(shop, order, STAGE_NOTIFY, now_ms + draw_between(shop, 50, 1500));
}

static void notify(struct generator *shop, struct order *order, int64_t now_ms)
{
    struct text value = {.size = 0};
    bool failed = happens(shop, 20);
    char id[64];
    order_id(shop, order, id);
    add_type_and_id(shop, &value, failed ? "NOTIFICATION_FAILED" : "NOTIFICATION_SENT");
    add(&value, ",\"order_id\":\"%s\",\"channel\":\"%s\",\"attempts\":%d", id, order->customer % 3 ? "email" : "sms",
        failed ? 3 : 1);
    if (failed)
        add(&value, ",\"reason\":\"timeout\"");
    add_time(&value, now_ms);
    send_for_order(shop, order, "notifications.events", value.data, now_ms);
    free(order);
}

/* ---- time ---- */

static void schedule_next_order(struct generator *shop)
{
    int64_t gap = shop->gap_rest_us + shop->gap_us * draw_between(shop, 1, 1999) / 1000;
    shop->next_order_ms += gap / 1000;
    shop->gap_rest_us = gap % 1000;
}

void generator_set_pace(struct generator *shop, double events_per_second)
{
    assert(events_per_second > 0);
    double gap_us = EVENTS_PER_ORDER_X100 * 1e4 / events_per_second;
    shop->gap_us = gap_us < 1 ? 1 : (int64_t)gap_us;
    int64_t soon_ms = shop->agenda.last_arrival_ms + 2 * shop->gap_us / 1000;
    if (shop->agenda.last_arrival_ms > 0 && shop->next_order_ms > soon_ms)
        shop->next_order_ms = soon_ms; /* the slower pace had put it far away */
}

struct generator *generator_new(uint64_t seed, int64_t start_ms, double events_per_second)
{
    struct generator *shop = checked(calloc(1, sizeof *shop));
    shop->seed = seed;
    shop->state = seed * 0x2545F4914F6CDD1Du + 1;
    shop->next_order_ms = start_ms + 100;
    generator_set_pace(shop, events_per_second);
    open_shop(shop, start_ms);
    return shop;
}

void generator_free(struct generator *shop)
{
    if (!shop)
        return;
    agenda_done(&shop->agenda);
    free(shop);
}

static void take_step(struct generator *shop, const struct step *step)
{
    if (step->stage == STAGE_DECIDE)
        decide(shop, step->subject, step->at_ms);
    else if (step->stage == STAGE_SETTLE)
        settle(shop, step->subject, step->at_ms);
    else
        notify(shop, step->subject, step->at_ms);
}

bool generator_next(struct generator *shop, int64_t until_ms, struct generator_event *out)
{
    for (;;) {
        bool order_is_next = shop->agenda.count == 0 || shop->next_order_ms <= shop->agenda.steps[0].at_ms;
        if ((order_is_next ? shop->next_order_ms : shop->agenda.steps[0].at_ms) > until_ms)
            return false;
        if (order_is_next) {
            int64_t now_ms = shop->next_order_ms;
            create_order(shop, now_ms);
            schedule_next_order(shop);
            continue;
        }
        struct step step = agenda_take(&shop->agenda);
        if (step.stage == STAGE_ARRIVE) {
            agenda_hand_out(&shop->agenda, step, out);
            return true;
        }
        take_step(shop, &step);
    }
}

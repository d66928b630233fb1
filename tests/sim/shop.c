/* shop.c: commands for commerce-saga, some of them twice, with less stock than is asked for; and what must be true in the end: no
 * more is reserved than there is, every order has one outcome, the stock agrees with it, and the customer hears of it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "shop.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "saga_views.h"
#include "schemas/codec.h"
#include "state/store.h"

enum { ORDERS = 60, SKUS = 4, RECORDS_MAX = 200, TEXT_MAX = 360 };

/* ---- inputs ---- */

static struct simulate_input inputs[RECORDS_MAX];
static char keys[RECORDS_MAX][16], values[RECORDS_MAX][TEXT_MAX];
static size_t input_count;

static void add_input(const char *topic)
{
    inputs[input_count] = (struct simulate_input){topic,
                                                  {.key = {keys[input_count], strlen(keys[input_count])},
                                                   .value = {values[input_count], strlen(values[input_count])},
                                                   .timestamp_ms = -1}};
    input_count++;
}

static void set_stock(struct random *random, int sku)
{
    snprintf(keys[input_count], sizeof *keys, "sku-%d", sku);
    snprintf(values[input_count], sizeof *values, "{\"quantity\":%d}", (int)random_between(random, 5, 40));
    add_input("inventory.stock");
}

static void command(struct random *random, int number)
{
    char *value = values[input_count];
    int lines = (int)random_between(random, 1, 3);
    snprintf(keys[input_count], sizeof *keys, "o-%d", number);
    int size = snprintf(value, sizeof *values,
                        "{\"type\":\"CREATE_ORDER\",\"order_id\":\"o-%d\",\"customer_id\":\"c\",\"timestamp\":"
                        "\"2024-01-01T00:00:00.000Z\",\"items\":[",
                        number);
    for (int i = 0; i < lines; i++)
        size += snprintf(value + size, sizeof *values - (size_t)size,
                         "%s{\"sku\":\"sku-%d\",\"quantity\":%d,\"unit_price\":1.50}", i > 0 ? "," : "",
                         (int)random_between(random, 0, SKUS - 1), (int)random_between(random, 1, 3));
    snprintf(value + size, sizeof *values - (size_t)size, "]}");
    add_input("orders.commands");
}

static void repeat(size_t of)
{
    memcpy(keys[input_count], keys[of], sizeof *keys);
    memcpy(values[input_count], values[of], sizeof *values);
    add_input(inputs[of].topic);
}

const struct simulate_input *shop_inputs(uint64_t seed, size_t *count)
{
    struct random random = {seed};
    input_count = 0;
    for (int sku = 0; sku < SKUS; sku++)
        set_stock(&random, sku);
    for (int number = 0; number < ORDERS; number++) {
        command(&random, number);
        if (random_chance(&random, 150000))
            repeat((size_t)random_between(&random, 0, (int64_t)input_count - 1));
        if (random_chance(&random, 50000))
            set_stock(&random, (int)random_between(&random, 0, SKUS - 1));
    }
    *count = input_count;
    return inputs;
}

/* ---- the judge ---- */

enum { CREATED = 1, CONFIRMED = 2, CANCELLED = 4, TOLD_CONFIRMED = 8, TOLD_CANCELLED = 16, HEARD = 32, RESERVED = 64 };

struct shop {
    struct simulate_world *world;
    weir_arena *arena;
    int orders[ORDERS];                                  /* what was said of each */
    int64_t reserved[SKUS], wanted[SKUS], highest[SKUS]; /* the highest level that was set */
};

static void fail(const struct shop *shop, const char *problem, int number)
{
    char what[128];
    snprintf(what, sizeof what, "%s: %d", problem, number);
    simulate_fail(shop->world, what);
}

static int number_in(weir_bytes key, const char *prefix, int limit)
{
    char text[64] = "";
    size_t size = strlen(prefix);
    memcpy(text, key.data, key.size < sizeof text - 1 ? key.size : sizeof text - 1);
    long number = strncmp(text, prefix, size) == 0 ? strtol(text + size, NULL, 10) : -1;
    return number >= 0 && number < limit ? (int)number : -1;
}

static bool says(const struct weir_raw_record *record, const char *text)
{
    return memmem(record->value.data, record->value.size, text, strlen(text)) != NULL;
}

static void note(struct shop *shop, const struct weir_raw_record *record, const char *text, int what)
{
    int number = number_in(record->key, "o-", ORDERS);
    if (number >= 0 && says(record, text))
        shop->orders[number] |= what;
}

static void read_event(void *self, const struct weir_raw_record *record)
{
    note(self, record, "/created\"", CREATED);
    note(self, record, "/confirmed\"", CONFIRMED);
    note(self, record, "/cancelled\"", CANCELLED);
}

static void read_request(void *self, const struct weir_raw_record *record)
{
    note(self, record, "\"ORDER_CONFIRMED\"", TOLD_CONFIRMED);
    note(self, record, "\"ORDER_CANCELLED\"", TOLD_CANCELLED);
}

static void read_notification(void *self, const struct weir_raw_record *record)
{
    note(self, record, "/notification", HEARD); /* or that it was given up */
}

/* In a store a value is a single object (0xC3 0x01), with a timestamp in front. */
static const void *value_of(const struct shop *shop, const struct weir_type *type, const struct store_row *row)
{
    struct weir_error error = {0};
    const unsigned char *bytes = row->value.data;
    size_t skipped = bytes[0] == 0xC3 && bytes[1] == 0x01 ? 0 : sizeof(int64_t);
    return codec_read(type, (weir_bytes){bytes + skipped, row->value.size - skipped}, shop->arena, &error);
}

static void read_level(void *self, const char *topic, int32_t partition, const struct weir_raw_record *record)
{
    struct shop *shop = self;
    (void)topic, (void)partition;
    int sku = number_in(record->key, "sku-", SKUS);
    int64_t level = sku < 0 ? 0 : strtol((const char *)record->value.data + strlen("{\"quantity\":"), NULL, 10);
    if (sku >= 0 && level > shop->highest[sku])
        shop->highest[sku] = level;
}

static void read_stock(void *self, const struct store_row *row)
{
    struct shop *shop = self;
    const struct saga_stock *stock = value_of(shop, &saga_stock_type, row);
    int sku = number_in(row->key, "sku-", SKUS);
    if (!stock || sku < 0 || stock->reserved > shop->highest[sku] || stock->available < 0 ||
        stock->available + stock->reserved != stock->quantity)
        fail(shop, "more is reserved than there is of a SKU", sku);
    else
        shop->reserved[sku] = stock->reserved;
}

static void read_reservation(void *self, const struct store_row *row)
{
    struct shop *shop = self;
    const struct saga_reservation *reservation = value_of(shop, &saga_reservation_type, row);
    int number = number_in(row->key, "o-", ORDERS);
    if (!reservation || number < 0 || reservation->state != SAGA_RESERVATION_STATE_RESERVED)
        return;
    shop->orders[number] |= RESERVED;
    for (size_t i = 0; i < reservation->items.count; i++)
        shop->wanted[number_in(saga_reservation_items(reservation, i)->sku, "sku-", SKUS)] +=
            saga_reservation_items(reservation, i)->quantity;
}

static void read_pending(void *self, const struct store_row *row)
{
    struct shop *shop = self;
    int number = number_in(row->key, "o-", ORDERS);
    if (number >= 0)
        shop->orders[number] |= HEARD; /* it will be */
}

static void judge_order(const struct shop *shop, int number)
{
    int said = shop->orders[number], outcome = said & (CONFIRMED | CANCELLED);
    if (!(said & CREATED) || (outcome != CONFIRMED && outcome != CANCELLED))
        fail(shop, "an order has not exactly one outcome", number);
    else if (((said & RESERVED) != 0) != (outcome == CONFIRMED))
        fail(shop, "an order and its reservation disagree", number);
    else if ((said & (TOLD_CONFIRMED | TOLD_CANCELLED)) != (outcome == CONFIRMED ? TOLD_CONFIRMED : TOLD_CANCELLED))
        fail(shop, "the notification of an order is not that of its outcome", number);
    else if (!(said & HEARD))
        fail(shop, "a customer hears nothing of an order", number);
}

void shop_judge(struct simulate_world *world)
{
    struct shop shop = {.world = world, .arena = weir_arena_new()};
    simulate_each_input(world, read_level, &shop);
    simulate_each_record(world, "orders.events", read_event, &shop);
    simulate_each_record(world, "notifications.requests", read_request, &shop);
    simulate_each_record(world, "notifications.events", read_notification, &shop);
    simulate_each_row(world, "saga-stock", read_stock, &shop);
    simulate_each_row(world, "saga-reservations", read_reservation, &shop);
    simulate_each_row(world, "saga-notifications", read_pending, &shop);
    for (int number = 0; number < ORDERS; number++)
        judge_order(&shop, number);
    for (int sku = 0; sku < SKUS; sku++)
        if (shop.reserved[sku] != shop.wanted[sku])
            fail(&shop, "the stock does not agree with the reservations of SKU", sku);
    weir_arena_free(shop.arena);
}

/* orders.c: see orders.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "orders.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "measure.h"

enum { CUSTOMERS = 10000, SKUS = 500 };

enum event_kind { CREATED, CONFIRMED, CANCELLED };
static const char *const types[] = {"ORDER_CREATED", "ORDER_CONFIRMED", "ORDER_CANCELLED"};
static const char *const statuses[] = {"PENDING", "CONFIRMED", "CANCELLED"};
static const char *const reasons[] = {"INSUFFICIENT_STOCK", "PAYMENT_DECLINED", "CUSTOMER_REQUEST"};

struct text {
    char *at, *end;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text->at, (size_t)(text->end - text->at), format, arguments);
    va_end(arguments);
    assert(size >= 0 && size < text->end - text->at);
    text->at += size;
}

static void append_time(struct text *text, int64_t ms)
{
    struct tm parts;
    time_t seconds = (time_t)(ms / 1000);
    char stamp[32];
    gmtime_r(&seconds, &parts);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
    append(text, "\"%s.%03dZ\"", stamp, (int)(ms % 1000));
}

static int64_t append_items(struct text *text, int items, uint64_t *random)
{
    int64_t total = 0;
    append(text, "\"items\":[");
    for (int i = 0; i < items; i++) {
        int64_t quantity = 1 + (int64_t)(measure_random(random) % 3);
        int64_t price = 199 + (int64_t)(measure_random(random) % 100000);
        append(text, "%s{\"sku\":\"SKU-%05d\",\"quantity\":%" PRId64 ",\"unit_price\":%" PRId64 ".%02d}", i ? "," : "",
               (int)(measure_random(random) % SKUS), quantity, price / 100, (int)(price % 100));
        total += quantity * price;
    }
    append(text, "]");
    return total;
}

/* Customer and items depend on the order alone, so that both of its events agree. items 0: one to five. */
static int64_t write_event(struct orders *orders, int64_t number, enum event_kind kind, int items,
                           struct orders_event *event)
{
    int64_t order = number / 2;
    uint64_t random = orders->seed * 0x100000001b3u + (uint64_t)order;
    struct text text = {event->value, event->value + sizeof event->value};
    int customer = (int)(measure_random(&random) % CUSTOMERS);
    int count = 1 + (int)(measure_random(&random) % ORDERS_ITEMS_MAX);
    event->timestamp_ms = orders->start_ms + number;
    snprintf(event->key, sizeof event->key, "order-%010" PRId64, order);
    append(&text,
           "{\"type\":\"%s\",\"event_id\":\"event-%010" PRId64
           "\",\"order_id\":\"%s\",\"customer_id\":\"customer-%05d\",",
           types[kind], number, event->key, customer);
    int64_t total = append_items(&text, items ? items : count, &random);
    append(&text, ",\"total\":%" PRId64 ".%02d,\"status\":\"%s\",", total / 100, (int)(total % 100), statuses[kind]);
    if (kind == CANCELLED)
        append(&text, "\"reason\":\"%s\",", reasons[order % 3]);
    append(&text, "\"timestamp\":");
    append_time(&text, event->timestamp_ms);
    append(&text, "}");
    return total;
}

void orders_next(struct orders *orders, int64_t number, struct orders_event *event)
{
    struct orders_totals *totals = &orders->totals;
    enum event_kind kind = number % 2 == 0 ? CREATED : number / 2 % 4 == 3 ? CANCELLED : CONFIRMED;
    int64_t total = write_event(orders, number, kind, 0, event);
    int64_t *counts[] = {&totals->created, &totals->confirmed, &totals->cancelled};
    int64_t *amounts[] = {&totals->created_amount, &totals->confirmed_amount, &totals->cancelled_amount};
    *counts[kind] += 1;
    *amounts[kind] += total;
}

void orders_write(struct orders *orders, int64_t number, int items, struct orders_event *event)
{
    assert(items > 0 && items <= ORDERS_ITEMS_MAX);
    write_event(orders, number, CREATED, items, event);
}

/* saga_test.c: does an order of commerce-saga come to one end, whatever comes twice and whatever the notification service does? The
 * service is played here.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "commerce/commerce.h"
#include "inventory_event.h"
#include "inventory_request.h"
#include "inventory_response.h"
#include "notification_dead_letter.h"
#include "notification_event.h"
#include "order_event.h"
#include "saga/saga.h"
#include "saga_views.h"
#include "views.h"

/* ---- the service ---- */

enum { ASKED_MAX = 256 };

static struct {
    uint64_t id;
    char key[64], body[200];
    int64_t at_ms;
} asked[ASKED_MAX];
static size_t asked_count, answered_count;
static int32_t status; /* of every answer; 0: nobody is there */
static int64_t now_ms; /* of the driver */

static void *open_line(void)
{
    return asked;
}

static void copy(char *out, size_t size, weir_bytes bytes)
{
    snprintf(out, size, "%.*s", (int)bytes.size, (const char *)bytes.data);
}

static bool send_request(void *line, const struct weir_transport_request *request)
{
    (void)line;
    cr_assert_lt(asked_count, (size_t)ASKED_MAX);
    asked[asked_count].id = request->id;
    asked[asked_count].at_ms = now_ms;
    copy(asked[asked_count].body, sizeof asked->body, request->body);
    for (size_t i = 0; i < request->headers.count; i++)
        if (strcmp(request->headers.items[i].name, "Idempotency-Key") == 0)
            copy(asked[asked_count].key, sizeof asked->key, request->headers.items[i].value);
    asked_count++;
    return true;
}

static bool take_result(void *line, weir_arena *arena, struct weir_transport_result *out)
{
    (void)line, (void)arena;
    if (answered_count == asked_count)
        return false;
    *out = (struct weir_transport_result){
        .id = asked[answered_count++].id, .status = status, .error = status == 0 ? "connection refused" : NULL};
    return true;
}

static void close_line(void *line)
{
    (void)line;
}

static const struct weir_transport played = {open_line, send_request, take_result, close_line};

/* ---- the topology ---- */

static weir_test *driver;

static void set_up(void)
{
    struct weir_error error = {0};
    status = 200;
    asked_count = answered_count = 0;
    now_ms = 0;
    driver = weir_test_new(saga_topology_over(&played), (struct weir_config){.application = "shop"}, &error);
    cr_assert(driver, "%s", error.message);
}

static void tear_down(void)
{
    struct weir_error error = {0};
    cr_expect_not(weir_test_failed(driver, &error), "%s", error.message);
    weir_test_free(driver);
}

TestSuite(saga, .init = set_up, .fini = tear_down);

static weir_bytes text(const char *chars)
{
    return (weir_bytes){chars, strlen(chars)};
}

static void send(const char *topic, const char *key, const char *value)
{
    weir_test_send_raw(driver, topic,
                       (struct weir_raw_record){.key = text(key), .value = text(value), .timestamp_ms = 1000});
}

static void set_stock(const char *sku, int quantity, int second)
{
    char value[120];
    snprintf(value, sizeof value, "{\"quantity\":%d,\"timestamp\":\"2024-12-04T10:00:%02d.000Z\"}", quantity, second);
    send("inventory.stock", sku, value);
}

/* Items: "LAPTOP-001 1 999.99, MOUSE-001 2 29.99". */
static void order(const char *id, const char *items)
{
    char value[600], copy[200], *rest = copy;
    snprintf(copy, sizeof copy, "%s", items);
    int size = snprintf(value, sizeof value,
                        "{\"type\":\"CREATE_ORDER\",\"order_id\":\"%s\",\"customer_id\":\"c-1\",\"timestamp\":"
                        "\"2024-12-04T10:30:00.000Z\",\"items\":[",
                        id);
    const char *comma = "";
    for (const char *sku; (sku = strtok_r(rest, " ,", &rest)); comma = ",") {
        const char *quantity = strtok_r(rest, " ,", &rest), *price = strtok_r(rest, " ,", &rest);
        size += snprintf(value + size, sizeof value - (size_t)size,
                         "%s{\"sku\":\"%s\",\"quantity\":%s,\"unit_price\":%s}", comma, sku, quantity, price);
    }
    snprintf(value + size, sizeof value - (size_t)size, "]}");
    send("orders.commands", id, value);
}

static void request(const char *id, const char *action, const char *items)
{
    char value[300];
    snprintf(value, sizeof value, "{\"order_id\":\"%s\",\"action\":\"%s\",\"items\":[%s]}", id, action, items);
    send("inventory.requests", id, value);
}

static void wait_ms(int64_t ms)
{
    for (; ms > 0; ms -= 20, now_ms += 20)
        weir_test_advance(driver, weir_millis(20));
}

static const void *row(const char *view, const char *key)
{
    weir_bytes bytes = text(key);
    return weir_test_get(driver, view, &bytes);
}

static void expect_stock(const char *sku, int64_t available, int64_t reserved)
{
    const struct saga_stock *stock = row("saga-stock", sku);
    cr_assert_not_null(stock);
    cr_expect(stock->available == available && stock->reserved == reserved, "%s: %ld available, %ld reserved", sku,
              (long)stock->available, (long)stock->reserved);
    cr_expect_eq(stock->quantity, available + reserved);
}

static int32_t status_of(const char *id)
{
    const struct saga_order *found = row("saga-orders", id);
    cr_assert_not_null(found, "%s is unknown", id);
    return found->status;
}

static size_t count(const char *topic)
{
    struct weir_raw_record record;
    size_t records = 0;
    while (weir_test_recv_raw(driver, topic, &record))
        records++;
    return records;
}

static bool is_text(weir_bytes bytes, const char *chars)
{
    return bytes.size == strlen(chars) && memcmp(bytes.data, chars, bytes.size) == 0;
}

/* ---- orders ---- */

static const struct order_event *next_event(void)
{
    struct weir_record record;
    cr_assert(weir_test_recv(driver, "orders.events", &record));
    return order_event_value(&record);
}

Test(saga, an_order_is_created_reserved_and_confirmed)
{
    set_stock("LAPTOP-001", 50, 0);
    set_stock("MOUSE-001", 200, 0);
    order("o-1", "LAPTOP-001 1 999.99, MOUSE-001 2 29.99");
    const struct order_event *event = next_event();
    cr_expect_eq(event->type, ORDER_EVENT_KIND_ORDER_CREATED);
    cr_expect_eq(event->total.unscaled, 10599700);
    cr_expect(is_text(event->event_id, "o-1/created"));
    event = next_event();
    cr_expect_eq(event->type, ORDER_EVENT_KIND_ORDER_CONFIRMED);
    cr_expect_eq(event->status, ORDER_STATUS_CONFIRMED);
    cr_expect_eq(status_of("o-1"), ORDER_STATUS_CONFIRMED);
    expect_stock("LAPTOP-001", 49, 1);
    expect_stock("MOUSE-001", 198, 2);
}

Test(saga, an_order_of_more_than_there_is_is_cancelled_with_what_was_available_and_requested)
{
    set_stock("LAPTOP-001", 50, 0);
    order("o-1", "LAPTOP-001 100 999.99");
    struct weir_record record;
    cr_assert(weir_test_recv(driver, "inventory.responses", &record));
    const struct inventory_response *response = inventory_response_value(&record);
    cr_expect_eq(response->status, INVENTORY_STATUS_INSUFFICIENT_STOCK);
    cr_expect(response->available == 50 && response->requested == 100 && is_text(response->sku, "LAPTOP-001"));
    cr_expect_eq(next_event()->type, ORDER_EVENT_KIND_ORDER_CREATED);
    const struct order_event *event = next_event();
    cr_expect_eq(event->type, ORDER_EVENT_KIND_ORDER_CANCELLED);
    cr_expect(is_text(event->reason, "INSUFFICIENT_STOCK"));
    const struct saga_order *found = row("saga-orders", "o-1");
    cr_expect(found->available == 50 && found->requested == 100);
    expect_stock("LAPTOP-001", 50, 0);
}

Test(saga, an_order_over_several_skus_reserves_all_or_nothing)
{
    set_stock("A", 5, 0);
    set_stock("B", 1, 0);
    order("o-1", "A 2 1.00, B 2 1.00");
    cr_expect_eq(status_of("o-1"), ORDER_STATUS_CANCELLED);
    expect_stock("A", 5, 0);
    expect_stock("B", 1, 0);
}

Test(saga, lines_of_one_sku_are_added_up)
{
    set_stock("A", 3, 0);
    order("o-1", "A 2 1.00, A 2 1.00");
    cr_expect_eq(status_of("o-1"), ORDER_STATUS_CANCELLED);
    order("o-2", "A 2 1.00, A 1 1.00");
    cr_expect_eq(status_of("o-2"), ORDER_STATUS_CONFIRMED);
    expect_stock("A", 0, 3);
}

Test(saga, a_sku_nobody_has_heard_of_cannot_be_reserved)
{
    order("o-1", "A 1 1.00");
    cr_expect_eq(status_of("o-1"), ORDER_STATUS_CANCELLED);
}

Test(saga, a_command_that_comes_twice_is_one_order)
{
    set_stock("A", 5, 0);
    order("o-1", "A 2 1.00");
    order("o-1", "A 2 1.00");
    cr_expect_eq(count("orders.events"), 2u);
    cr_expect_eq(weir_test_dropped(driver, "duplicate"), 1u);
    expect_stock("A", 3, 2);
}

Test(saga, an_answer_that_comes_twice_decides_once)
{
    set_stock("A", 5, 0);
    order("o-1", "A 2 1.00");
    send("inventory.responses", "o-1", "{\"order_id\":\"o-1\",\"status\":\"INSUFFICIENT_STOCK\"}");
    cr_expect_eq(status_of("o-1"), ORDER_STATUS_CONFIRMED);
    cr_expect_eq(count("orders.events"), 2u);
}

Test(saga, an_answer_about_an_order_nobody_knows_is_counted)
{
    send("inventory.responses", "o-1", "{\"order_id\":\"o-1\",\"status\":\"RESERVED\"}");
    cr_expect_eq(weir_test_dropped(driver, "unknown_order"), 1u);
}

Test(saga, what_is_reserved_for_a_cancelled_order_is_taken_back)
{
    order("o-1", "A 2 1.00"); /* there is none */
    count("inventory.requests");
    send("inventory.responses", "o-1", "{\"order_id\":\"o-1\",\"status\":\"RESERVED\"}");
    struct weir_record record;
    cr_assert(weir_test_recv(driver, "inventory.requests", &record));
    cr_expect_eq(inventory_request_value(&record)->action, INVENTORY_ACTION_RELEASE);
    cr_expect_eq(status_of("o-1"), ORDER_STATUS_CANCELLED);
}

static void expect_dead(const char *id, const char *items, const char *message)
{
    struct weir_raw_record letter;
    order(id, items);
    cr_assert(weir_test_recv_raw(driver, "orders.commands.dlq", &letter), "%s", message);
    for (size_t i = 0; i < letter.headers.count; i++)
        if (strcmp(letter.headers.items[i].name, "__streams.errors.message") == 0)
            cr_expect(is_text(letter.headers.items[i].value, message), "%.*s", (int)letter.headers.items[i].value.size,
                      (const char *)letter.headers.items[i].value.data);
}

Test(saga, a_command_that_makes_no_sense_is_a_dead_letter_that_names_the_field)
{
    expect_dead("o-1", "A 1 1.00, B 0 1.00", "items[1].quantity is not positive");
    expect_dead("o-2", "A 1 -1.00", "items[0].unit_price is negative");
    expect_dead("o-3", "", "items is empty");
    expect_dead("o-4", "A 2000000000 9999999999.00", "items[0]: the total is too large");
    send("orders.commands", "another",
         "{\"type\":\"CREATE_ORDER\",\"order_id\":\"o-5\",\"customer_id\":\"c\",\"items\":[{\"sku\":\"A\",\"quantity\":"
         "1,\"unit_price\":1}],\"timestamp\":\"2024-12-04T10:30:00.000Z\"}");
    cr_expect_eq(count("orders.commands.dlq"), 1u);
    cr_expect_eq(count("orders.events"), 0u);
}

/* ---- stock ---- */

Test(saga, a_request_that_comes_twice_is_answered_twice_and_reserved_once)
{
    set_stock("A", 5, 0);
    request("o-1", "RESERVE", "{\"sku\":\"A\",\"quantity\":3}");
    request("o-1", "RESERVE", "{\"sku\":\"A\",\"quantity\":3}");
    cr_expect_eq(count("inventory.responses"), 2u);
    cr_expect_eq(count("inventory.events"), 2u); /* set, reserved */
    expect_stock("A", 2, 3);
}

Test(saga, goods_are_released_once)
{
    set_stock("A", 5, 0);
    request("o-1", "RESERVE", "{\"sku\":\"A\",\"quantity\":3}");
    request("o-1", "RELEASE", "");
    expect_stock("A", 5, 0);
    request("o-1", "RELEASE", "");
    request("o-1", "RESERVE", "{\"sku\":\"A\",\"quantity\":3}");
    expect_stock("A", 5, 0);
    cr_expect_eq(weir_test_dropped(driver, "nothing_reserved"), 1u);
    cr_expect_eq(weir_test_dropped(driver, "released"), 1u);
    request("o-2", "RELEASE", "");
    cr_expect_eq(weir_test_dropped(driver, "nothing_reserved"), 2u);
}

Test(saga, a_level_below_what_is_reserved_leaves_nothing_and_takes_nothing_away)
{
    set_stock("A", 10, 0);
    request("o-1", "RESERVE", "{\"sku\":\"A\",\"quantity\":6}");
    set_stock("A", 4, 1);
    expect_stock("A", 0, 6);
    request("o-2", "RESERVE", "{\"sku\":\"A\",\"quantity\":1}");
    expect_stock("A", 0, 6);
    request("o-1", "RELEASE", "");
    expect_stock("A", 4, 0);
}

Test(saga, an_older_level_changes_nothing)
{
    set_stock("A", 10, 5);
    set_stock("A", 99, 4);
    set_stock("A", 10, 5);
    expect_stock("A", 10, 0);
    cr_expect_eq(weir_test_dropped(driver, "stale"), 1u);
    cr_expect_eq(weir_test_dropped(driver, "duplicate"), 1u);
    cr_expect_eq(count("inventory.events"), 1u);
}

Test(saga, no_two_events_of_a_sku_have_the_same_time)
{
    struct weir_record record;
    int64_t last_ms = -1;
    set_stock("A", 100, 0);
    for (int i = 0; i < 20; i++) {
        char id[8];
        snprintf(id, sizeof id, "o-%d", i);
        order(id, "A 1 1.00");
    }
    for (int i = 0; i < 21; i++, last_ms = inventory_event_value(&record)->timestamp) {
        cr_assert(weir_test_recv(driver, "inventory.events", &record));
        cr_expect_gt(inventory_event_value(&record)->timestamp, last_ms);
    }
}

Test(saga, a_request_or_a_level_that_makes_no_sense_is_a_dead_letter_of_its_topic)
{
    request("o-1", "RESERVE", "");
    request("o-1", "RESERVE", "{\"sku\":\"A\",\"quantity\":-3}");
    send("inventory.requests", "o-2", "{\"order_id\":\"o-1\",\"action\":\"RELEASE\",\"items\":[]}");
    cr_expect_eq(count("inventory.requests.dlq"), 3u);
    set_stock("A", -1, 0);
    send("inventory.stock", "A", "{\"sku\":\"B\",\"quantity\":1}");
    cr_expect_eq(count("inventory.stock.dlq"), 2u);
}

/* ---- notifications ---- */

static void confirm_one(void)
{
    set_stock("A", 5, 0);
    order("o-1", "A 1 1.00");
}

Test(saga, an_outcome_is_notified_once_however_often_it_is_asked_for)
{
    confirm_one();
    send("notifications.requests", "o-1", "{\"order_id\":\"o-1\",\"type\":\"ORDER_CONFIRMED\",\"channel\":\"email\"}");
    wait_ms(100);
    cr_expect_eq(asked_count, 1u);
    cr_expect_str_eq(asked[0].key, "o-1/ORDER_CONFIRMED");
    cr_expect_str_eq(asked[0].body, "{\"order_id\":\"o-1\",\"type\":\"ORDER_CONFIRMED\",\"channel\":\"email\"}");
    struct weir_record record;
    cr_assert(weir_test_recv(driver, "notifications.events", &record));
    cr_expect_eq(notification_event_value(&record)->type, NOTIFICATION_EVENT_KIND_NOTIFICATION_SENT);
    cr_expect_eq(count("notifications.events"), 0u);
    cr_expect_eq(count("notifications.dlq"), 0u);
}

Test(saga, after_three_attempts_two_and_four_seconds_apart_the_notification_is_given_up_in_the_shape_of_its_dlq)
{
    status = 503;
    confirm_one();
    wait_ms(20000);
    cr_assert_eq(asked_count, 3u);
    cr_expect(asked[1].at_ms - asked[0].at_ms >= 2000 && asked[1].at_ms - asked[0].at_ms < 2100);
    cr_expect(asked[2].at_ms - asked[1].at_ms >= 4000 && asked[2].at_ms - asked[1].at_ms < 4100);
    struct weir_record record;
    cr_assert(weir_test_recv(driver, "notifications.dlq", &record));
    const struct notification_dead_letter *letter = notification_dead_letter_value(&record);
    cr_expect(is_text(letter->original_notification, asked[0].body));
    cr_expect_eq(letter->retry_count, 2);
    cr_expect(is_text(letter->reason, "RETRIES_EXHAUSTED"));
    cr_expect(is_text(letter->last_error, "status 503"));
    cr_assert(weir_test_recv(driver, "notifications.events", &record));
    cr_expect_eq(notification_event_value(&record)->type, NOTIFICATION_EVENT_KIND_NOTIFICATION_FAILED);
    cr_expect_eq(notification_event_value(&record)->attempts, 3);
    cr_expect_eq(count("notifications.dlq"), 0u);
    cr_expect_eq(count("notifications.requests.dlq"), 1u); /* to be replayed */
    cr_expect_eq(status_of("o-1"), ORDER_STATUS_CONFIRMED);
}

Test(saga, a_notification_that_is_wrong_is_not_tried_again)
{
    status = 422;
    confirm_one();
    wait_ms(20000);
    cr_expect_eq(asked_count, 1u);
    struct weir_record record;
    cr_assert(weir_test_recv(driver, "notifications.dlq", &record));
    cr_expect(is_text(notification_dead_letter_value(&record)->reason, "REFUSED"));
    cr_expect_eq(notification_dead_letter_value(&record)->retry_count, 0);
}

Test(saga, other_orders_go_on_while_the_service_is_down)
{
    enum { ORDERS = 20 };
    status = 0;
    set_stock("A", 100, 0);
    for (int i = 0; i < ORDERS; i++) {
        char id[8];
        snprintf(id, sizeof id, "o-%d", i);
        order(id, "A 1 1.00");
        cr_expect_eq(status_of(id), ORDER_STATUS_CONFIRMED);
    }
    wait_ms(20000);
    cr_expect_eq(asked_count, 3u * ORDERS); /* no breaker holds them up */
    cr_expect_eq(count("notifications.dlq"), (size_t)ORDERS);
}

/* ---- both topologies ---- */

static weir_test *open_views(void)
{
    struct weir_error error = {0};
    weir_test *views = weir_test_new(commerce_topology(), (struct weir_config){.application = "views"}, &error);
    cr_assert(views, "%s", error.message);
    return views;
}

static void pass_on(weir_test *to)
{
    const char *topic;
    struct weir_raw_record record;
    while (weir_test_recv_any(driver, &topic, &record))
        if (weir_test_topic_type(to, topic, true))
            weir_test_send_raw(to, topic, record);
}

/* The next dead letter of a request, as `weir dlq replay` sends it: with the time of the request. */
static struct weir_raw_record given_up_letter(void)
{
    struct weir_raw_record letter, again = {0};
    char time[24] = "";
    cr_assert(weir_test_recv_raw(driver, "notifications.requests.dlq", &letter));
    again.key = letter.key;
    again.value = letter.value;
    for (size_t i = 0; i < letter.headers.count; i++)
        if (strcmp(letter.headers.items[i].name, "__streams.errors.record.timestamp") == 0)
            copy(time, sizeof time, letter.headers.items[i].value);
    again.timestamp_ms = strtoll(time, NULL, 10);
    return again;
}

static void replay(struct weir_raw_record letter)
{
    weir_test_send_raw(driver, "notifications.requests", letter);
}

static const void *found_in(weir_test *test, const char *view, const char *key)
{
    weir_bytes bytes = text(key);
    const void *found = weir_test_get(test, view, &bytes);
    cr_assert_not_null(found, "%s of %s", key, view);
    return found;
}

static void expect_metric(weir_test *test, const char *name, int64_t records, int64_t unscaled)
{
    const struct metric *metric = found_in(test, "commerce-metrics", name);
    cr_expect(metric->count == records && metric->amount.unscaled == unscaled, "%s: %ld, %ld", name,
              (long)metric->count, (long)metric->amount.unscaled);
}

Test(saga, the_example_of_the_domain_comes_out_to_the_cent_through_both_topologies)
{
    weir_test *views = open_views();
    set_stock("LAPTOP-001", 50, 0);
    set_stock("MOUSE-001", 200, 0);
    order("o-2", "LAPTOP-001 100 999.99");
    order("o-1", "LAPTOP-001 1 999.99, MOUSE-001 2 29.99");
    wait_ms(100);
    pass_on(views);
    expect_metric(views, "orders.created", 2, 10599700 + 999990000);
    expect_metric(views, "orders.confirmed", 1, 10599700);
    expect_metric(views, "revenue.confirmed", 1, 10599700);
    expect_metric(views, "orders.cancelled", 1, 999990000);
    expect_metric(views, "revenue.lost", 1, 999990000);
    expect_metric(views, "notifications.sent", 2, 0);
    const struct order_view *cancelled = found_in(views, "commerce-orders", "o-2");
    cr_expect(is_text(cancelled->reason, "INSUFFICIENT_STOCK") && is_text(cancelled->notification, "SENT"));
    const struct stock *stock = found_in(views, "commerce-stock", "LAPTOP-001");
    cr_expect(stock->quantity == 50 && stock->available == 49 && stock->reserved == 1);
    cr_expect_eq(((const struct customer *)found_in(views, "commerce-customers", "c-1"))->spend.unscaled, 10599700);
    weir_test_free(views);
}

static void expect_notified(weir_test *views, const char *state, int64_t sent, int64_t failed)
{
    const struct order_view *found = found_in(views, "commerce-orders", "o-1");
    cr_expect(is_text(found->notification, state), "%.*s", (int)found->notification.size,
              (const char *)found->notification.data);
    if (sent > 0)
        expect_metric(views, "notifications.sent", sent, 0);
    expect_metric(views, "notifications.failed", failed, 0);
}

Test(saga, what_was_given_up_is_sent_when_its_dead_letter_is_replayed_and_counted_once)
{
    weir_test *views = open_views();
    status = 503;
    confirm_one();
    wait_ms(20000);
    struct weir_raw_record letter = given_up_letter();
    pass_on(views);
    expect_notified(views, "FAILED", 0, 1);

    replay(letter); /* too early */
    wait_ms(20000);
    cr_expect_eq(asked_count, 6u);
    letter = given_up_letter();
    pass_on(views);
    expect_notified(views, "FAILED", 0, 1);

    status = 200;
    replay(letter);
    replay(letter); /* that it is tried again is no reason to try it twice */
    wait_ms(20000);
    replay(letter);
    wait_ms(20000);
    cr_expect_eq(asked_count, 7u);
    cr_expect_str_eq(asked[6].key, "o-1/ORDER_CONFIRMED");
    pass_on(views);
    expect_notified(views, "SENT", 1, 1);
    weir_test_free(views);
}

/* A crash between an answer and its commit has the call made again, and its outcome told again: perhaps another one. */
Test(saga, outcomes_that_a_crash_has_told_again_count_once_each_and_whoever_was_told_stays_told)
{
    static const char event[] = "{\"type\":\"NOTIFICATION_%s\",\"event_id\":\"o-1/ORDER_CONFIRMED/notification%s\","
                                "\"order_id\":\"o-1\",\"timestamp\":\"2024-12-04T10:31:%02d.000Z\"}";
    weir_test *views = open_views();
    for (int second = 0; second < 4; second++) {
        char value[240];
        bool is_sent = second % 2 == 0;
        snprintf(value, sizeof value, event, is_sent ? "SENT" : "FAILED", is_sent ? "" : "/failed", second);
        weir_test_send_raw(
            views, "notifications.events",
            (struct weir_raw_record){.key = text("o-1"), .value = text(value), .timestamp_ms = 1000 + second});
    }
    expect_notified(views, "SENT", 1, 1);
    weir_test_free(views);
}

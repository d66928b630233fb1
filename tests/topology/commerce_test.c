/* commerce_test.c: do the views of the shop say what domain and README promise?
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "commerce/commerce.h"
#include "facts.h"
#include "views.h"

static weir_test *driver;

static const int64_t start_ms = 1733308200000; /* 2024-12-04T10:30:00Z, the beginning of a minute */
static const int64_t hour_ms = 1733306400000;  /* 10:00 */
static const int64_t day_ms = 1733270400000;   /* 00:00 */

static void set_up(void)
{
    struct weir_error error = {0};
    driver = weir_test_new(commerce_topology(), (struct weir_config){.application = "shop"}, &error);
    cr_assert(driver, "%s", error.message);
}

static void tear_down(void)
{
    struct weir_error error = {0};
    cr_expect_not(weir_test_failed(driver, &error), "%s", error.message);
    weir_test_free(driver);
}

TestSuite(commerce, .init = set_up, .fini = tear_down);

/* ---- saying what happened ---- */

static weir_bytes text(const char *chars)
{
    return (weir_bytes){chars, chars ? strlen(chars) : 0};
}

static void send_at(const char *topic, const char *key, const char *value, int64_t at_ms)
{
    weir_test_send_raw(driver, topic,
                       (struct weir_raw_record){.key = text(key), .value = text(value), .timestamp_ms = at_ms});
}

/* An event of an order, so many seconds after the start; the record itself is older, so that event time shows. */
static void order(const char *type, const char *event_id, const char *order_id, int seconds, const char *rest)
{
    char value[1000];
    snprintf(value, sizeof value,
             "{\"type\":\"ORDER_%s\",\"event_id\":\"%s\",\"order_id\":\"%s\",\"timestamp\":\"2024-12-04T10:%02d:%02d."
             "000Z\"%s%s}",
             type, event_id, order_id, 30 + seconds / 60, seconds % 60, *rest ? "," : "", rest);
    send_at("orders.events", order_id, value, 1000);
}

static const char laptop_and_mice[] =
    "\"customer_id\":\"c-1\",\"items\":[{\"sku\":\"LAPTOP-001\",\"quantity\":1,\"unit_price\":999.99},"
    "{\"sku\":\"MOUSE-001\",\"quantity\":2,\"unit_price\":29.99}],\"total\":1059.97";
static const char hundred_laptops[] =
    "\"customer_id\":\"c-2\",\"items\":[{\"sku\":\"LAPTOP-001\",\"quantity\":100,\"unit_price\":999.99}],"
    "\"total\":99999.00,\"reason\":\"INSUFFICIENT_STOCK\"";

/* ---- asking ---- */

static struct metric metric_of(const char *name)
{
    weir_bytes key = text(name);
    const struct metric *found = weir_test_get(driver, "commerce-metrics", &key);
    return found ? *found : (struct metric){.count = -1};
}

static struct metric metric_in(const char *view, const char *name, int64_t window_ms)
{
    weir_bytes key = text(name);
    const struct metric *found = weir_test_get_window(driver, view, &key, window_ms);
    return found ? *found : (struct metric){.count = -1};
}

static const struct order_view *order_of(const char *order_id)
{
    weir_bytes key = text(order_id);
    const struct order_view *found = weir_test_get(driver, "commerce-orders", &key);
    cr_assert_not_null(found, "no row for %s", order_id);
    return found;
}

static const struct stock *stock_of(const char *sku)
{
    weir_bytes key = text(sku);
    return weir_test_get(driver, "commerce-stock", &key);
}

static bool says(weir_bytes bytes, const char *expected)
{
    return bytes.size == strlen(expected) && memcmp(bytes.data, expected, bytes.size) == 0;
}

static void expect_metric(const char *name, int64_t count, int64_t amount)
{
    struct metric metric = metric_of(name);
    cr_expect_eq(metric.count, count, "%s: count %ld", name, (long)metric.count);
    cr_expect_eq(metric.amount.unscaled, amount, "%s: amount %ld", name, (long)metric.amount.unscaled);
}

/* ---- metrics ---- */

Test(commerce, the_example_of_the_domain_comes_out_to_the_cent)
{
    order("CREATED", "e1", "o-1", 0, laptop_and_mice);
    order("CONFIRMED", "e2", "o-1", 2, laptop_and_mice);
    order("CREATED", "e3", "o-2", 3, hundred_laptops);
    order("CANCELLED", "e4", "o-2", 4, hundred_laptops);
    expect_metric("orders.created", 2, 10105897 * 100);
    expect_metric("orders.confirmed", 1, 105997 * 100);
    expect_metric("revenue.confirmed", 1, 105997 * 100);
    expect_metric("orders.cancelled", 1, 9999900 * 100);
    expect_metric("revenue.lost", 1, 9999900 * 100);
}

Test(commerce, an_event_counts_once_per_event_id)
{
    order("CREATED", "e1", "o-1", 0, laptop_and_mice);
    order("CREATED", "e1", "o-1", 0, laptop_and_mice);
    order("CREATED", "e2", "o-1", 0, laptop_and_mice);
    expect_metric("orders.created", 2, 2 * 105997 * 100);
    cr_expect_eq(weir_test_dropped(driver, "duplicate"), 1u);
}

Test(commerce, an_id_is_not_forgotten_when_records_without_a_time_of_their_own_come_years_later)
{
    order("CREATED", "e1", "o-1", 0, laptop_and_mice);
    send_at("inventory.responses", "o-1", "{\"order_id\":\"o-1\",\"status\":\"RESERVED\"}", start_ms * 2);
    order("CREATED", "e1", "o-1", 0, laptop_and_mice);
    expect_metric("orders.created", 1, 105997 * 100);
    cr_expect_eq(metric_in("commerce-metrics-per-minute", "orders.created", start_ms).count, 1);
}

static void create_on(const char *event_id, const char *day_and_time)
{
    char value[300];
    snprintf(value, sizeof value,
             "{\"type\":\"ORDER_CREATED\",\"event_id\":\"%s\",\"order_id\":\"o-1\",\"timestamp\":\"2024-12-%sZ\"}",
             event_id, day_and_time);
    send_at("orders.events", "o-1", value, 1000);
}

Test(commerce, a_repetition_is_recognised_beyond_midnight)
{
    create_on("e1", "04T23:59:59.900");
    create_on("e1", "05T00:00:00.100");
    create_on("e2", "05T00:00:00.000");
    create_on("e2", "04T23:59:59.000");
    expect_metric("orders.created", 2, 0);
}

Test(commerce, an_id_is_remembered_for_a_week_of_events)
{
    create_on("e1", "04T10:00:00.000");
    create_on("e2", "11T10:00:00.000");
    create_on("e1", "04T10:00:00.000");
    expect_metric("orders.created", 2, 0);
    create_on("e3", "13T10:00:00.000");
    create_on("e1", "04T10:00:00.000"); /* nobody remembers it: late, it counts and is told */
    expect_metric("orders.created", 4, 0);
    cr_expect_eq(weir_test_dropped(driver, "expired"), 1u);
    weir_bytes id = text("e1");
    cr_expect_null(weir_test_get_window(driver, "commerce-seen-orders", &id, start_ms - start_ms % 86400000));
}

Test(commerce, ids_of_orders_and_notifications_do_not_meet)
{
    order("CREATED", "e1", "o-1", 0, laptop_and_mice);
    send_at("notifications.events", "o-1",
            "{\"type\":\"NOTIFICATION_SENT\",\"event_id\":\"e1\",\"order_id\":\"o-1\",\"timestamp\":\"2024-12-04T10:30:"
            "00.000Z\"}",
            0);
    expect_metric("notifications.sent", 1, 0);
    expect_metric("orders.created", 1, 105997 * 100);
}

Test(commerce, an_event_without_total_counts_with_amount_zero)
{
    order("CREATED", "e1", "o-1", 0, "");
    expect_metric("orders.created", 1, 0);
}

Test(commerce, windows_follow_the_time_of_the_event)
{
    order("CREATED", "e1", "o-1", 59, laptop_and_mice);
    order("CREATED", "e2", "o-2", 60, laptop_and_mice);
    order("CREATED", "e3", "o-3", 61, laptop_and_mice);
    cr_expect_eq(metric_in("commerce-metrics-per-minute", "orders.created", start_ms).count, 1);
    cr_expect_eq(metric_in("commerce-metrics-per-minute", "orders.created", start_ms + 60000).count, 2);
    cr_expect_eq(metric_in("commerce-metrics-per-hour", "orders.created", hour_ms).count, 3);
    cr_expect_eq(metric_in("commerce-metrics-per-day", "orders.created", day_ms).amount.unscaled, 3 * 105997 * 100);
}

Test(commerce, a_window_takes_events_for_another_day_and_then_no_more)
{
    order("CREATED", "e1", "o-1", 0, "");
    send_at("orders.events", "o-2",
            "{\"type\":\"ORDER_CREATED\",\"event_id\":\"e2\",\"order_id\":\"o-2\",\"timestamp\":\"2024-12-05T10:30:59."
            "000Z\"}",
            0);
    order("CREATED", "e3", "o-3", 1, "");
    cr_expect_eq(metric_in("commerce-metrics-per-minute", "orders.created", start_ms).count, 2);
    send_at("orders.events", "o-4",
            "{\"type\":\"ORDER_CREATED\",\"event_id\":\"e4\",\"order_id\":\"o-4\",\"timestamp\":\"2024-12-05T10:31:00."
            "000Z\"}",
            0);
    order("CREATED", "e5", "o-5", 2, "");
    cr_expect_eq(metric_in("commerce-metrics-per-minute", "orders.created", start_ms).count, 2);
    cr_expect_eq(weir_test_dropped(driver, "late"), 1u);
    expect_metric("orders.created", 5, 0);
}

Test(commerce, what_cannot_be_read_is_a_dead_letter_and_counts_nothing)
{
    struct weir_raw_record dead;
    send_at("orders.events", "o-1", "{\"type\":\"ORDER_CREA", 0);
    send_at(
        "orders.events", "o-1",
        "{\"type\":\"ORDER_EATEN\",\"event_id\":\"e\",\"order_id\":\"o-1\",\"timestamp\":\"2024-12-04T10:30:00.000Z\"}",
        0);
    send_at("orders.events", NULL,
            "{\"type\":\"ORDER_CREATED\",\"event_id\":\"e\",\"order_id\":\"o-1\",\"timestamp\":\"2024-12-04T10:30:00."
            "000Z\"}",
            0);
    for (int i = 0; i < 3; i++)
        cr_expect(weir_test_recv_raw(driver, "orders.events.dlq", &dead), "letter %d", i);
    cr_expect_eq(metric_of("orders.created").count, -1);
}

Test(commerce, a_tombstone_among_events_is_dropped)
{
    send_at("orders.events", "o-1", NULL, 0);
    send_at("notifications.events", "o-1", NULL, 0);
    send_at("inventory.responses", "o-1", NULL, 0);
    send_at("inventory.events", "o-1", NULL, 0);
    cr_expect_eq(weir_test_dropped(driver, "null_value"), 4u);
}

Test(commerce, an_event_with_an_amount_too_large_is_a_dead_letter_and_counts_nothing)
{
    struct weir_raw_record dead;
    order("CONFIRMED", "e1", "o-1", 0,
          "\"total\":1,\"items\":[{\"sku\":\"A\",\"quantity\":9223372036854775807,\"unit_price\":2}]");
    cr_assert(weir_test_recv_raw(driver, "orders.events.dlq", &dead));
    cr_expect_eq(metric_of("orders.confirmed").count, -1);
    order("CONFIRMED", "e1", "o-1", 0, "\"total\":1"); /* put right and sent again: its id was not remembered */
    cr_expect_eq(metric_of("orders.confirmed").count, 1);
}

/* ---- cancellations, customers, products ---- */

static const struct cancellation *cancellation_of(const char *reason)
{
    weir_bytes key = text(reason);
    const struct cancellation *found = weir_test_get(driver, "commerce-cancellations", &key);
    cr_assert_not_null(found, "%s", reason);
    return found;
}

Test(commerce, cancellations_are_counted_by_reason)
{
    order("CANCELLED", "e1", "o-1", 0, hundred_laptops);
    order("CANCELLED", "e2", "o-2", 0, "\"total\":5,\"reason\":\"CUSTOMER_REQUEST\"");
    order("CANCELLED", "e3", "o-3", 0, "\"total\":7.005");
    cr_expect_eq(cancellation_of("INSUFFICIENT_STOCK")->amount.unscaled, 9999900 * 100);
    cr_expect_eq(cancellation_of("CUSTOMER_REQUEST")->count, 1);
    cr_expect_eq(cancellation_of("unspecified")->amount.unscaled, 70050);
}

Test(commerce, customers_count_confirmed_orders)
{
    order("CREATED", "e1", "o-1", 0, laptop_and_mice);
    order("CONFIRMED", "e2", "o-1", 1, laptop_and_mice);
    order("CREATED", "e3", "o-2", 1, laptop_and_mice);
    weir_bytes key = text("c-1");
    const struct customer *customer = weir_test_get(driver, "commerce-customers", &key);
    cr_assert_not_null(customer);
    cr_expect_eq(customer->orders, 1);
    cr_expect_eq(customer->spend.unscaled, 105997 * 100);
}

Test(commerce, products_add_up_the_items_of_confirmed_orders)
{
    order("CONFIRMED", "e1", "o-1", 1, laptop_and_mice);
    order("CONFIRMED", "e2", "o-2", 1, laptop_and_mice);
    weir_bytes key = text("MOUSE-001");
    const struct product *product = weir_test_get(driver, "commerce-products", &key);
    cr_assert_not_null(product);
    cr_expect_eq(product->units, 4);
    cr_expect_eq(product->revenue.unscaled, 4 * 299900);
}

Test(commerce, a_confirmation_that_leaves_out_who_and_what_takes_them_from_the_order)
{
    order("CREATED", "e1", "o-1", 0, laptop_and_mice);
    order("CONFIRMED", "e2", "o-1", 1, "\"total\":1059.97");
    weir_bytes customer = text("c-1"), sku = text("LAPTOP-001");
    cr_expect_not_null(weir_test_get(driver, "commerce-customers", &customer));
    cr_expect_not_null(weir_test_get(driver, "commerce-products", &sku));
}

/* ---- orders ---- */

Test(commerce, an_order_is_joined_with_reservation_and_notification)
{
    order("CREATED", "e1", "o-1", 0, laptop_and_mice);
    send_at("inventory.responses", "o-1", "{\"order_id\":\"o-1\",\"status\":\"RESERVED\"}", start_ms + 500);
    order("CONFIRMED", "e2", "o-1", 2, "");
    send_at("notifications.events", "o-1",
            "{\"type\":\"NOTIFICATION_FAILED\",\"event_id\":\"n1\",\"order_id\":\"o-1\",\"reason\":\"timeout\","
            "\"timestamp\":\"2024-12-04T10:30:03.000Z\"}",
            0);
    const struct order_view *row = order_of("o-1");
    cr_expect_eq(row->status, ORDER_STATUS_CONFIRMED);
    cr_expect_eq(row->total.unscaled, 105997 * 100);
    cr_expect_eq(row->items.count, 2u);
    cr_expect(says(row->customer_id, "c-1"));
    cr_expect(says(row->reservation, "RESERVED"));
    cr_expect_eq(row->reserved_at, start_ms + 500);
    cr_expect(says(row->notification, "FAILED"));
    cr_expect_eq(row->created, start_ms);
    cr_expect_eq(row->updated, start_ms + 2000);
}

static void notify(const char *kind, const char *id, int second)
{
    char value[240];
    snprintf(value, sizeof value,
             "{\"type\":\"NOTIFICATION_%s\",\"event_id\":\"%s\",\"order_id\":\"o-1\","
             "\"timestamp\":\"2024-12-04T10:30:%02d.000Z\"}",
             kind, id, second);
    send_at("notifications.events", "o-1", value, 0);
}

Test(commerce, whoever_was_told_of_an_order_stays_told)
{
    notify("FAILED", "n1", 5);
    cr_expect(says(order_of("o-1")->notification, "FAILED"));
    notify("SENT", "n2", 4); /* the clocks of two services may differ */
    cr_expect(says(order_of("o-1")->notification, "SENT"));
    cr_expect_eq(order_of("o-1")->notified_at, start_ms + 4000);
    notify("FAILED", "n3", 6);
    cr_expect(says(order_of("o-1")->notification, "SENT"));
    notify("SENT", "n4", 7);
    cr_expect_eq(order_of("o-1")->notified_at, start_ms + 7000);
    expect_metric("notifications.failed", 2, 0);
    expect_metric("notifications.sent", 2, 0);
}

Test(commerce, a_status_does_not_go_back_to_pending)
{
    order("CONFIRMED", "e2", "o-1", 2, laptop_and_mice);
    order("CREATED", "e1", "o-1", 0, laptop_and_mice);
    cr_expect_eq(order_of("o-1")->status, ORDER_STATUS_CONFIRMED);
    cr_expect_eq(order_of("o-1")->created, start_ms);
    cr_expect_eq(order_of("o-1")->updated, start_ms + 2000);
}

Test(commerce, between_final_states_the_later_event_wins)
{
    order("CANCELLED", "e2", "o-1", 5, "\"reason\":\"CUSTOMER_REQUEST\"");
    order("CONFIRMED", "e1", "o-1", 2, laptop_and_mice);
    cr_expect_eq(order_of("o-1")->status, ORDER_STATUS_CANCELLED);
    cr_expect(says(order_of("o-1")->reason, "CUSTOMER_REQUEST"));
}

Test(commerce, a_reservation_may_come_before_its_order)
{
    send_at("inventory.responses", "o-1",
            "{\"order_id\":\"o-1\",\"status\":\"INSUFFICIENT_STOCK\",\"available\":50,\"requested\":100}",
            start_ms + 9000);
    cr_expect_not(order_of("o-1")->has_status);
    order("CREATED", "e1", "o-1", 0, laptop_and_mice);
    cr_expect_eq(order_of("o-1")->status, ORDER_STATUS_PENDING);
    cr_expect(says(order_of("o-1")->reservation, "INSUFFICIENT_STOCK"));
}

/* ---- stock ---- */

static void inventory(const char *event_id, const char *sku, int seconds, int available, int reserved)
{
    char value[400];
    snprintf(value, sizeof value,
             "{\"type\":\"INVENTORY_RESERVED\",\"event_id\":\"%s\",\"order_id\":\"o-1\",\"sku\":\"%s\",\"quantity\":1,"
             "\"available\":%d,\"reserved\":%d,\"timestamp\":\"2024-12-04T10:30:%02d.000Z\"}",
             event_id, sku, available, reserved, seconds);
    send_at("inventory.events", event_id, value, 0);
}

Test(commerce, stock_is_the_latest_inventory_event_of_a_sku)
{
    inventory("e2", "LAPTOP-001", 5, 48, 2);
    inventory("e1", "LAPTOP-001", 4, 49, 1);
    inventory("e2", "LAPTOP-001", 5, 48, 2);
    const struct stock *stock = stock_of("LAPTOP-001");
    cr_assert_not_null(stock);
    cr_expect_eq(stock->available, 48);
    cr_expect_eq(stock->reserved, 2);
    cr_expect_eq(stock->quantity, 50);
    cr_expect_eq(stock->updated, start_ms + 5000);
}

Test(commerce, stock_set_from_outside_keeps_what_is_reserved)
{
    send_at("inventory.stock", "LAPTOP-001", "{\"sku\":\"LAPTOP-001\",\"quantity\":50}", start_ms);
    cr_expect_eq(stock_of("LAPTOP-001")->available, 50);
    inventory("e1", "LAPTOP-001", 4, 49, 1);
    cr_expect_eq(stock_of("LAPTOP-001")->available, 49);
    send_at("inventory.stock", "LAPTOP-001", "{\"quantity\":80,\"timestamp\":\"2024-12-04T10:30:10.000Z\"}", 0);
    cr_expect_eq(stock_of("LAPTOP-001")->quantity, 80);
    cr_expect_eq(stock_of("LAPTOP-001")->reserved, 1);
    cr_expect_eq(stock_of("LAPTOP-001")->available, 79);
    inventory("e2", "LAPTOP-001", 6, 40, 9);
    cr_expect_eq(stock_of("LAPTOP-001")->quantity, 80);
    cr_expect_eq(stock_of("LAPTOP-001")->reserved, 9);
}

Test(commerce, stock_that_cannot_be_added_up_is_a_dead_letter)
{
    struct weir_raw_record dead;
    send_at("inventory.events", "o-1",
            "{\"type\":\"STOCK_SET\",\"event_id\":\"e\",\"sku\":\"A\",\"quantity\":1,\"available\":9223372036854775807,"
            "\"reserved\":1,\"timestamp\":\"2024-12-04T10:30:00.000Z\"}",
            0);
    cr_expect(weir_test_recv_raw(driver, "inventory.events.dlq", &dead));
    cr_expect_null(stock_of("A"));
}

Test(commerce, a_deleted_stock_level_leaves_the_events)
{
    send_at("inventory.stock", "MOUSE-001", "{\"quantity\":200,\"timestamp\":\"2024-12-04T10:30:10.000Z\"}", 0);
    inventory("e1", "MOUSE-001", 4, 199, 1);
    send_at("inventory.stock", "MOUSE-001", NULL, start_ms);
    cr_assert_not_null(stock_of("MOUSE-001"));
    cr_expect_eq(stock_of("MOUSE-001")->available, 199);
}

/* ---- confirmation time ---- */

static const struct confirmation_time *confirmations(void)
{
    weir_bytes key = text("all");
    const struct confirmation_time *found = weir_test_get_window(driver, "commerce-confirmation-time", &key, hour_ms);
    cr_assert_not_null(found);
    return found;
}

Test(commerce, confirmation_time_is_measured_in_any_order_of_events)
{
    order("CREATED", "e1", "o-1", 0, "");
    order("CONFIRMED", "e2", "o-1", 2, "");
    order("CONFIRMED", "e4", "o-2", 9, "");
    order("CREATED", "e3", "o-2", 5, "");
    cr_expect_eq(confirmations()->count, 2);
    cr_expect(confirmations()->p50_ms >= 1980 && confirmations()->p50_ms <= 2020, "%ld", (long)confirmations()->p50_ms);
    cr_expect(confirmations()->p99_ms >= 3960 && confirmations()->p99_ms <= 4040, "%ld", (long)confirmations()->p99_ms);
}

Test(commerce, an_order_is_measured_once)
{
    order("CREATED", "e1", "o-1", 0, "");
    order("CONFIRMED", "e2", "o-1", 2, "");
    order("CONFIRMED", "e3", "o-1", 3, "");
    order("CREATED", "e4", "o-1", 1, "");
    cr_expect_eq(confirmations()->count, 1);
}

Test(commerce, a_hundred_waits_have_their_percentiles)
{
    char id[16], created[16], confirmed[16];
    for (int i = 1; i <= 50; i++) {
        snprintf(id, sizeof id, "o-%d", i);
        snprintf(created, sizeof created, "a%d", i);
        snprintf(confirmed, sizeof confirmed, "b%d", i);
        order("CREATED", created, id, 0, "");
        order("CONFIRMED", confirmed, id, i, "");
    }
    cr_expect_eq(confirmations()->count, 50);
    cr_expect(confirmations()->p50_ms >= 24750 && confirmations()->p50_ms <= 25250, "%ld",
              (long)confirmations()->p50_ms);
    cr_expect(confirmations()->p95_ms >= 47520 && confirmations()->p95_ms <= 48480, "%ld",
              (long)confirmations()->p95_ms);
}

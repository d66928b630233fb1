/* tradex_test.c: the rules of the marketplace, one by one. Whole runs: systems_test.py.
 * SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "tradex/tradex.h"
#include "tradex_views.h"

static weir_test *driver;

static void set_up(void)
{
    struct weir_error error = {0};
    driver = weir_test_new(tradex_topology(), (struct weir_config){.application = "market"}, &error);
    cr_assert(driver, "%s", error.message);
}

static void tear_down(void)
{
    struct weir_error error = {0};
    cr_expect_not(weir_test_failed(driver, &error), "%s", error.message);
    weir_test_free(driver);
}

TestSuite(tradex, .init = set_up, .fini = tear_down);

static weir_bytes text(const char *chars)
{
    return (weir_bytes){chars, chars ? strlen(chars) : 0};
}

static void send(const char *topic, const char *key, const char *value)
{
    weir_test_send_raw(driver, topic,
                       (struct weir_raw_record){.key = text(key), .value = text(value), .timestamp_ms = 1000});
}

static void create_product(const char *name)
{
    char value[300];
    snprintf(value, sizeof value,
             "{\"command\":\"CREATE_PRODUCT\",\"data\":{\"name\":\"%s\",\"sku\":\"TEA\",\"price\":9.90,\"stock\":20,"
             "\"category\":\"drinks\"}}",
             name);
    send("catalog.commands", "seller-1", value);
}

static void change_stock(const char *operation, int quantity, int second)
{
    char value[300];
    snprintf(
        value, sizeof value,
        "{\"productId\":\"TEA\",\"quantity\":%d,\"operation\":\"%s\",\"updatedAt\":\"2024-12-04T10:30:%02d.000Z\"}",
        quantity, operation, second);
    send("stock.updated", NULL, value);
}

static const void *row(const char *view, const char *key)
{
    weir_bytes bytes = text(key);
    return weir_test_get(driver, view, &bytes);
}

static int64_t stock(void)
{
    const struct tradex_product *product = row("tradex-products", "TEA");
    return product ? product->stock : -1;
}

static int64_t count(const char *view, const char *key)
{
    const int64_t *found = row(view, key);
    return found ? *found : 0;
}

static bool says(weir_bytes bytes, const char *expected)
{
    return bytes.size == strlen(expected) && memcmp(bytes.data, expected, bytes.size) == 0;
}

/* ---- products ---- */

Test(tradex, stock_goes_up_and_down)
{
    create_product("tea");
    change_stock("decrease", 15, 1);
    cr_expect_eq(stock(), 5);
    cr_expect_not_null(row("tradex-low-stock", "TEA"));
    change_stock("increase", 5, 2);
    cr_expect_eq(stock(), 10);
    cr_expect_null(row("tradex-low-stock", "TEA"));
}

Test(tradex, a_decrease_below_zero_is_told_and_not_applied)
{
    create_product("tea");
    change_stock("decrease", 21, 1);
    cr_expect_eq(stock(), 20);
    struct weir_record refusal;
    cr_assert(weir_test_recv(driver, "tradex.stock.refused", &refusal));
    const struct refused_decrease *told = refused_decrease_value(&refusal);
    cr_expect(told->requested == 21 && told->available == 20 && says(told->product_id, "TEA"));
    const struct live_stock *counted = row("tradex-refused-decreases", "TEA");
    cr_assert_not_null(counted);
    cr_expect_eq(counted->refused, 1);
    change_stock("decrease", 20, 2);
    cr_expect_eq(stock(), 0);
    cr_expect_not(weir_test_recv(driver, "tradex.stock.refused", &refusal));
}

Test(tradex, a_change_of_stock_that_is_delivered_twice_counts_once)
{
    create_product("tea");
    change_stock("decrease", 3, 1);
    change_stock("decrease", 3, 1);
    change_stock("decrease", 3, 2);
    cr_expect_eq(stock(), 14);
    cr_expect_eq(weir_test_dropped(driver, "duplicate"), 1u);
}

Test(tradex, a_product_that_is_created_again_keeps_its_stock)
{
    create_product("tea");
    change_stock("decrease", 3, 1);
    create_product("green tea");
    cr_expect_eq(stock(), 17);
    cr_expect(says(((const struct tradex_product *)row("tradex-products", "TEA"))->name, "green tea"));
}

Test(tradex, a_command_without_a_price_is_a_dead_letter)
{
    send("catalog.commands", "s", "{\"command\":\"CREATE_PRODUCT\",\"data\":{\"name\":\"x\",\"sku\":\"X\"}}");
    struct weir_raw_record letter;
    cr_assert(weir_test_recv_raw(driver, "catalog.commands.dlq", &letter));
    cr_expect_not(weir_test_recv_raw(driver, "catalog.commands.dlq", &letter));
    cr_expect_null(row("tradex-products", "X"));
}

/* ---- users ---- */

Test(tradex, an_email_registers_once)
{
    const char *command =
        "{\"command\":\"REGISTER_USER\",\"data\":{\"email\":\"a@b.c\",\"password\":\"p\",\"role\":\"seller\"}}";
    send("auth.commands", NULL, command);
    send("auth.commands", NULL, command);
    cr_expect_eq(count("tradex-users-per-role", "seller"), 1);
    cr_expect_not_null(row("tradex-users", "user-0-0"));
}

Test(tradex, the_dead_letter_of_a_command_with_a_password_carries_no_value)
{
    send("auth.commands", "k", "{\"data\":{\"password\":\"p4ss\"");
    struct weir_raw_record letter;
    cr_assert(weir_test_recv_raw(driver, "auth.commands.dlq", &letter));
    cr_expect_null(letter.value.data);
    cr_expect_eq(letter.key.size, 1u);
    for (size_t i = 0; i < letter.headers.count; i++)
        cr_expect_null(memmem(letter.headers.items[i].value.data, letter.headers.items[i].value.size, "p4ss", 4));
}

/* ---- orders ---- */

static void create_order(void)
{
    send("order.created", NULL,
         "{\"orderId\":\"o-1\",\"userId\":\"u-1\",\"items\":[{\"productId\":\"TEA\",\"quantity\":2,\"price\":9.90}],"
         "\"totalAmount\":19.80,\"status\":\"pending\",\"createdAt\":\"2024-12-04T10:30:00.000Z\"}");
}

static void update_order(const char *status, const char *time)
{
    char value[200];
    snprintf(value, sizeof value, "{\"orderId\":\"o-1\",\"status\":\"%s\",\"updatedAt\":\"2024-12-04T%s.000Z\"}",
             status, time);
    send("order.updated", NULL, value);
}

Test(tradex, an_order_shows_its_user_and_its_products_also_when_they_come_later)
{
    create_order();
    const struct tradex_order *order = row("tradex-orders", "o-1");
    cr_assert_not_null(order);
    cr_expect_not(order->has_email);
    create_product("tea");
    send("user.registered", NULL,
         "{\"userId\":\"u-1\",\"email\":\"a@b.c\",\"role\":\"buyer\",\"createdAt\":\"2024-12-04T10:00:00.000Z\"}");
    order = row("tradex-orders", "o-1");
    cr_expect(order->has_email && says(order->email, "a@b.c"));
    cr_assert_eq(order->items.count, 1u);
    cr_expect(says(tradex_order_items(order, 0)->name, "tea"));
}

Test(tradex, statuses_are_in_order_of_their_time_and_the_latest_counts)
{
    create_order();
    update_order("shipped", "10:50:00");
    update_order("confirmed", "10:40:00");
    update_order("confirmed", "10:40:00");
    const struct order_history *history = row("tradex-order-history", "o-1");
    cr_assert_eq(history->changes.count, 3u);
    cr_expect_eq(order_history_changes(history, 1)->status, TRADE_STATUS_confirmed);
    cr_expect_eq(count("tradex-orders-per-status", "shipped"), 1);
    cr_expect_eq(count("tradex-orders-per-status", "pending"), 0);
}

Test(tradex, a_sale_counts_once_in_the_hour_of_its_confirmation)
{
    create_product("tea");
    create_order();
    update_order("confirmed", "11:10:00");
    update_order("shipped", "12:10:00");
    weir_bytes drinks = text("drinks");
    const int64_t eleven_ms = 1733310000000;
    const struct sales *sales = weir_test_get_window(driver, "tradex-sales-per-category-per-hour", &drinks, eleven_ms);
    cr_assert_not_null(sales);
    cr_expect(sales->units == 2 && sales->revenue.unscaled == 198000);
    cr_expect_null(weir_test_get_window(driver, "tradex-sales-per-category-per-hour", &drinks, eleven_ms + 3600000));
}

Test(tradex, a_command_becomes_an_order)
{
    create_product("tea");
    send("order.commands", NULL,
         "{\"command\":\"CREATE_ORDER\",\"data\":{\"userId\":\"u-1\",\"items\":[{\"productId\":\"TEA\",\"quantity\":3,"
         "\"price\":9.90}]}}");
    const struct tradex_order *order = row("tradex-orders", "order-0-0");
    cr_assert_not_null(order);
    cr_expect_eq(order->total_amount.unscaled, 297000);
    cr_expect_eq(count("tradex-orders-per-status", "pending"), 1);
}

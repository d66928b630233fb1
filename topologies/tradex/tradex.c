/* tradex.c: the graph of the topology `tradex`.
 *
 * Commands become events (a registration, an order), and the views are built from the events, whoever wrote them. Every
 * event is brought to the partition of what it is about first, so that a producer may use any key; of a catalogue command
 * the key is the seller. The items of an order are joined with the catalogue, not with live stock: otherwise every sale
 * would rewrite all orders of the product.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tradex.h"

#include "auth_command.h"
#include "catalog_command.h"
#include "order_created.h"
#include "order_updated.h"
#include "pieces.h"
#include "stock_updated.h"
#include "trade_command.h"
#include "tradex_parts.h"
#include "tradex_views.h"
#include "user_registered.h"

/* ---- users ---- */

static void register_users(weir_topology *t)
{
    weir_add_store(t, "tradex-emails", &weir_str_type, &weir_str_type);
    weir_stream *commands = weir_from(t, "auth.commands", &weir_str_type, &auth_command_type, .confidential = true);
    weir_stream *asked =
        weir_flat_map(commands, &weir_str_type, &user_registered_type, registration_of, .name = "registrations");
    weir_stream *by_email = weir_rekey(asked, "tradex-registrations", &weir_str_type, email_of);
    weir_stream *registered = weir_process(by_email, &registration_processor, .stores = {"tradex-emails"},
                                           .key = &weir_str_type, .name = "register-once");
    weir_to(registered, "user.registered");
}

static weir_table *keep_users(weir_topology *t)
{
    weir_stream *events =
        weir_from(t, "user.registered", &weir_str_type, &user_registered_type, .timestamp = user_registered_time);
    weir_stream *sound = weir_filter(events, is_user_event, .name = "user-events");
    weir_table *users = weir_to_table(weir_rekey(sound, "tradex-users", &weir_str_type, user_id_of), "tradex-users");
    weir_count(weir_group_by(users, "tradex-users-by-role", &weir_str_type, role_of), "tradex-users-per-role");
    return users;
}

/* ---- products ---- */

static weir_table *keep_stock(weir_topology *t, weir_stream *commands)
{
    weir_add_store(t, "tradex-stock-seen", &weir_str_type, &weir_i64_type);
    weir_stream *events =
        weir_from(t, "stock.updated", &weir_str_type, &stock_updated_type, .timestamp = stock_updated_time);
    weir_stream *initial =
        weir_flat_map(commands, &weir_str_type, &stock_change_type, initial_stock_of, .name = "initial-stock");
    weir_stream *changes =
        weir_flat_map(events, &weir_str_type, &stock_change_type, stock_change_of, .name = "stock-changes");
    weir_stream *moved = weir_repartition(weir_merge(initial, changes), "tradex-stock-changes");
    weir_stream *once =
        weir_process(moved, &stock_once_processor, .stores = {"tradex-stock-seen"}, .name = "stock-once");
    weir_table *stock = weir_aggregate(weir_group(once), "tradex-stock", change_stock, .value = &live_stock_type,
                                       .name = "change-stock");
    weir_filter(stock, has_refused, .store = "tradex-refused-decreases", .name = "refused-decreases");
    weir_stream *refused = weir_flat_map_values(weir_changes(stock, .old_values = true), &refused_decrease_type,
                                                refused_decrease_of, .name = "refusals");
    weir_to(refused, "tradex.stock.refused");
    return stock;
}

static weir_table *keep_products(weir_topology *t)
{
    weir_stream *commands = weir_from(t, "catalog.commands", &weir_str_type, &catalog_command_type);
    weir_stream *created =
        weir_flat_map(commands, &weir_str_type, &catalogue_entry_type, catalogue_entry_of, .name = "created-products");
    weir_table *catalogue = weir_to_table(weir_repartition(created, "tradex-catalogue"), "tradex-catalogue");
    weir_table *products = weir_join_tables(catalogue, keep_stock(t, commands), product_of_catalogue_and_stock,
                                            .value = &tradex_product_type, .kind = WEIR_LEFT,
                                            .store = "tradex-products", .name = "products");
    weir_filter(products, is_low_stock, .store = "tradex-low-stock", .name = "low-stock");
    return catalogue;
}

/* ---- orders ---- */

static void accept_orders(weir_topology *t)
{
    weir_stream *commands = weir_from(t, "order.commands", &weir_str_type, &trade_command_type);
    weir_to(weir_flat_map(commands, &weir_str_type, &order_created_type, order_of_command, .name = "accept-orders"),
            "order.created");
}

static weir_stream *read_created(weir_topology *t)
{
    weir_stream *events =
        weir_from(t, "order.created", &weir_str_type, &order_created_type, .timestamp = order_created_time);
    weir_stream *sound = weir_filter(events, is_sound_order, .name = "sound-orders");
    return weir_rekey(sound, "tradex-orders-created", &weir_str_type, created_order_id_of);
}

static weir_stream *read_updated(weir_topology *t)
{
    weir_stream *events =
        weir_from(t, "order.updated", &weir_str_type, &order_updated_type, .timestamp = order_updated_time);
    weir_stream *sound = weir_filter(events, is_order_update, .name = "order-updates");
    return weir_rekey(sound, "tradex-orders-updated", &weir_str_type, updated_order_id_of);
}

static weir_table *follow_orders(weir_stream *created, weir_stream *updated)
{
    weir_cogrouped *both = weir_cogroup(weir_group(created), take_created);
    both = weir_cogroup_add(both, weir_group(updated), take_updated);
    weir_table *progress = weir_cogroup_aggregate(both, "tradex-order-progress", &order_progress_type);
    weir_map_values(progress, &order_history_type, history_of, .store = "tradex-order-history",
                    .name = "order-history");
    weir_count(weir_group_by(progress, "tradex-orders-by-status", &weir_str_type, status_of),
               "tradex-orders-per-status");
    return progress;
}

static weir_table *join_lines(weir_stream *created, weir_table *catalogue)
{
    weir_stream *lines = weir_flat_map(created, &weir_str_type, &order_line_type, lines_of, .name = "lines");
    weir_table *table = weir_to_table(weir_repartition(lines, "tradex-lines"), "tradex-lines");
    weir_table *named =
        weir_join_foreign(table, catalogue, "tradex-line-product", product_id_of_line, line_with_product,
                          .value = &order_line_type, .kind = WEIR_LEFT, .store = "tradex-lines-with-products");
    return weir_aggregate(weir_group_by(named, "tradex-lines-by-order", &weir_str_type, order_id_of_line),
                          "tradex-order-lines", add_line, .subtract = remove_line, .value = &order_lines_type,
                          .name = "collect-lines");
}

static void join_orders(weir_table *progress, weir_table *users, weir_table *lines)
{
    weir_table *with_users =
        weir_join_foreign(progress, users, "tradex-order-user", user_id_of_order, order_with_user,
                          .value = &tradex_order_type, .kind = WEIR_LEFT, .store = "tradex-orders-with-users");
    weir_join_tables(with_users, lines, order_with_lines, .value = &tradex_order_type, .kind = WEIR_LEFT,
                     .store = "tradex-orders", .name = "orders");
}

/* ---- sales ---- */

static void sum_sales(weir_grouped *sales, const char *per_hour, const char *per_day)
{
    weir_aggregate(sales, per_hour, add_sale, .value = &sales_type,
                   .window = {.size = weir_hours(1), .grace = weir_hours(24), .retention = weir_days(90)});
    weir_aggregate(sales, per_day, add_sale, .value = &sales_type,
                   .window = {.size = weir_days(1), .grace = weir_hours(24), .retention = weir_days(3650)});
}

static void count_sales(weir_table *progress, weir_table *catalogue)
{
    weir_stream *changes = weir_changes(progress, .old_values = true);
    weir_stream *sold = weir_flat_map(changes, &weir_str_type, &sale_type, sales_of, .name = "sales");
    weir_stream *sales = weir_join_table(weir_repartition(sold, "tradex-sales"), catalogue, sale_with_product,
                                         .value = &sale_type, .kind = WEIR_LEFT, .name = "sales-with-products");
    sum_sales(weir_group(sales), "tradex-sales-per-product-per-hour", "tradex-sales-per-product-per-day");
    sum_sales(weir_group_by(sales, "tradex-sales-by-category", &weir_str_type, category_of),
              "tradex-sales-per-category-per-hour", "tradex-sales-per-category-per-day");
    sum_sales(weir_group_by(sales, "tradex-sales-by-seller", &weir_str_type, seller_of),
              "tradex-sales-per-seller-per-hour", "tradex-sales-per-seller-per-day");
}

weir_topology *tradex_topology(void)
{
    weir_topology *t = weir_topology_new("tradex");
    register_users(t);
    weir_table *users = keep_users(t);
    weir_table *catalogue = keep_products(t);
    accept_orders(t);
    weir_stream *created = read_created(t);
    weir_table *progress = follow_orders(created, read_updated(t));
    join_orders(progress, users, join_lines(created, catalogue));
    count_sales(progress, catalogue);
    return t;
}

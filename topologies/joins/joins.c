/* joins.c: the graph of the topology `joins`.
 *
 * Table-foreign: which open orders wait for which SKU, and what the targets of contracts have ordered. Stream-table: how
 * often there was too little when an order asked. Stream-global: what an elimination promotes. Stream-stream: what was
 * ordered within an hour after that. Table-table: contracts and what was paid for them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "joins.h"

#include "contract.h"
#include "elimination_verified.h"
#include "inventory_stock.h"
#include "joins_views.h"
#include "order_event.h"
#include "pieces.h"
#include "record/once.h"

static weir_stream *read_orders(weir_topology *t)
{
    static struct once once = {.store = "joins-seen-orders", .identity = joins_order_identity};
    weir_add_store(t, "joins-seen-orders", &weir_str_type, &weir_i64_type);
    weir_stream *events = weir_from(t, "orders.events", &weir_str_type, &order_event_type,
                                    .timestamp = joins_order_time, .require_key = true);
    return weir_process(events, &once_processor, .stores = {"joins-seen-orders"}, .user = &once, .name = "orders-once");
}

/* Whoever sets the stock may spread SKUs by another hash than ours. */
static weir_table *read_stock(weir_topology *t)
{
    weir_stream *set = weir_from(t, "inventory.stock", &weir_str_type, &inventory_stock_type,
                                 .timestamp = joins_stock_time, .require_key = true);
    return weir_to_table(weir_repartition(set, "joins-stock"), "joins-stock");
}

/* Which orders wait for which SKU: a table and a foreign key. */
static void find_waiting(weir_table *orders, weir_table *stock)
{
    weir_stream *lines =
        weir_flat_map(weir_changes(orders), &weir_str_type, &asked_line_type, open_lines_of, .name = "open-lines");
    weir_table *open = weir_to_table(weir_repartition(lines, "joins-lines"), "joins-lines");
    weir_table *with_stock =
        weir_join_foreign(open, stock, "joins-line-stock", sku_of_line, line_with_stock, .value = &asked_line_type,
                          .kind = WEIR_LEFT, .store = "joins-lines-with-stock");
    weir_table *waiting = weir_filter(with_stock, is_waiting, .store = "joins-waiting-orders", .name = "waiting");
    weir_aggregate(weir_group_by(waiting, "joins-waiting-by-sku", &weir_str_type, sku_of_line), "joins-waiting-per-sku",
                   add_waiting, .subtract = subtract_waiting, .value = &waiting_type);
}

/* How often there was too little when an order asked: a stream and a table. */
static weir_stream *count_demand(weir_stream *orders, weir_table *stock)
{
    weir_stream *asked = weir_flat_map(orders, &weir_str_type, &asked_line_type, asked_lines_of, .name = "asked-lines");
    weir_stream *lines = weir_repartition(asked, "joins-asked");
    weir_stream *with_stock = weir_join_table(lines, stock, line_with_stock, .value = &asked_line_type,
                                              .kind = WEIR_LEFT, .name = "asked-with-stock");
    weir_aggregate(weir_group(with_stock), "joins-demand", add_demand, .value = &demand_type);
    return lines;
}

static weir_stream *read_eliminations(weir_topology *t)
{
    static struct once once = {.store = "joins-seen-eliminations", .identity = elimination_identity};
    weir_add_store(t, "joins-seen-eliminations", &weir_str_type, &weir_i64_type);
    weir_stream *events = weir_from(t, "eliminations.verified", &weir_str_type, &elimination_verified_type,
                                    .timestamp = elimination_time, .require_key = true);
    weir_stream *moved = weir_rekey(weir_filter(events, has_elimination, .name = "eliminations"), "joins-eliminations",
                                    &weir_str_type, contract_of_elimination);
    return weir_process(moved, &once_processor, .stores = {"joins-seen-eliminations"}, .user = &once,
                        .name = "eliminations-once");
}

/* Which campaigns moved which products: a global table, then two streams within a time. */
static void measure_campaigns(weir_topology *t, weir_stream *eliminations, weir_stream *lines)
{
    weir_global_table *campaigns =
        weir_global(t, "campaigns", "joins-campaigns-by-contract", &weir_str_type, &campaign_type);
    weir_stream *promotions =
        weir_join_global(eliminations, campaigns, contract_of_elimination, elimination_with_campaign,
                         .value = &promotion_type, .name = "promotions");
    weir_stream *by_sku = weir_rekey(promotions, "joins-promotions", &weir_str_type, sku_of_promotion);
    weir_stream *sales = weir_join(by_sku, lines, "joins-promoted", promotion_with_line, .value = &promoted_sale_type,
                                   .after = weir_hours(1), .grace = weir_hours(1));
    weir_aggregate(weir_group_by(sales, "joins-campaigns", &weir_str_type, contract_of_sale), "joins-campaign-sales",
                   add_promoted_sale, .value = &campaign_sales_type);
}

/* Contracts x payouts: two tables; x orders by user: a foreign key. */
static void join_contracts(weir_topology *t, weir_table *orders, weir_stream *eliminations)
{
    weir_table *per_user =
        weir_aggregate(weir_group_by(orders, "joins-orders-by-user", &weir_str_type, customer_of),
                       "joins-orders-per-user", add_order, .subtract = subtract_order, .value = &user_orders_type);
    weir_stream *read = weir_from(t, "contracts", &weir_str_type, &contract_type, .require_key = true);
    weir_table *contracts = weir_to_table(weir_repartition(read, "joins-contracts"), "joins-contracts");
    weir_table *payouts = weir_aggregate(weir_group(eliminations), "joins-payouts", add_payout, .value = &payouts_type);
    weir_table *paid =
        weir_join_tables(contracts, payouts, contract_with_payouts, .value = &contract_view_type, .kind = WEIR_LEFT,
                         .store = "joins-contracts-with-payouts", .name = "contracts-with-payouts");
    weir_join_foreign(paid, per_user, "joins-contract-user", target_of, contract_with_orders,
                      .value = &contract_view_type, .kind = WEIR_LEFT, .store = "joins-contracts-with-orders");
}

weir_topology *joins_topology(void)
{
    weir_topology *t = weir_topology_new("joins");
    weir_stream *events = read_orders(t);
    weir_table *stock = read_stock(t);
    weir_table *orders = weir_aggregate(weir_group(events), "joins-orders", know_order, .value = &known_order_type);
    find_waiting(orders, stock);
    weir_stream *lines = count_demand(events, stock);
    weir_stream *eliminations = read_eliminations(t);
    measure_campaigns(t, eliminations, lines);
    join_contracts(t, orders, eliminations);
    return t;
}

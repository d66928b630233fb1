/* commerce.c: the graph of the topology `commerce`.
 *
 * Five sub-topologies. One reads what is keyed by order id, counts every event once and keeps the orders. What its events
 * add to other rows leaves as facts through one repartition topic; another one adds them up. Two bring inventory events and
 * the stock that is set from outside to the partition of their SKU; the last one joins them. Totals and stock also leave
 * as streams of changes, on commerce.metrics and commerce.stock, for whoever wants to be told rather than to ask: the latest
 * of each at every commit.
 * SPDX-License-Identifier: Apache-2.0 */
#include "commerce.h"

#include "facts.h"
#include "inventory_event.h"
#include "inventory_response.h"
#include "inventory_stock.h"
#include "notification_event.h"
#include "order_event.h"
#include "parts.h"
#include "views.h"

static const void *key_it_has(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return record->key;
}

static weir_stream *read_orders(weir_topology *t)
{
    weir_stream *events = weir_from(t, "orders.events", &weir_str_type, &order_event_type,
                                    .timestamp = order_event_time, .require_key = true);
    weir_stream *sound = weir_filter(events, has_sound_amounts, .name = "orders-sound");
    return orders_once(t, sound);
}

static weir_stream *read_notifications(weir_topology *t)
{
    weir_stream *events = weir_from(t, "notifications.events", &weir_str_type, &notification_event_type,
                                    .timestamp = notification_event_time, .require_key = true);
    return notifications_once(t, events);
}

/* Half of all facts are for a handful of rows. Each task adds its own up, or whoever has those rows has to add up all. */
static weir_stream *combine(weir_stream *facts)
{
    weir_branches *kinds = weir_split(facts, .name = "facts-of-");
    weir_stream *of_few = weir_branch(kinds, is_of_few_keys, .name = "few-rows");
    weir_stream *of_many = weir_branch_rest(kinds, .name = "many-rows");
    return weir_merge(of_many, weir_combine(of_few, "commerce-facts-combined", add_fact, .slice = weir_minutes(1)));
}

/* The views of single orders; returns the facts for all others. */
static weir_stream *keep_orders(weir_topology *t)
{
    weir_add_store(t, "commerce-orders", &weir_str_type, &order_view_type);
    weir_add_store(t, "commerce-order-times", &weir_str_type, &order_times_type);

    weir_stream *orders = read_orders(t);
    weir_stream *notifications = read_notifications(t);
    weir_stream *reservations =
        weir_from(t, "inventory.responses", &weir_str_type, &inventory_response_type, .require_key = true);

    weir_stream *completed =
        weir_process(orders, &order_processor, .stores = {"commerce-orders"}, .name = "keep-orders");
    weir_process(reservations, &reservation_processor, .stores = {"commerce-orders"}, .name = "keep-reservations");
    weir_process(notifications, &notification_processor, .stores = {"commerce-orders"}, .name = "keep-notifications");

    weir_stream *of_orders = weir_flat_map(completed, &weir_str_type, &fact_type, order_facts, .name = "order-facts");
    weir_stream *of_notifications =
        weir_flat_map(notifications, &weir_str_type, &fact_type, notification_facts, .name = "notification-facts");
    weir_stream *of_confirmations =
        weir_process(orders, &confirmation_processor, .stores = {"commerce-order-times"}, .key = &weir_str_type,
                     .value = &fact_type, .name = "confirmation-facts");
    return combine(weir_merge(of_orders, of_notifications, of_confirmations));
}

static weir_grouped *facts_of(weir_branches *facts, enum fact_kind *kind, const char *name)
{
    return weir_group(weir_branch(facts, is_fact_of, .user = kind, .name = name));
}

static void sum_metrics(weir_grouped *metrics)
{
    weir_table *totals =
        weir_aggregate(metrics, "commerce-metrics", add_metric, .value = &metric_type, .name = "sum-metrics");
    weir_to(weir_changes(totals, .per_commit = true), "commerce.metrics");
    weir_aggregate(metrics, "commerce-metrics-per-minute", add_metric, .value = &metric_type,
                   .name = "sum-metrics-per-minute",
                   .window = {.size = weir_minutes(1), .grace = weir_hours(24), .retention = weir_days(7)});
    weir_aggregate(metrics, "commerce-metrics-per-hour", add_metric, .value = &metric_type,
                   .name = "sum-metrics-per-hour",
                   .window = {.size = weir_hours(1), .grace = weir_hours(24), .retention = weir_days(90)});
    weir_aggregate(metrics, "commerce-metrics-per-day", add_metric, .value = &metric_type,
                   .name = "sum-metrics-per-day",
                   .window = {.size = weir_days(1), .grace = weir_hours(24), .retention = weir_days(3650)});
}

static void sum_facts(weir_stream *moved)
{
    static enum fact_kind metric = FACT_KIND_METRIC, cancellation = FACT_KIND_CANCELLATION,
                          customer = FACT_KIND_CUSTOMER, product = FACT_KIND_PRODUCT,
                          confirmation = FACT_KIND_CONFIRMATION;
    weir_branches *facts = weir_split(moved, .name = "facts-");
    sum_metrics(facts_of(facts, &metric, "metrics"));
    weir_aggregate(facts_of(facts, &cancellation, "cancellations"), "commerce-cancellations", add_cancellation,
                   .value = &cancellation_type, .name = "sum-cancellations");
    weir_aggregate(facts_of(facts, &customer, "customers"), "commerce-customers", add_customer, .value = &customer_type,
                   .name = "sum-customers");
    weir_aggregate(facts_of(facts, &product, "products"), "commerce-products", add_product, .value = &product_type,
                   .name = "sum-products");
    weir_aggregate(facts_of(facts, &confirmation, "confirmations"), "commerce-confirmation-time", add_confirmation,
                   .value = &confirmation_time_type, .name = "sum-confirmations",
                   .window = {.size = weir_hours(1), .grace = weir_hours(24), .retention = weir_days(90)});
}

static void keep_stock(weir_topology *t)
{
    weir_stream *events =
        weir_from(t, "inventory.events", &weir_str_type, &inventory_event_type, .timestamp = inventory_event_time);
    weir_grouped *by_sku = weir_group_by(weir_filter(events, says_stock, .name = "inventory-values"), "commerce-stock",
                                         &weir_str_type, sku_of);
    weir_table *latest =
        weir_reduce(by_sku, "commerce-stock-events", latest_inventory_event, .name = "latest-inventory");
    weir_stream *set = weir_from(t, "inventory.stock", &weir_str_type, &inventory_stock_type,
                                 .timestamp = inventory_stock_time, .require_key = true);
    /* Whoever sets the stock may spread SKUs by another hash than ours. */
    weir_table *levels = weir_to_table(weir_repartition(set, "commerce-stock-levels"), "commerce-stock-levels");
    weir_table *stock = weir_join_tables(levels, latest, join_stock, .value = &stock_type, .kind = WEIR_OUTER,
                                         .store = "commerce-stock", .name = "join-stock");
    weir_to(weir_changes(stock, .per_commit = true), "commerce.stock");
}

weir_topology *commerce_topology(void)
{
    weir_topology *t = weir_topology_new("commerce");
    sum_facts(weir_rekey(keep_orders(t), "commerce-facts", &weir_str_type, key_it_has));
    keep_stock(t);
    return t;
}

/* parts.h: the pieces commerce.c puts together. Private to this folder. */
#ifndef WEIR_TOPOLOGIES_COMMERCE_PARTS_H
#define WEIR_TOPOLOGIES_COMMERCE_PARTS_H
#include "record/once.h"

/* seen.c: each event once. */
weir_stream *orders_once(weir_topology *, weir_stream *), *notifications_once(weir_topology *, weir_stream *);

/* times.c: the time of a record is the event's own. */
weir_timestamp_of order_event_time, inventory_event_time, notification_event_time, inventory_stock_time;

/* orders.c: the row of an order in commerce-orders. The first one forwards its event, completed from the row. */
extern const struct weir_processor order_processor, reservation_processor, notification_processor;

/* confirmation.c: from created to confirmed, out of commerce-order-times, as facts; and their aggregate. */
extern const struct weir_processor confirmation_processor;
weir_aggregator add_confirmation;
struct fact;
void add_waits(weir_context *, const struct fact *, struct fact *sum);

/* facts.c: what an event adds to which row. */
weir_predicate has_sound_amounts; /* else the event is a dead letter, before anything of it is counted */
weir_visitor order_facts, notification_facts;
weir_predicate is_fact_of;     /* .user: the fact_kind */
weir_predicate is_of_few_keys; /* all orders add to the same few rows */
weir_reducer add_fact;

/* totals.c: the aggregates of facts. */
weir_aggregator add_metric, add_cancellation, add_customer, add_product;

/* stock.c: the stock of a SKU. */
weir_predicate says_stock; /* else it counts the record as dropped, or makes it a dead letter */
weir_mapper sku_of;
weir_reducer latest_inventory_event;
weir_joiner join_stock;
#endif

/* pieces.h: the pieces joins.c puts together. Private to this folder. */
#ifndef WEIR_TOPOLOGIES_JOINS_PIECES_H
#define WEIR_TOPOLOGIES_JOINS_PIECES_H
#include "weir.h"

/* orders.c: orders, their lines, and what users have ordered. */
weir_bytes joins_order_identity(weir_context *, const struct weir_record *);
weir_aggregator know_order;
weir_visitor open_lines_of, asked_lines_of;
weir_mapper customer_of;
weir_aggregator add_order, subtract_order;
weir_timestamp_of joins_order_time;

/* stock.c: lines and the stock of their SKU. */
weir_mapper sku_of_line;
weir_joiner line_with_stock;
weir_predicate is_waiting;
weir_aggregator add_waiting, subtract_waiting, add_demand;
weir_timestamp_of joins_stock_time;

/* campaigns.c: eliminations, what they promote, and what was sold then. */
weir_bytes elimination_identity(weir_context *, const struct weir_record *);
weir_predicate has_elimination;
weir_mapper contract_of_elimination, sku_of_promotion, contract_of_sale;
weir_joiner elimination_with_campaign, promotion_with_line;
weir_aggregator add_promoted_sale;
weir_timestamp_of elimination_time;

/* contracts.c: contracts, what was paid for them, and what their targets have ordered. */
weir_aggregator add_payout;
weir_joiner contract_with_payouts, contract_with_orders;
weir_mapper target_of;
#endif

/* pieces.h: the pieces tradex.c puts together. Private to this folder. */
#ifndef WEIR_TOPOLOGIES_TRADEX_PIECES_H
#define WEIR_TOPOLOGIES_TRADEX_PIECES_H
#include "weir.h"

enum { TRADEX_LOW_STOCK = 10 }; /* fewer than so many are few */

/* users.c: registrations become events; an email registers once. */
weir_visitor registration_of;
weir_predicate is_user_event;
weir_mapper email_of, user_id_of, role_of;
extern const struct weir_processor registration_processor; /* needs the store tradex-emails */
weir_timestamp_of user_registered_time;

/* products.c: the catalogue and the stock. */
weir_visitor catalogue_entry_of, initial_stock_of, stock_change_of;
extern const struct weir_processor stock_once_processor; /* needs the store tradex-stock-seen */
weir_aggregator change_stock;
weir_visitor refused_decrease_of; /* of changes with their old values */
weir_predicate has_refused, is_low_stock;
weir_joiner product_of_catalogue_and_stock;
weir_timestamp_of stock_updated_time;

/* orders.c: an order and what it goes through. */
weir_visitor order_of_command;
weir_predicate is_sound_order, is_order_update;
weir_mapper created_order_id_of, updated_order_id_of, status_of, history_of;
weir_aggregator take_created, take_updated;
weir_timestamp_of order_created_time, order_updated_time;

/* lines.c: the items of an order with their products, and the order with its user. */
weir_visitor lines_of;
weir_mapper product_id_of_line, order_id_of_line, user_id_of_order;
weir_joiner line_with_product, order_with_user, order_with_lines;
weir_aggregator add_line, remove_line;

/* sales.c: what was sold, when an order was confirmed. */
weir_visitor sales_of; /* of changes with their old values */
weir_joiner sale_with_product;
weir_mapper category_of, seller_of;
weir_aggregator add_sale;
#endif

/* topologies.c: the list. A new topology needs a line here.
 * SPDX-License-Identifier: Apache-2.0 */
#include "topologies.h"

#include "aurore/aurore.h"
#include "commerce/commerce.h"
#include "continental/continental.h"
#include "examples/examples.h"
#include "joins/joins.h"
#include "platform/platform.h"
#include "saga/saga.h"
#include "tradex/tradex.h"

const struct weir_entry topologies_builtin[] = {
    {"commerce", "views of a shop: orders, revenue, customers, products, stock", commerce_topology},
    {"commerce-saga", "orders from command to notification: reserved, decided, told", saga_topology},
    {"tradex", "a marketplace: users, products with live stock, orders, sales", tradex_topology},
    {"platform", "sessions, audit search, load per route, rate limits, circuit breakers", platform_topology},
    {"joins", "orders, stock, contracts and eliminations together: joins of every kind", joins_topology},
    {"continental", "eliminations close their contracts at a service, and are paid for", continental_topology},
    {"aurore", "events of services: kept, found again, counted", aurore_topology},
    {"example-filter", "lets words with more than four letters pass", example_filter},
    {"example-count", "counts words", example_count},
    {"example-window", "counts page views per page and minute", example_window},
    {"example-join", "adds the customer's name to each order", example_join},
    {"example-processor", "warns when a sensor has been silent for a minute", example_processor},
    {"example-session", "tells each visit of a web page once, when it is over", example_session},
    {"example-cogroup", "keeps balances of deposits and withdrawals", example_cogroup},
    {"example-payments", "finds the payment of each order, or that there is none", example_payments},
    {"example-foreign-key", "keeps the maker's name of each product", example_foreign_key},
    {"example-global", "adds the shop's town to each sale", example_global},
    {"example-streams", "sorts lines of logs, and takes them apart", example_streams},
    {"example-tables", "counts who lives in each town", example_tables},
    {"example-pattern", "counts what is sold in all shops, each with a topic of its own", example_pattern},
    {"example-quiet", "counts readings per minute, also when a sensor falls silent", example_quiet},
    {"example-prices", "adds the price that held when each sale was made", example_prices},
    {NULL, NULL, NULL},
};

/* 11_versioned_table.c: a table that keeps what its rows were: sales with the price that held when they were made.
 *
 * Prices may come up to a day late, and out of order: a sale waits for a minute, and then meets the price of its own time.
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

static const void *price_of(weir_context *context, const struct weir_record *sale, const struct weir_record *price)
{
    (void)context, (void)sale;
    return price->value;
}

weir_topology *example_prices(void)
{
    weir_topology *t = weir_topology_new("example-prices");
    weir_table *prices =
        weir_table_from(t, "prices", "prices", &weir_str_type, &weir_i64_type, .history = weir_days(1));
    weir_stream *sold = weir_from(t, "sold", &weir_str_type, &weir_i64_type);
    weir_stream *priced = weir_join_table(sold, prices, price_of, .value = &weir_i64_type, .name = "price-of-sale",
                                          .grace = weir_minutes(1));
    weir_to(priced, "prices-of-sales");
    return t;
}

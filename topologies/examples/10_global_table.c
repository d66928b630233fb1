/* 10_global_table.c: a table that every instance holds whole: sales by the number of a shop, with the shop's town.
 *
 * The key of a sale is not that of a shop, and need not be: nothing has to lie in the same partition.
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

static const void *shop_of(weir_context *context, const struct weir_record *sale)
{
    (void)context;
    return sale->value;
}

static const void *town_of(weir_context *context, const struct weir_record *sale, const struct weir_record *shop)
{
    (void)context, (void)sale;
    return shop->value;
}

weir_topology *example_global(void)
{
    weir_topology *t = weir_topology_new("example-global");
    weir_global_table *shops = weir_global(t, "shops", "shops", &weir_str_type, &weir_str_type);
    weir_stream *sales = weir_from(t, "sales", &weir_str_type, &weir_str_type);
    weir_to(weir_join_global(sales, shops, shop_of, town_of, .value = &weir_str_type), "towns-of-sales");
    return t;
}

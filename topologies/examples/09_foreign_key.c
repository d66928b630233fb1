/* 09_foreign_key.c: a table with the row of another that its own rows name: products and the name of their maker.
 *
 * A product's value is the key of its maker. When a maker's name changes, all of its products change.
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

static const void *maker_of(weir_context *context, const struct weir_record *product)
{
    (void)context;
    return product->value;
}

static const void *name_of(weir_context *context, const struct weir_record *product, const struct weir_record *maker)
{
    (void)context, (void)product;
    return maker->value;
}

weir_topology *example_foreign_key(void)
{
    weir_topology *t = weir_topology_new("example-foreign-key");
    weir_table *products = weir_table_from(t, "products", "products", &weir_str_type, &weir_str_type);
    weir_table *makers = weir_table_from(t, "makers", "makers", &weir_str_type, &weir_str_type);
    weir_table *named = weir_join_foreign(products, makers, "made-by", maker_of, name_of, .value = &weir_str_type,
                                          .store = "makers-of-products");
    weir_to(weir_changes(named), "makers-of-products");
    return t;
}

/* 04_join.c: a stream meets a table. Orders, keyed by customer, get the customer's name in front.
 *
 * The two topics need the same number of partitions, because a task reads the same partition of both.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "examples.h"

static const void *add_name(weir_context *context, const struct weir_record *order, const struct weir_record *customer)
{
    const weir_bytes *what = order->value;
    weir_bytes name = customer ? *(const weir_bytes *)customer->value : *WEIR_STR("somebody");
    char *text = weir_alloc(context, name.size + 2 + what->size);
    weir_bytes *line = weir_alloc(context, sizeof *line);
    memcpy(text, name.data, name.size);
    text[name.size] = ':';
    text[name.size + 1] = ' ';
    memcpy(text + name.size + 2, what->data, what->size);
    *line = (weir_bytes){text, name.size + 2 + what->size};
    return line;
}

weir_topology *example_join(void)
{
    weir_topology *t = weir_topology_new("example-join");
    weir_table *customers = weir_table_from(t, "customers", "customers", &weir_str_type, &weir_str_type);
    weir_stream *orders = weir_from(t, "orders", &weir_str_type, &weir_str_type);
    weir_stream *named = weir_join_table(orders, customers, add_name, .value = &weir_str_type, .kind = WEIR_LEFT);
    weir_to(named, "named-orders");
    return t;
}

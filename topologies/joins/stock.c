/* stock.c: what orders ask for, and what there is.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inventory_stock.h"
#include "joins_views.h"
#include "pieces.h"

int64_t joins_stock_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    const struct inventory_stock *stock = record->value ? inventory_stock_value(record) : NULL;
    return stock && stock->has_timestamp ? stock->timestamp : record->timestamp_ms;
}

const void *sku_of_line(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &asked_line_value(record)->sku;
}

const void *line_with_stock(weir_context *context, const struct weir_record *line, const struct weir_record *stock)
{
    struct asked_line *joined = asked_line_new(context);
    *joined = *asked_line_value(line);
    joined->has_stock = stock != NULL;
    if (stock)
        joined->stock = inventory_stock_value(stock)->quantity;
    return joined;
}

static bool asks_too_much(const struct asked_line *line)
{
    return !line->has_stock || line->quantity > line->stock;
}

bool is_waiting(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return asks_too_much(asked_line_value(record));
}

void add_waiting(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct waiting *waiting = aggregate;
    (void)context;
    waiting->orders += 1;
    waiting->units += asked_line_value(record)->quantity;
}

void subtract_waiting(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct waiting *waiting = aggregate;
    waiting->orders -= 1;
    waiting->units -= asked_line_value(record)->quantity;
    if (waiting->orders == 0)
        weir_forget(context);
}

void add_demand(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct demand *demand = aggregate;
    const struct asked_line *line = asked_line_value(record);
    (void)context;
    demand->orders += 1;
    demand->units += line->quantity;
    demand->short_ += asks_too_much(line);
}

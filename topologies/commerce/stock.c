/* stock.c: the stock of a SKU, from inventory events and from what is set outside; the later of the two counts.
 *
 * An event says what is available and reserved, so quantity is their sum. inventory.stock says the quantity; what is
 * reserved of it is known from the latest event.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inventory_event.h"
#include "inventory_stock.h"
#include "parts.h"
#include "views.h"

/* The view adds what is available to what is reserved. */
bool says_stock(weir_context *context, const struct weir_record *record)
{
    int64_t quantity;
    const struct inventory_event *event = record->value ? inventory_event_value(record) : NULL;
    if (!event)
        weir_drop(context, "null_value");
    else if (__builtin_add_overflow(event->available, event->reserved, &quantity))
        weir_fail(context, "available + reserved is too large");
    else
        return true;
    return false;
}

const void *sku_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &inventory_event_value(record)->sku;
}

/* Events of one SKU come from the partitions of many orders: the latest by its own time wins, not the last to come. */
const void *latest_inventory_event(weir_context *context, const struct weir_record *record, const void *aggregate)
{
    const struct inventory_event *latest = aggregate, *event = inventory_event_value(record);
    (void)context;
    return event->timestamp >= latest->timestamp ? event : latest;
}

static int64_t time_of_level(const struct weir_record *level)
{
    const struct inventory_stock *stock = inventory_stock_value(level);
    return stock->has_timestamp ? stock->timestamp : level->timestamp_ms;
}

const void *join_stock(weir_context *context, const struct weir_record *level, const struct weir_record *latest)
{
    struct stock *stock = stock_new(context);
    const struct inventory_event *event = latest ? inventory_event_value(latest) : NULL;
    if (level && (!event || time_of_level(level) > event->timestamp)) {
        stock->quantity = inventory_stock_value(level)->quantity;
        stock->reserved = event ? event->reserved : 0;
        if (__builtin_sub_overflow(stock->quantity, stock->reserved, &stock->available))
            weir_fail(context, "quantity - reserved is too large");
        stock->updated = time_of_level(level);
    } else if (event) {
        stock->available = event->available;
        stock->reserved = event->reserved;
        stock->quantity = event->available + event->reserved;
        stock->updated = event->timestamp;
    }
    return stock;
}

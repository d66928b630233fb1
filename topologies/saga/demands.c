/* demands.c: requests and levels become what the keeper of the stock is asked. What makes no sense is found out here, where the
 * record still is that of the topic it came on.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inventory_request.h"
#include "inventory_stock.h"
#include "pieces.h"
#include "record/record.h"
#include "saga_parts.h"

static bool has_sound_items(weir_context *context, const struct inventory_request *request)
{
    for (size_t i = 0; i < request->items.count; i++) {
        if (inventory_request_items(request, i)->quantity > 0)
            continue;
        weir_fail(context, "items[%zu].quantity is not positive", i);
        return false;
    }
    return true;
}

bool is_sound_request(weir_context *context, const struct weir_record *record)
{
    const struct inventory_request *request = record->value ? inventory_request_value(record) : NULL;
    if (!request)
        weir_drop(context, "null_value");
    else if (!record_is_keyed_by(record, request->order_id))
        weir_fail(context, "order_id is not the record's key");
    else if (request->items.count == 0 && request->action == INVENTORY_ACTION_RESERVE)
        weir_fail(context, "items is empty");
    else
        return has_sound_items(context, request);
    return false;
}

const void *demand_of_request(weir_context *context, const struct weir_record *record)
{
    struct stock_demand *demand = stock_demand_new(context);
    demand->has_request = true;
    demand->request = *inventory_request_value(record);
    return demand;
}

bool is_sound_level(weir_context *context, const struct weir_record *record)
{
    const struct inventory_stock *stock = record->value ? inventory_stock_value(record) : NULL;
    if (!stock)
        weir_drop(context, "null_value");
    else if (stock->has_sku && !record_is_keyed_by(record, stock->sku))
        weir_fail(context, "sku is not the record's key");
    else if (stock->quantity < 0)
        weir_fail(context, "quantity is negative");
    else
        return true;
    return false;
}

const void *demand_of_level(weir_context *context, const struct weir_record *record)
{
    const struct inventory_stock *stock = inventory_stock_value(record);
    struct weir_metadata place = weir_record_metadata(context);
    struct stock_demand *demand = stock_demand_new(context);
    demand->has_level = true;
    demand->level.id = record_text(context, "stock-%d-%lld", (int)place.partition, (long long)place.offset);
    demand->level.quantity = stock->quantity;
    demand->level.at = stock->has_timestamp ? stock->timestamp : record->timestamp_ms;
    return demand;
}

/* orders.c: the life of an order: PENDING by its command, CONFIRMED or CANCELLED by the answer of the inventory.
 *
 * An order is created once per order id, and decided once. Its events carry the time of what caused them (the command's, the
 * answer's), so an order that is processed again after a crash says the same again.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inventory_response.h"
#include "order_command.h"
#include "pieces.h"
#include "record/record.h"
#include "saga_parts.h"
#include "saga_views.h"

static const int64_t amount_max = 999999999999999999; /* eighteen digits */

struct self {
    weir_store *orders;
};

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->orders = weir_store_named(context, "saga-orders");
}

int64_t order_command_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? order_command_value(record)->timestamp : record->timestamp_ms;
}

static void tell(weir_context *context, const struct weir_record *cause, int32_t kind, const struct saga_order *order)
{
    struct saga_step *step = saga_step_new(context);
    step->kind = kind;
    step->order = *order;
    struct weir_record record = *cause;
    record.value = step;
    weir_forward(context, &record);
}

/* ---- commands ---- */

static bool add_item(weir_context *context, const struct order_item *item, size_t i, int64_t *total)
{
    int64_t amount;
    if (item->sku.size == 0)
        weir_fail(context, "items[%zu].sku is empty", i);
    else if (item->quantity <= 0)
        weir_fail(context, "items[%zu].quantity is not positive", i);
    else if (item->unit_price.unscaled < 0)
        weir_fail(context, "items[%zu].unit_price is negative", i);
    else if (__builtin_mul_overflow(item->quantity, item->unit_price.unscaled, &amount) ||
             __builtin_add_overflow(*total, amount, total) || *total > amount_max)
        weir_fail(context, "items[%zu]: the total is too large", i);
    else
        return true;
    return false;
}

static bool add_up(weir_context *context, const struct order_command *command, int64_t *total)
{
    *total = 0;
    for (size_t i = 0; i < command->items.count; i++)
        if (!add_item(context, order_command_items(command, i), i, total))
            return false;
    return true;
}

bool is_sound_command(weir_context *context, const struct weir_record *record)
{
    int64_t total;
    const struct order_command *command = record->value ? order_command_value(record) : NULL;
    if (!command)
        weir_drop(context, "null_value");
    else if (!record_is_keyed_by(record, command->order_id))
        weir_fail(context, "order_id is not the record's key");
    else if (command->items.count == 0)
        weir_fail(context, "items is empty");
    else
        return add_up(context, command, &total);
    return false;
}

static void accept(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    const struct order_command *command = order_command_value(record);
    if (weir_get(self->orders, record->key)) {
        weir_drop(context, "duplicate");
        return;
    }
    struct saga_order *order = saga_order_new(context);
    order->customer_id = command->customer_id;
    order->items = command->items;
    add_up(context, command, &order->total.unscaled);
    order->status = ORDER_STATUS_PENDING;
    order->created = command->timestamp;
    weir_put(self->orders, record->key, order);
    tell(context, record, SAGA_STEP_KIND_CREATED, order);
}

/* ---- answers ---- */

static void decide(weir_context *context, const struct weir_record *record, const struct saga_order *pending)
{
    struct self *self = weir_self(context);
    const struct inventory_response *response = inventory_response_value(record);
    bool is_reserved = response->status == INVENTORY_STATUS_RESERVED;
    struct saga_order *order = saga_order_new(context);
    *order = *pending;
    order->status = is_reserved ? ORDER_STATUS_CONFIRMED : ORDER_STATUS_CANCELLED;
    order->has_decided = true;
    order->decided = record->timestamp_ms;
    if (!is_reserved) {
        order->has_reason = true;
        order->reason = *WEIR_STR("INSUFFICIENT_STOCK");
        order->has_sku = response->has_sku;
        order->sku = response->sku;
        order->has_available = response->has_available;
        order->available = response->available;
        order->has_requested = response->has_requested;
        order->requested = response->requested;
    }
    weir_put(self->orders, record->key, order);
    tell(context, record, is_reserved ? SAGA_STEP_KIND_CONFIRMED : SAGA_STEP_KIND_CANCELLED, order);
}

/* The inventory has reserved what nobody wants any more: it is to take it back. */
static bool must_take_back(const struct saga_order *order, const struct inventory_response *response)
{
    return order->status == ORDER_STATUS_CANCELLED && response->status == INVENTORY_STATUS_RESERVED;
}

static void take_response(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    const struct saga_order *order = record->value ? weir_get(self->orders, record->key) : NULL;
    if (!order)
        weir_drop(context, record->value ? "unknown_order" : "null_value");
    else if (order->status == ORDER_STATUS_PENDING)
        decide(context, record, order);
    else if (must_take_back(order, inventory_response_value(record)))
        tell(context, record, SAGA_STEP_KIND_TAKEN_BACK, order);
    else
        weir_drop(context, "duplicate");
}

const struct weir_processor accept_processor = {.self_size = sizeof(struct self), .open = open, .process = accept};
const struct weir_processor decide_processor = {
    .self_size = sizeof(struct self), .open = open, .process = take_response};

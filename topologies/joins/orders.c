/* orders.c: orders as the joins see them.
 *
 * CONFIRMED and CANCELLED win over PENDING, whatever order events come in; what an event leaves out is kept.
 * SPDX-License-Identifier: Apache-2.0 */
#include "joins_views.h"
#include "order_event.h"
#include "pieces.h"
#include "record/record.h"

weir_bytes joins_order_identity(weir_context *context, const struct weir_record *record)
{
    const struct order_event *event = order_event_value(record);
    if (event->event_id.size == 0)
        return event->event_id;
    return record_text(context, "%.*s/%.*s", RECORD_CHARS(*(const weir_bytes *)record->key),
                       RECORD_CHARS(event->event_id));
}

int64_t joins_order_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? order_event_value(record)->timestamp : record->timestamp_ms;
}

void know_order(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct known_order *order = aggregate;
    const struct order_event *event = order_event_value(record);
    (void)context;
    if (event->has_customer_id) {
        order->has_customer = true;
        order->customer = event->customer_id;
    }
    if (event->items.count)
        order->items = event->items;
    if (event->has_total)
        order->total = event->total;
    if (event->type == ORDER_EVENT_KIND_ORDER_CONFIRMED)
        order->status = ORDER_STATUS_CONFIRMED;
    if (event->type == ORDER_EVENT_KIND_ORDER_CANCELLED)
        order->status = ORDER_STATUS_CANCELLED;
}

/* ---- lines ---- */

static bool set_line(weir_context *context, struct asked_line *line, const struct order_item *item)
{
    line->sku = item->sku;
    line->quantity = item->quantity;
    if (!__builtin_mul_overflow(item->quantity, item->unit_price.unscaled, &line->amount.unscaled))
        return true;
    weir_fail(context, "items: quantity * unit_price is too large");
    return false;
}

/* One row per order and SKU while the order is pending; afterwards there is none. */
void open_lines_of(weir_context *context, const struct weir_record *record)
{
    const struct known_order *order = known_order_value(record);
    const weir_bytes id = *(const weir_bytes *)record->key;
    for (size_t i = 0; i < order->items.count; i++) {
        const struct order_item *item = known_order_items(order, i);
        struct asked_line *line = asked_line_new(context);
        line->order_id = id;
        if (!set_line(context, line, item))
            return;
        record_forward(context, record, record_text(context, "%.*s/%.*s", RECORD_CHARS(id), RECORD_CHARS(item->sku)),
                       order->status == ORDER_STATUS_PENDING ? line : NULL);
    }
}

void asked_lines_of(weir_context *context, const struct weir_record *record)
{
    const struct order_event *event = order_event_value(record);
    for (size_t i = 0; event->type == ORDER_EVENT_KIND_ORDER_CREATED && i < event->items.count; i++) {
        struct asked_line *line = asked_line_new(context);
        line->order_id = *(const weir_bytes *)record->key;
        if (!set_line(context, line, order_event_items(event, i)))
            return;
        record_forward(context, record, line->sku, line);
    }
}

/* ---- users ---- */

/* NULL: nobody knows whose order it is, or it is cancelled. */
const void *customer_of(weir_context *context, const struct weir_record *record)
{
    const struct known_order *order = known_order_value(record);
    (void)context;
    return order->has_customer && order->status != ORDER_STATUS_CANCELLED ? &order->customer : NULL;
}

static void change_orders(weir_context *context, const struct weir_record *record, struct user_orders *orders, int sign)
{
    orders->orders += sign;
    if (__builtin_add_overflow(orders->spend.unscaled, sign * known_order_value(record)->total.unscaled,
                               &orders->spend.unscaled))
        weir_fail(context, "the sum of totals is too large");
}

void add_order(weir_context *context, const struct weir_record *record, void *aggregate)
{
    change_orders(context, record, aggregate, 1);
}

void subtract_order(weir_context *context, const struct weir_record *record, void *aggregate)
{
    struct user_orders *orders = aggregate;
    change_orders(context, record, orders, -1);
    if (orders->orders == 0)
        weir_forget(context);
}

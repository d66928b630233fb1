/* steps.c: what a step of an order says on which topic. Ids are made of the order's, so what is said again has the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inventory_request.h"
#include "notification_request.h"
#include "order_event.h"
#include "pieces.h"
#include "record/record.h"
#include "saga_parts.h"

static weir_bytes id_of(const struct weir_record *record)
{
    return *(const weir_bytes *)record->key;
}

static void say(weir_context *context, const struct weir_record *cause, const void *value)
{
    struct weir_record record = *cause;
    record.value = value;
    weir_forward(context, &record);
}

void order_event_of_step(weir_context *context, const struct weir_record *record)
{
    static const struct {
        enum order_event_kind kind;
        const char *suffix;
    } said[] = {[SAGA_STEP_KIND_CREATED] = {ORDER_EVENT_KIND_ORDER_CREATED, "created"},
                [SAGA_STEP_KIND_CONFIRMED] = {ORDER_EVENT_KIND_ORDER_CONFIRMED, "confirmed"},
                [SAGA_STEP_KIND_CANCELLED] = {ORDER_EVENT_KIND_ORDER_CANCELLED, "cancelled"}};
    const struct saga_step *step = saga_step_value(record);
    if (step->kind == SAGA_STEP_KIND_TAKEN_BACK)
        return;
    struct order_event *event = order_event_new(context);
    event->type = (int32_t)said[step->kind].kind;
    event->event_id = record_text(context, "%.*s/%s", RECORD_CHARS(id_of(record)), said[step->kind].suffix);
    event->order_id = id_of(record);
    event->has_customer_id = event->has_total = event->has_status = true;
    event->customer_id = step->order.customer_id;
    event->items = step->order.items;
    event->total = step->order.total;
    event->status = step->order.status;
    event->has_reason = step->order.has_reason;
    event->reason = step->order.reason;
    event->timestamp = record->timestamp_ms;
    say(context, record, event);
}

/* Items are those of the order: a price is not needed, but does no harm, and may be of use to another inventory. */
static weir_array items_of(weir_context *context, const struct saga_order *order)
{
    struct inventory_item *items = weir_alloc(context, order->items.count * sizeof *items);
    for (size_t i = 0; i < order->items.count; i++) {
        const struct order_item *item = saga_order_items(order, i);
        items[i].sku = item->sku;
        items[i].quantity = item->quantity;
        items[i].has_unit_price = true;
        items[i].unit_price = item->unit_price;
    }
    return (weir_array){items, order->items.count};
}

void request_of_step(weir_context *context, const struct weir_record *record)
{
    const struct saga_step *step = saga_step_value(record);
    if (step->kind != SAGA_STEP_KIND_CREATED && step->kind != SAGA_STEP_KIND_TAKEN_BACK)
        return;
    struct inventory_request *request = inventory_request_new(context);
    request->order_id = id_of(record);
    request->action = step->kind == SAGA_STEP_KIND_CREATED ? INVENTORY_ACTION_RESERVE : INVENTORY_ACTION_RELEASE;
    request->items = items_of(context, &step->order);
    say(context, record, request);
}

void notification_of_step(weir_context *context, const struct weir_record *record)
{
    const struct saga_step *step = saga_step_value(record);
    if (step->kind != SAGA_STEP_KIND_CONFIRMED && step->kind != SAGA_STEP_KIND_CANCELLED)
        return;
    struct notification_request *request = notification_request_new(context);
    request->order_id = id_of(record);
    request->type =
        step->kind == SAGA_STEP_KIND_CONFIRMED ? NOTIFICATION_KIND_ORDER_CONFIRMED : NOTIFICATION_KIND_ORDER_CANCELLED;
    request->channel = *WEIR_STR("email");
    say(context, record, request);
}

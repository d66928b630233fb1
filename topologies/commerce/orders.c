/* orders.c: one row per order in commerce-orders, whatever order its events come in.
 *
 * CONFIRMED and CANCELLED win over PENDING, SENT over FAILED; between equals the later event wins. `updated` is the time of
 * the event that decided the status. An event that does not win only fills in what is still missing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inventory_response.h"
#include "notification_event.h"
#include "order_event.h"
#include "parts.h"
#include "record/record.h"
#include "views.h"

static const weir_bytes sent = {"SENT", 4}, failed = {"FAILED", 6};

struct self {
    weir_store *orders;
};

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->orders = weir_store_named(context, "commerce-orders");
}

/* A copy of the row, or a new one. */
static struct order_view *row_of(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    struct order_view *row = order_view_new(context);
    const struct order_view *stored = weir_get(self->orders, record->key);
    if (stored) {
        *row = *stored;
    } else {
        row->order_id = *(const weir_bytes *)record->key;
        row->updated = record->timestamp_ms;
    }
    return row;
}

static void keep(weir_context *context, const struct weir_record *record, const struct order_view *row)
{
    struct self *self = weir_self(context);
    weir_put(self->orders, record->key, row);
}

/* ---- orders.events ---- */

static int32_t status_after(int32_t kind)
{
    switch ((enum order_event_kind)kind) {
    case ORDER_EVENT_KIND_ORDER_CONFIRMED:
        return ORDER_STATUS_CONFIRMED;
    case ORDER_EVENT_KIND_ORDER_CANCELLED:
        return ORDER_STATUS_CANCELLED;
    case ORDER_EVENT_KIND_ORDER_CREATED:
        break;
    }
    return ORDER_STATUS_PENDING;
}

static bool wins(const struct order_view *row, const struct order_event *event)
{
    int32_t status = status_after(event->type);
    bool is_final = status != ORDER_STATUS_PENDING;
    if (!row->has_status)
        return true;
    if (is_final != (row->status != ORDER_STATUS_PENDING))
        return is_final;
    return event->timestamp >= row->updated;
}

static void set_status(struct order_view *row, const struct order_event *event)
{
    row->has_status = true;
    row->status = status_after(event->type);
    row->has_reason = event->has_reason;
    row->reason = event->reason;
    row->updated = event->timestamp;
}

static void take_details(struct order_view *row, const struct order_event *event, bool winner)
{
    if (event->has_customer_id && (winner || !row->has_customer_id)) {
        row->has_customer_id = true;
        row->customer_id = event->customer_id;
    }
    if (event->has_total && (winner || !row->has_total)) {
        row->has_total = true;
        row->total = event->total;
    }
    if (event->items.count && (winner || !row->items.count))
        row->items = event->items;
    if (event->type == ORDER_EVENT_KIND_ORDER_CREATED && !row->has_created) {
        row->has_created = true;
        row->created = event->timestamp;
    }
}

/* What a producer left out of the event, but said before: who bought what. */
static const struct order_event *completed(weir_context *context, const struct order_event *event,
                                           const struct order_view *row)
{
    struct order_event *whole = order_event_new(context);
    *whole = *event;
    if (!whole->has_customer_id && row->has_customer_id) {
        whole->has_customer_id = true;
        whole->customer_id = row->customer_id;
    }
    if (!whole->items.count)
        whole->items = row->items;
    return whole;
}

static void take_order_event(weir_context *context, const struct weir_record *record)
{
    const struct order_event *event = order_event_value(record);
    struct order_view *row = row_of(context, record);
    bool winner = wins(row, event);
    if (winner)
        set_status(row, event);
    take_details(row, event, winner);
    keep(context, record, row);
    struct weir_record whole = *record;
    whole.value = completed(context, event, row);
    weir_forward(context, &whole);
}

/* ---- inventory.responses: they carry no time of their own ---- */

static weir_bytes reservation_name(int32_t status)
{
    return status == INVENTORY_STATUS_RESERVED ? *WEIR_STR("RESERVED") : *WEIR_STR("INSUFFICIENT_STOCK");
}

static void take_reservation(weir_context *context, const struct weir_record *record)
{
    if (!record->value) {
        weir_drop(context, "null_value");
        return;
    }
    struct order_view *row = row_of(context, record);
    if (row->has_reservation && record->timestamp_ms < row->reserved_at)
        return;
    row->has_reservation = row->has_reserved_at = true;
    row->reservation = reservation_name(inventory_response_value(record)->status);
    row->reserved_at = record->timestamp_ms;
    keep(context, record, row);
}

/* ---- notifications.events ---- */

/* Whoever was told stays told; between equals the later event wins. */
static bool is_news(const struct order_view *row, const struct notification_event *event, bool is_sent)
{
    bool was_sent = row->has_notification && record_is_same(row->notification, sent);
    if (!row->has_notification || is_sent != was_sent)
        return !was_sent;
    return event->timestamp >= row->notified_at;
}

static void take_notification(weir_context *context, const struct weir_record *record)
{
    const struct notification_event *event = notification_event_value(record);
    bool is_sent = event->type == NOTIFICATION_EVENT_KIND_NOTIFICATION_SENT;
    struct order_view *row = row_of(context, record);
    if (!is_news(row, event, is_sent))
        return;
    row->has_notification = row->has_notified_at = true;
    row->notification = is_sent ? sent : failed;
    row->notified_at = event->timestamp;
    keep(context, record, row);
}

const struct weir_processor order_processor = {
    .self_size = sizeof(struct self), .open = open, .process = take_order_event};
const struct weir_processor reservation_processor = {
    .self_size = sizeof(struct self), .open = open, .process = take_reservation};
const struct weir_processor notification_processor = {
    .self_size = sizeof(struct self), .open = open, .process = take_notification};

/* facts.c: what one event adds to which row of which view.
 *
 * Every metric has a count and an amount, the amount being the event's own total. Units and revenue of a product come from
 * the items of ORDER_CONFIRMED: quantity, and quantity * unit_price.
 * SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include "notification_event.h"
#include "order_event.h"
#include "parts.h"

static void send(weir_context *context, const struct weir_record *cause, weir_bytes key, struct fact fact)
{
    struct weir_record record = *cause;
    struct fact *kept = fact_new(context);
    weir_bytes *row = weir_alloc(context, sizeof *row);
    *kept = fact;
    *row = key;
    record.key = row;
    record.value = kept;
    weir_forward(context, &record);
}

static void count_metric(weir_context *context, const struct weir_record *cause, weir_bytes name, weir_decimal amount)
{
    send(context, cause, name, (struct fact){.kind = FACT_KIND_METRIC, .quantity = 1, .amount = amount});
}

static void sell_items(weir_context *context, const struct weir_record *cause, const struct order_event *event)
{
    for (size_t i = 0; i < event->items.count; i++) {
        const struct order_item *item = order_event_items(event, i);
        struct fact fact = {.kind = FACT_KIND_PRODUCT, .quantity = item->quantity};
        fact.amount.unscaled = item->quantity * item->unit_price.unscaled; /* has_sound_amounts: it fits */
        send(context, cause, item->sku, fact);
    }
}

static void confirm(weir_context *context, const struct weir_record *cause, const struct order_event *event)
{
    weir_bytes customer = event->has_customer_id ? event->customer_id : *WEIR_STR("unknown");
    count_metric(context, cause, *WEIR_STR("orders.confirmed"), event->total);
    count_metric(context, cause, *WEIR_STR("revenue.confirmed"), event->total);
    send(context, cause, customer, (struct fact){.kind = FACT_KIND_CUSTOMER, .quantity = 1, .amount = event->total});
    sell_items(context, cause, event);
}

static void cancel(weir_context *context, const struct weir_record *cause, const struct order_event *event)
{
    weir_bytes reason = event->has_reason && event->reason.size ? event->reason : *WEIR_STR("unspecified");
    count_metric(context, cause, *WEIR_STR("orders.cancelled"), event->total);
    count_metric(context, cause, *WEIR_STR("revenue.lost"), event->total);
    send(context, cause, reason, (struct fact){.kind = FACT_KIND_CANCELLATION, .quantity = 1, .amount = event->total});
}

bool has_sound_amounts(weir_context *context, const struct weir_record *record)
{
    const struct order_event *event = record->value ? order_event_value(record) : NULL;
    for (size_t i = 0; event && i < event->items.count; i++) {
        const struct order_item *item = order_event_items(event, i);
        int64_t amount;
        if (__builtin_mul_overflow(item->quantity, item->unit_price.unscaled, &amount)) {
            weir_fail(context, "items[%zu]: quantity * unit_price is too large", i);
            return false;
        }
    }
    return true;
}

void order_facts(weir_context *context, const struct weir_record *record)
{
    struct order_event event = *order_event_value(record);
    if (!event.has_total)
        event.total = (weir_decimal){0};
    switch ((enum order_event_kind)event.type) {
    case ORDER_EVENT_KIND_ORDER_CREATED:
        count_metric(context, record, *WEIR_STR("orders.created"), event.total);
        break;
    case ORDER_EVENT_KIND_ORDER_CONFIRMED:
        confirm(context, record, &event);
        break;
    case ORDER_EVENT_KIND_ORDER_CANCELLED:
        cancel(context, record, &event);
        break;
    }
}

void notification_facts(weir_context *context, const struct weir_record *record)
{
    bool is_sent = notification_event_value(record)->type == NOTIFICATION_EVENT_KIND_NOTIFICATION_SENT;
    weir_bytes name = is_sent ? *WEIR_STR("notifications.sent") : *WEIR_STR("notifications.failed");
    count_metric(context, record, name, (weir_decimal){0});
}

bool is_of_few_keys(weir_context *context, const struct weir_record *record)
{
    (void)context;
    int32_t kind = fact_value(record)->kind;
    return kind == FACT_KIND_METRIC || kind == FACT_KIND_CONFIRMATION;
}

const void *add_fact(weir_context *context, const struct weir_record *record, const void *before)
{
    const struct fact *fact = fact_value(record);
    struct fact *sum = fact_new(context);
    *sum = *(const struct fact *)before;
    if (fact->kind == FACT_KIND_CONFIRMATION) {
        add_waits(context, fact, sum);
        return sum;
    }
    sum->quantity += fact->quantity;
    if (__builtin_add_overflow(sum->amount.unscaled, fact->amount.unscaled, &sum->amount.unscaled))
        weir_fail(context, "the sum of amounts is too large");
    return sum;
}

bool is_fact_of(weir_context *context, const struct weir_record *record)
{
    const enum fact_kind *kind = weir_user(context);
    return record->value && fact_value(record)->kind == (int32_t)*kind;
}
